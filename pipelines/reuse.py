"""What one build leaves for the next, in `.plumbline/reuse.json`, and what has changed in the facts since.

Wrong reuse is far worse than none. So what was kept of a metric is used only where all that it rests on is the same
(its key: the program's own text, the definition, calendar, baselines, repositories, teams, onboardings), every file of
it is still there, and what its queries give of the rows that changed lets it (`metrics.reuse`). `build --full` looks at
nothing of this.

Small organisations keep nothing: their metrics take less time than finding out what has changed.
"""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

import metrics
import schemas
from metrics.aggregate import Engine
from metrics.definitions import all_metrics
from metrics.facts.sql import create_table, create_view, drop, timestamp
from metrics.model import Metric
from metrics.reuse import DAY, Recent, can_be_reused, first_day_needed
from pipelines.build_engine import RELATIONS
from pipelines.build_store import BuildStore
from pipelines.kept_metrics import Kept
from pipelines.metric_workers import Measured, Past
from pipelines.parts import quoted, replace_text, scan
from schemas.snapshot import Part
from schemas.sql import text_hash_sql

RECORD = "reuse.json"
CHANGES_WORTH_KEEPING = 200_000
"""Changes from which on it pays to keep what was measured: below, all metrics together take some seconds."""
READ_BY_ALL = ("change_facts", "defect_facts")
"""Relations that definitions read under other names (`metrics.ground.prepare`)."""
COLUMNS_OF_ALL = ("tier", "_repo", "_team", "ai_use", "author_kind", "_change_author_kind", "_change_id")
"""Columns that the engine itself reads."""
INSTANTS = ("opened_at", "submitted_at", "_ended_at")
"""By which rows are told apart by month, where a relation has one: that of a row which later events do not move."""
UNDATED = datetime(1, 1, 1)  # noqa: DTZ001 -- UTC, zone-less
"""The month of rows without one."""
HASHES = ("hashes_before", "hashes_after")
"""Temporary tables: of every row of either build its hash and its month."""
RECENT = "recent_changes"
"""The relation of the changes of the last days."""
WORTH_APART = 0.4
"""Share of all days up to which these are worth a file of their own."""
CODES = ("repo_dimension", "team_dimension")
"""Relations that say what the codes in facts and results stand for: if one of them is another, so is everything."""


@dataclass
class Reuse:
    """What the build before left for this one, and what this one leaves for the next."""

    build: BuildStore
    past: Past
    _changed: Path

    @classmethod
    def of(cls, build: BuildStore, engine: Engine, definitions: Sequence[Metric]) -> "Reuse | None":
        """What may be used; None where nothing is kept: of a small organisation, or where some metrics only are run."""
        changes = build.tables()["change_facts"].rows
        if changes < CHANGES_WORTH_KEEPING or len(definitions) < len(all_metrics()):
            forget(build.folder.state)
            return None
        keys = {metric.id: _key(build, engine, metric) for metric in definitions if can_be_reused(metric)}
        folder = build.folder.state / "tmp" / "changed"
        stored = {} if build.is_full else _read(build.folder.state)
        kept = {name: Kept.from_json(raw) for name, raw in stored.get("metrics", {}).items()}
        before = {name: [Part(**part) for part in parts] for name, parts in stored.get("relations", {}).items()}
        usable = {name: each for name, each in kept.items() if each.key == keys.get(name)}
        files = [part for each in usable.values() for part in each.parts]
        files += [part for parts in before.values() for part in parts]
        if not usable or set(before) != set(RELATIONS) or not _exist(build, files):
            return cls(build, Past(keys), folder)
        paths = {name: [build.folder.parts / part.name for part in parts] for name, parts in before.items()}
        changed = _changed_rows(build.connection, paths, {name: build.paths(name) for name in RELATIONS}, folder)
        first = _first_of_most(engine, max(each.cut for each in usable.values()))
        recent = _recent_changes(engine, first, folder) if first else None
        return cls(build, Past(keys, usable, changed, recent), folder)

    def close(self, measured: Mapping[str, Measured]) -> None:
        """Write down what the next build may rest on, and what this one has reused."""
        drop(self.build.connection, RECENT)
        shutil.rmtree(self._changed, ignore_errors=True)
        reused = [each.since for each in measured.values() if each.since is not None]
        again = [day for day in reused if day != date.max]
        tables = self.build.tables()
        record = {
            "relations": {name: [asdict(part) for part in tables[name].parts] for name in RELATIONS},
            "metrics": {name: asdict(each.kept) for name, each in measured.items() if each.kept is not None},
            "reused": {"metrics": len(reused), "of": len(measured), "since": min(again, default=None)},
        }
        replace_text(self.build.folder.state / RECORD, json.dumps(record, indent=1, default=_iso))


def forget(state: Path) -> None:
    """Leave nothing for the next build."""
    (state / RECORD).unlink(missing_ok=True)


def kept_parts(state: Path) -> set[str]:
    """Names of the files that the next build may rest on."""
    stored = _read(state)
    kept = [part for each in stored.get("metrics", {}).values() for part in Kept.from_json(each).parts]
    kept += [Part(**part) for parts in stored.get("relations", {}).values() for part in parts]
    return {part.name for part in kept}


def reused(state: Path) -> str | None:
    """What the last build took over of the one before, in words; None where it took nothing."""
    found = _read(state).get("reused", {})
    if not found.get("metrics"):
        return None
    measured = f"measured again since {found['since']}" if found["since"] else "as they were"
    return f"windows of {found['metrics']} of {found['of']} metrics, {measured}"


def _read(state: Path) -> dict[str, Any]:
    """The record; empty where there is none, or none that this version can read."""
    try:
        stored = json.loads((state / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return stored if isinstance(stored, dict) else {}


def _exist(build: BuildStore, parts: Sequence[Part]) -> bool:
    return all((build.folder.parts / part.name).exists() for part in parts)


def _key(build: BuildStore, engine: Engine, metric: Metric) -> str:
    """What a metric's rows rest on beside the rows of the facts, as a digest."""
    tables = build.tables()
    stated = {
        "program": _program(),
        "metric": [metric.id, metric.version],
        "calendar": [engine.calendar.timezone, engine.calendar.week_start],
        "first": engine.days.first,
        "baselines": {tier: [period.start, period.end] for tier, period in sorted(engine.baselines.items())},
        "onboardings": dict(sorted(engine.onboardings.items())),
        "codes": {name: [part.sha256 for part in tables[name].parts] for name in CODES},
        "empty": sorted(engine.empty_inputs.intersection(metric.inputs)),
        "moved": engine.moved,
        "include_bots": build.workspace.include_bots,
        "known_at": build.cut.known_at,
    }
    return hashlib.sha256(json.dumps(stated, default=_iso).encode()).hexdigest()


def _iso(value: object) -> str:
    assert isinstance(value, date | datetime)  # noqa: S101 -- what else there is, JSON knows
    return value.isoformat()


@cache
def _program() -> str:
    """The text of all that measures, and the versions of what it is made with."""
    digest = hashlib.sha256(f"{sys.version} {np.__version__} {pl.__version__} {duckdb.__version__}".encode())
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in ("reuse", "kept_metrics", "metric_workers")]
    for package in (metrics, schemas):
        files += sorted(Path(str(package.__file__)).parent.rglob("*.py"))
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _changed_rows(
    connection: duckdb.DuckDBPyConnection,
    before: Mapping[str, Sequence[Path]],
    after: Mapping[str, Sequence[Path]],
    folder: Path,
) -> dict[str, tuple[Path, Path]]:
    """Per relation, the rows that only one of the builds has, in files: the columns that a definition may read.

    Rows are told apart by 64 bits of a hash of these columns: of ten million changed rows one would pass for another
    with a chance of one in a hundred thousand. Ids go into it by way of `text_hash_sql`, since the database's own hash
    takes some that differ in a few digits for the same; what other text is read are words of short lists. The hashes
    are read once and added up by month first: where a month comes to the same in both builds, none of its rows is
    looked for.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    words = _words()
    found = {}
    for name in RELATIONS:
        files = (folder / f"{name}-before.parquet", folder / f"{name}-after.parquet")
        sides = [scan(paths[name]) for paths in (before, after)]
        columns = [row[0] for row in connection.execute(f"describe select * from {sides[1]}").fetchall()]
        kept = [column for column in columns if column in words]
        told_apart = ", ".join(text_hash_sql(column) if column.endswith("_id") else column for column in kept) or "1"
        instant = next((column for column in INSTANTS if column in kept), None)
        is_same = list(before[name]) == list(after[name]) or not (name in words or name in READ_BY_ALL)
        wanted = "false" if is_same else _changed_hashes(connection, sides, told_apart, instant)
        for side, file in zip(sides, files, strict=True):
            rows = f"select {', '.join(kept) or '1 as nothing'} from {side} where {wanted}"
            connection.execute(f"copy ({rows}) to '{quoted(file)}' (format parquet)")
        found[name] = files
    drop(connection, *HASHES, "changed_hashes")
    return found


def _changed_hashes(
    connection: duckdb.DuckDBPyConnection, sides: Sequence[str], told_apart: str, instant: str | None
) -> str:
    """Finds the hashes of the rows that only one side has; gives the condition, as SQL, under which a row is one.

    Args:
        connection: where the rows are read.
        sides: a relation each, as SQL.
        told_apart: the columns that are hashed.
        instant: the column by which rows are put into months; None where there is none.
    """
    month = f"coalesce(date_trunc('month', {instant or 'null::timestamp'}), {timestamp(UNDATED)})"
    for table, side in zip(HASHES, sides, strict=True):
        create_table(connection, table, f"select hash({told_apart}) as row_hash, {month} as month from {side}")
    both = " union all ".join(
        f"select row_hash, {sign} as side, month from {table}" for table, sign in zip(HASHES, (-1, 1), strict=True)
    )
    changed = connection.execute(
        f"""select month from ({both}) group by month
        having sum(side) <> 0 or sum(row_hash::hugeint * side) <> 0 order by month"""
    ).fetchall()
    if not changed:
        return "false"
    months = ", ".join(timestamp(of_month) for (of_month,) in changed)
    create_table(
        connection,
        "changed_hashes",
        f"select row_hash from ({both}) where month in ({months}) group by row_hash having sum(side) <> 0",
    )
    is_changed = f"{month} in ({months}) and hash({told_apart}) in (select row_hash from changed_hashes)"
    first = changed[0][0]
    # Said of the column itself, the scan leaves out what is older before it reads anything else of it.
    return is_changed if instant is None or first == UNDATED else f"{instant} >= {timestamp(first)} and {is_changed}"


def _first_of_most(engine: Engine, known_cut: datetime) -> date | None:
    """The first day whose units most metrics need, where nothing older has changed; None where these are most days."""
    days = engine.days
    ended = days.calendar.local_day(known_cut) - DAY
    first = first_day_needed(days, engine.baselines, days.calendar.floor(min(ended, days.last), "week"))
    return first if (days.last - first).days <= WORTH_APART * (days.last - days.first).days else None


def _recent_changes(engine: Engine, first: date, folder: Path) -> tuple[Recent, Path]:
    """The changes that count, of which any instant falls on a day or later: as a file, and as a view of it.

    Units of the last days are a sixth of all, and rows lie by repository: without it, each metric would read its
    columns of all changes.
    """
    words = _words()
    described = engine.connection.execute("describe measured_changes").fetchall()
    columns = {name: kind for name, kind, *_ in described if name in words}
    instants = [name for name, kind in columns.items() if kind == "TIMESTAMP"]
    after = timestamp(engine.calendar.instant(first))
    any_of = " or ".join(f"{instant} >= {after}" for instant in instants)
    file = folder / f"{RECENT}.parquet"
    rows = f"select {', '.join(columns)} from measured_changes where {any_of}"
    engine.connection.execute(f"copy ({rows}) to '{quoted(file)}' (format parquet)")
    create_view(engine.connection, RECENT, f"select * from {scan([file])}")
    return Recent("measured_changes", RECENT, first, frozenset(instants)), file


def _words() -> frozenset[str]:
    """Every word of the SQL of definitions that can be reused, and what all of them read: their columns among them."""
    read = [(each.estimators, each.pending) for each in all_metrics().values() if can_be_reused(each)]
    kinds = {kind for each in all_metrics().values() for kind in each.watched}
    return frozenset(re.findall(r"\w+", repr(read))) | {*COLUMNS_OF_ALL, *(f"_{kind}_watched" for kind in kinds)}
