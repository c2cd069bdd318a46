"""`plumbline load`: event files into the warehouse."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipelines.intake.load import LoadReport


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output instead of a table.")
@click.pass_obj
def command(workspace_folder: Path, folder: Path, as_json: bool) -> None:
    """Load event files from DIR: <table>.parquet, .csv or .ndjson, packed with gzip or not.

    Rows go in by key, the later observation wins, and loading the same again changes nothing. Rows that break their
    schema go to the quarantine with the reason; the others of the file go in. A file that cannot be parsed ends the
    load, and nothing of it is kept.
    """
    from pipelines.intake.load import load_folder
    from pipelines.warehouse import Warehouse
    from schemas.workspace import load_workspace

    with Warehouse.open(load_workspace(workspace_folder), write=True) as warehouse:
        report = load_folder(warehouse, folder)
    click.echo(json.dumps(asdict(report), indent=1) if as_json else _as_text(report))


def _as_text(report: LoadReport) -> str:
    headings = ("table", "read", "new", "changed", "unchanged", "quarantined", "orphans")
    rows = [
        (
            each.table,
            *(f"{count:,}" for count in (each.read, each.new, each.changed, each.unchanged, each.quarantined)),
            f"{sum(each.orphans.values()):,}",
        )
        for each in report.tables
    ]
    widths = [max(len(row[place]) for row in [headings, *rows]) for place in range(len(headings))]
    lines = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [headings, *rows]
    ]
    lines += [
        f"{each.stream}: the contract names no column {', '.join(each.unknown_columns)}; kept in the raw file"
        for each in report.tables
        if each.unknown_columns
    ]
    lines += [f"{name}: left alone, since no event table is called so" for name in report.ignored]
    if any(each.quarantined for each in report.tables):
        lines.append("`plumbline status` shows what is in quarantine and why")
    return "\n".join(lines)
