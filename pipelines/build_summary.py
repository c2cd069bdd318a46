"""What `plumbline build` says when it is done: what went in, what came out, and where to look next."""

import sys
from collections import Counter
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.newest_verdicts import WORST_FIRST, newest_verdicts, window_words
from pipelines.snapshot_reader import Snapshot

FACTS = {"change_facts": "changes", "deployment_facts": "deployments", "incident_facts": "incidents"}
COLOURS = {"violated": "red", "at_risk": "yellow", "inconclusive": "blue", "holds": "green", "not_triggered": "dim"}
VIOLATIONS_SHOWN = 6
WIDTH_OF_FILES = 120
WIDEST_FIRST = ("trailing_year", "quarter", "month")


def summary(snapshot: Snapshot, seconds: float, reused: str | None = None) -> dict[str, object]:
    """The build in figures, for `--json`; `reused` says what it took over of the one before."""
    manifest = snapshot.manifest
    newest = newest_verdicts(snapshot)
    return {
        "snapshot_id": manifest.snapshot_id,
        "workspace": manifest.workspace,
        "as_of": manifest.as_of,
        "known_at": manifest.known_at,
        "seconds": round(seconds, 2),
        "reused": reused,
        "tables": {name: table.rows for name, table in manifest.tables.items() if not table.internal},
        "metrics": len(manifest.definitions),
        "verdicts": dict(Counter(row["status"] for row in newest)),
        "violated": [row for row in newest if row["status"] == "violated"],
    }


def show(snapshot: Snapshot, seconds: float, console: Console, reused: str | None = None) -> None:
    """The build in a few lines, for people; `reused` says what it took over of the one before."""
    manifest = snapshot.manifest
    tables = manifest.tables
    known = f", known at {manifest.known_at}" if manifest.known_at else ""
    facts = " · ".join(f"{tables[name].rows:,} {word}" for name, word in FACTS.items() if name in tables)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    grid.add_row("built", Text(f"{manifest.workspace}, as of {manifest.as_of}{known}", style="bold"))
    grid.add_row("facts", facts)
    if "quarantine" in tables and tables["quarantine"].rows:
        grid.add_row("set aside", f"{tables['quarantine'].rows:,} offences in quarantine (see plumbline status)")
    if "metric_values" in tables:
        grid.add_row("metrics", f"{tables['metric_values'].rows:,} values · {tables['comparisons'].rows:,} comparisons")
    if reused:
        grid.add_row("reused", reused)
    newest = newest_verdicts(snapshot)
    if newest:
        grid.add_row("verdicts", _counts(newest))
    for title, reason in _violations(newest)[:VIOLATIONS_SHOWN]:
        grid.add_row("", Text.assemble((f"{title}: ", COLOURS["violated"]), reason))
    grid.add_row("snapshot", f"{manifest.snapshot_id} ({seconds:.1f} s)")
    grid.add_row("next", "plumbline serve (the dashboard) · plumbline check (the verdicts)")
    console.print(grid)


def width_of_output() -> int | None:
    """The terminal's own width, or one that reads well in a file."""
    return None if sys.stdout.isatty() else WIDTH_OF_FILES


def _violations(newest: list[dict[str, str]]) -> list[tuple[str, str]]:
    """One line per violated constraint and tier: its windows, and the reason in the widest of them."""
    rows = [row for row in newest if row["status"] == "violated"]
    rows.sort(key=lambda row: (row["tier"], row["constraint"], WIDEST_FIRST.index(row["grain"])))
    found = []
    for (tier, constraint), group in groupby(rows, key=lambda row: (row["tier"], row["constraint"])):
        windows = list(group)
        where = f"tier {tier}" if tier != "all" else "all tiers"
        found.append((f"{constraint}, {where}, {', '.join(map(window_words, windows))}", windows[0]["reason"]))
    return found


def _counts(newest: list[dict[str, str]]) -> Text:
    """Statuses of the newest windows, worst first."""
    counted = Counter(row["status"] for row in newest)
    text = Text()
    for status in WORST_FIRST:
        if counted[status]:
            text.append(" · " if text else "")
            text.append(f"{counted[status]} {status.replace('_', ' ')}", style=COLOURS[status])
    return text
