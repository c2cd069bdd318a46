"""`plumbline build`: facts, metric values, verdicts, and one published snapshot of them."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from pipelines.companion import Companion, companion
from pipelines.seldom_collected import seldom_collected


class Instant(click.ParamType[datetime]):
    """An instant with a zone, such as 2026-10-31T00:00:00Z; one without is an error, never a guess."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant, in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no instant; write it like 2026-10-31T00:00:00Z", param, ctx)
        if instant.tzinfo is None:
            self.fail(f"{value!r} has no time zone; write it like 2026-10-31T00:00:00Z", param, ctx)
        return instant.astimezone(UTC)


@click.command()
@click.option("--as-of", type=Instant(), help="Cut events: what happened later is not known yet.")
@click.option("--known-at", type=Instant(), help="Cut knowledge: only records that were observed by then.")
@click.option("--full", is_flag=True, help="Make everything: take over nothing of what the build before kept.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output instead of text.")
@click.pass_obj
@seldom_collected()  # imports are most of what there is to search
def command(
    workspace_folder: Path, as_of: datetime | None, known_at: datetime | None, full: bool, as_json: bool
) -> None:
    """Build everything from what has been loaded, and publish one snapshot.

    If any step fails, nothing is published and the last snapshot is still served. Of a large organisation only what
    has changed is made again: facts that no new event reaches, and figures of windows before, are taken over from the
    build before. The result is the same as that of --full.
    """
    with companion() as beside:
        _build(workspace_folder, as_of, known_at, full, as_json, beside)


def _build(
    workspace_folder: Path,
    as_of: datetime | None,
    known_at: datetime | None,
    full: bool,
    as_json: bool,
    beside: Companion | None,
) -> None:
    """The build and what is said of it; nothing is imported before the companion has begun."""
    from rich.console import Console

    from pipelines.alerts.after_build import waiting_lines
    from pipelines.build_summary import show, summary, width_of_output
    from pipelines.kept_facts import made_again
    from pipelines.reuse import reused
    from pipelines.run_build import run_build
    from pipelines.snapshot_reader import open_snapshot
    from schemas.workspace import load_workspace

    started = time.perf_counter()
    workspace = load_workspace(workspace_folder)
    try:
        run_build(workspace, as_of=as_of, known_at=known_at, full=full, companion=beside)
    finally:
        for line in waiting_lines(workspace):
            click.echo(line, err=True)
    seconds = time.perf_counter() - started
    taken_over = " · ".join(filter(None, (made_again(workspace.state), reused(workspace.state)))) or None
    with open_snapshot(workspace) as snapshot:
        if as_json:
            click.echo(json.dumps(summary(snapshot, seconds, taken_over), indent=1))
        else:
            show(snapshot, seconds, Console(highlight=False, width=width_of_output()), taken_over)
