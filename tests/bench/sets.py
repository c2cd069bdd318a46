"""Sets of events: made by the generator beside the repository, and told in two parts, as they came."""

import sys
from datetime import datetime
from pathlib import Path

import duckdb

from tests.bench.processes import ROOT, measure

BENCH = ROOT.parent / "shared" / "bench"
NEWEST_SHARE = 0.01
"""Share of the changes, the newest, whose time a refresh brings."""
KNOWN_LATER = {
    "changes": (
        "opened_at",
        "closed_at",
        "replace (case when closed_at >= {instant} then 'open' else state end as state,"
        " case when closed_at < {instant} then closed_at end as closed_at,"
        " case when merged_at < {instant} then merged_at end as merged_at,"
        " case when merged_at < {instant} then merge_commit_sha end as merge_commit_sha)",
    ),
    "reviews": ("submitted_at", "submitted_at", ""),
    "deployments": ("finished_at", "finished_at", ""),
    "incidents": (
        "opened_at",
        "resolved_at",
        "replace (case when resolved_at < {instant} then resolved_at end as resolved_at)",
    ),
    "rollbacks": ("occurred_at", "occurred_at", ""),
    "defects": ("opened_at", "opened_at", ""),
}
"""Of each table: when a row came, when it last became another, and what was not known of it before."""


def make_set(changes: int, target: Path) -> Path:
    """A set of events of so many changes.

    Raises:
        SystemExit: there is no generator.
    """
    generator = BENCH / "make_events.py"
    if not generator.exists():
        raise SystemExit(f"no generator at {generator}; name folders of event files with --events")
    measure(sys.executable, str(generator), str(changes), str(target))
    return target


def split(events: Path, target: Path) -> tuple[Path, Path, datetime]:
    """A set in two folders: what was known at an instant shortly before its end, and what was told after it.

    A change that was open then is told twice: as open, and as what became of it. Gives the folders and the instant.
    """
    earlier, later = target / "earlier", target / "later"
    for folder in (earlier, later):
        folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        (newest,) = connection.execute(
            f"select quantile_disc(opened_at, {1 - NEWEST_SHARE}) from '{events}/changes.parquet'"
        ).fetchone() or (None,)
        assert isinstance(newest, datetime)
        instant = f"timestamp '{newest}'"
        for path in sorted(events.glob("*.parquet")):
            came, changed, known = KNOWN_LATER.get(path.stem, ("", "", ""))
            rows = {earlier / path.name: f"select * {known.format(instant=instant)} from '{path}'"}
            if came:
                rows[earlier / path.name] += f" where {came} < {instant}"
                rows[later / path.name] = f"select * from '{path}' where {came} >= {instant} or {changed} >= {instant}"
            for file, query in rows.items():
                connection.execute(f"copy ({query}) to '{file}' (format parquet, compression zstd)")
    return earlier, later, newest


def size_of(folder: Path) -> int:
    """Bytes of the files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
