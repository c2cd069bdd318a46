"""`plumbline status`: what the workspace holds and how fresh it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output instead of text.")
@click.pass_obj
def command(workspace_folder: Path, as_json: bool) -> None:
    """Show sources and their freshness, row counts, orphans, quarantine, the last build and how its records link."""
    from pipelines.state_of_workspace import workspace_state
    from schemas.workspace import load_workspace

    state = workspace_state(load_workspace(workspace_folder))
    click.echo(json.dumps(state, indent=1) if as_json else "\n".join(_lines(state)))


def _delivery_lines(counts: list[dict[str, Any]]) -> list[str]:
    from pipelines.hooks.spool import deliveries

    lines = []
    for each in counts:
        if each["waiting"]:
            what = f"{deliveries(each['waiting'])} to be taken in by the next ingest or build"
            lines.append(f"  hooks/{each['hook']}: {what}")
        if each["unreadable"]:
            what = f"{deliveries(each['unreadable'])} could not be read, but are kept ({each['reason']})"
            lines.append(f"  hooks/{each['hook']}: {what}")
    return lines


def _lines(state: dict[str, Any]) -> list[str]:
    from pipelines.link_report import link_lines

    lines = [f"{state['workspace']} ({state['folder']})", "", "Events"]
    loaded = {name: rows for name, rows in state["tables"].items() if rows}
    lines += [f"  {name:<20}{rows:>14,}" for name, rows in loaded.items()] or ["  none yet: `plumbline load DIR`"]
    empty = [name for name, rows in state["tables"].items() if not rows]
    lines += [f"  empty: {', '.join(empty)}"] if loaded and empty else []
    lines += ["", "Sources"]
    lines += [
        f"  {each['source']}/{each['stream']}: {each['rows']:,} rows, newest {each['last_record_at'] or 'unknown'},"
        f" read {each['last_fetched_at']}, {each['state']}"
        for each in state["sources"]
    ] or ["  none read yet"]
    lines += [f"  {name}: never read; `plumbline ingest {name}`" for name in state["never_read"]]
    lines += _delivery_lines(state["deliveries"])
    lines += ["", "Orphans (kept; they join when their parent arrives)"]
    lines += [
        f"  {each['table']}.{each['column']}: {each['rows']:,} rows name no known {each['parent']}"
        for each in state["orphans"]
    ] or ["  none"]
    lines += ["", f"Quarantine: {state['quarantine']['rows']:,} rows"]
    lines += [
        f"  {each['table']}.{each['column']} {each['reason']}: {each['rows']:,}, such as {each['example_value']!r}"
        f" in {each['example_key'] or 'a row without key'}"
        for each in state["quarantine"]["offences"]
    ]
    build = state["last_build"]
    told = (
        f"{build['snapshot_id']}, made {build['created_at']} as of {build['as_of']}"
        if build
        else "none: `plumbline build`"
    )
    lines += ["", f"Last build: {told}"]
    links = link_lines(state["links"])
    lines += ["", "Links at the last build", *links] if links else []
    gaps = state["metrics_without_rows"]
    lines += ["", "Metrics without figures"] if gaps else []
    for each in gaps:
        place = "" if each["tier"] == "all" else f", tier {each['tier']}"
        lines.append(f"  {each['metric']}{place}: {each['reason']}")
    return lines
