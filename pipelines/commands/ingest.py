"""`plumbline ingest`: pull from the configured sources, from where the last pull ended."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.ingest import StreamReport


@click.command()
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option("--since", metavar="DATE", help="Reach back to this day or instant, not to the end of the last pull.")
@click.option("--full", is_flag=True, help="Read everything again, as if nothing had been pulled before.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output; progress as JSON lines.")
@click.pass_obj
def command(workspace_folder: Path, sources: tuple[str, ...], since: str | None, full: bool, as_json: bool) -> int:
    """Pull from the sources in plumbline.toml (all, or those named) into the warehouse.

    Then take in what serve-hooks has received meanwhile; that alone under the name `hooks`.

    Goes on from where the last pull ended. What is already there is not changed by reading it again. Exit status 3: a
    source could not be read to its end; what arrived is kept, and the next ingest goes on from there.
    """
    from pipelines.hooks.take_in import take_in_deliveries
    from pipelines.ingest import ingest_sources
    from pipelines.ingest_progress import showing_progress
    from schemas.hook_settings import HOOKS
    from schemas.workspace import load_workspace

    workspace = load_workspace(workspace_folder)
    reach = _instant(since, workspace.zone) if since else None
    pulled = [name for name in sources if name != HOOKS or not workspace.hooks]
    reports: list[StreamReport] = []
    if pulled or not workspace.hooks or (workspace.sources and not sources):
        with showing_progress(sys.stderr, as_json=as_json) as progress:
            reports += ingest_sources(workspace, pulled, progress, since=reach, full=full)
    if workspace.hooks and (not sources or HOOKS in sources):
        reports += take_in_deliveries(workspace)
    click.echo(json.dumps(_as_facts(reports), indent=1) if as_json else _as_text(reports))
    errors = [report.error for report in reports if report.error]
    for error in errors:
        click.echo(f"plumbline: {error}", err=True)
    # What somebody has to mend (2) goes before what the next run mends by itself (3).
    return min((error.exit_status for error in errors), default=0)


def _instant(text: str, zone: tzinfo) -> datetime:
    """A bare day is its midnight in the workspace's zone; an instant says its own zone."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no date such as 2026-01-31", param_hint="--since") from None
    if instant.tzinfo is not None:
        return instant
    if len(text) > len("2026-01-31"):
        raise click.BadParameter(f"{text!r} needs a zone, such as 2026-01-31T12:00:00Z", param_hint="--since")
    return instant.replace(tzinfo=zone)


def _as_facts(reports: Sequence[StreamReport]) -> dict[str, object]:
    streams = [
        {
            "source": report.source,
            "stream": report.stream,
            "state": report.state,
            "requests": report.requests,
            "rows": {table: asdict(outcome) for table, outcome in report.rows.items()},
            "error": str(report.error) if report.error else None,
        }
        for report in reports
    ]
    return {"streams": streams, "requests": sum(report.requests for report in reports)}


def _as_text(reports: Sequence[StreamReport]) -> str:
    headings = ("source", "stream", "state", "requests", "read", "new", "changed", "quarantined")
    rows: list[tuple[str, ...]] = [headings]
    for report in reports:
        counts = (
            report.requests,
            *(
                sum(getattr(outcome, name) for outcome in report.rows.values())
                for name in ("read", "new", "changed", "quarantined")
            ),
        )
        rows.append((report.source, report.stream, report.state, *(f"{count:,}" for count in counts)))
    widths = [max(len(row[place]) for row in rows) for place in range(len(headings))]
    lines = [
        "  ".join(
            cell.ljust(width) if place < 3 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    if any(outcome.quarantined for report in reports for outcome in report.rows.values()):
        lines.append("`plumbline status` shows what is in quarantine and why")
    return "\n".join(lines)
