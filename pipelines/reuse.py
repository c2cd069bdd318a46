"""What one build leaves for the next, in `.plumbline/reuse.json`, and what has changed in the facts since.

Wrong reuse is far worse than none. So what was kept of a metric is used only where all that it rests on is the same
(its key: the program's own text, the definition, calendar, baselines, onboardings), repositories and teams have the
codes that they had, every file of it is still there, and what its queries give of the rows that changed lets it
(`metrics.reuse`). `build --full` looks at nothing of this.

Small organisations keep nothing: their metrics take less time than finding out what has changed.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
from metrics.facts.sql import create_view, drop
from metrics.ground import RECENT_FACTS, RECENT_MEASURED, prepare
from metrics.model import Metric
from metrics.reuse import DAY, can_be_reused, first_day_needed
from pipelines.build_engine import RELATIONS
from pipelines.build_store import BuildStore
from pipelines.changed_rows import BothSides, RecentChanges, Sums, changed_rows, new_folder
from pipelines.kept_metrics import Kept
from pipelines.metric_workers import Measured, Past
from pipelines.parts import read_record, replace_text
from schemas.snapshot import Part, SnapshotTable

RECORD = "reuse.json"
CHANGES_WORTH_KEEPING = 200_000
"""Changes from which on it pays to keep what was measured: below, all metrics together take some seconds."""
PROGRAM_FILES = ("reuse", "changed_rows", "kept_metrics", "metric_workers", "settled_comparisons")
"""Files of this package on whose text it depends whether what was kept still holds."""
WORTH_APART = 0.4
"""Share of all days up to which these are worth a file of their own."""
CODES = ("repo_dimension", "team_dimension")
"""Relations that say what the codes in facts and results stand for. Rows may come; if one is another, so is everything.

What is new has no units in windows that are over, and its code is beyond those that there were.
"""


@dataclass
class Reuse:
    """What the build before left for this one, and what this one leaves for the next."""

    build: BuildStore
    past: Past
    _changed: Path
    _sums: Mapping[str, Sums] = field(default_factory=dict)

    @classmethod
    def of(cls, build: BuildStore, engine: Engine, definitions: Sequence[Metric]) -> "Reuse | None":
        """What may be used; None where nothing is kept: of a small organisation, or where some metrics only are run."""
        changes = build.tables()["change_facts"].rows
        if changes < CHANGES_WORTH_KEEPING or len(definitions) < len(all_metrics()):
            forget(build.folder.state)
            return None
        keys = {metric.id: _key(build, engine, metric) for metric in definitions if can_be_reused(metric)}
        folder = build.folder.state / "tmp" / "changed"
        stored = {} if build.is_full else _stored(build.folder.state)
        kept = {name: Kept.from_json(raw) for name, raw in stored.get("metrics", {}).items()}
        before = {name: SnapshotTable.from_json(raw) for name, raw in stored.get("relations", {}).items()}
        usable = {name: each for name, each in kept.items() if each.key == keys.get(name)}
        files = [part for each in usable.values() for part in each.parts]
        files += [part for table in before.values() for part in table.files]
        if not usable or set(before) != set(RELATIONS) or not _exist(build, files) or _is_other(build, before):
            return cls(build, Past(keys), folder)
        folder = new_folder(folder)
        first = _first_of_most(engine, max(each.cut for each in usable.values()))
        recent = RecentChanges.of(engine, first, folder) if first else None
        if recent:
            create_view(engine.connection, RECENT_FACTS, f"select * from {recent.rows}")
            prepare(engine.connection, build.workspace.include_bots)
        sides = _sides(build, before)
        sums = {name: Sums.from_json(raw) for name, raw in stored.get("sums", {}).items()}
        changed = changed_rows(build.connection, sides, folder, recent, sums)
        return cls(build, Past(keys, usable, changed.rows, recent), folder, changed.sums)

    def close(self, measured: Mapping[str, Measured]) -> None:
        """Write down what the next build may rest on, and what this one has reused."""
        drop(self.build.connection, RECENT_MEASURED, RECENT_FACTS)
        shutil.rmtree(self._changed, ignore_errors=True)
        reused = [each.since for each in measured.values() if each.since is not None]
        again = [day for day in reused if day != date.max]
        tables = self.build.tables()
        record = {
            "program": program(),
            "relations": {name: tables[name].json() for name in RELATIONS},
            "sums": {name: sums.json() for name, sums in self._sums.items()},
            "metrics": {name: asdict(each.kept) for name, each in measured.items() if each.kept is not None},
            "reused": {"metrics": len(reused), "of": len(measured), "since": min(again, default=None)},
        }
        replace_text(self.build.folder.state / RECORD, json.dumps(record, indent=1, default=_iso))


def forget(state: Path) -> None:
    """Leave nothing for the next build."""
    (state / RECORD).unlink(missing_ok=True)


def _stored(state: Path) -> dict[str, Any]:
    """What the build before wrote down; nothing of what another version of the program did, in whatever form."""
    found = read_record(state / RECORD)
    return found if found.get("program") == program() else {}


def kept_parts(state: Path) -> set[str]:
    """Names of the files that the next build may rest on."""
    stored = _stored(state)
    kept = [part for each in stored.get("metrics", {}).values() for part in Kept.from_json(each).parts]
    for table in stored.get("relations", {}).values():
        kept += SnapshotTable.from_json(table).files
    return {part.name for part in kept}


def settled_contrasts(state: Path) -> tuple[Part, ...]:
    """Contrasts of windows that were over long ago, of every metric that is kept: its first part."""
    stored = _stored(state)
    return tuple(Kept.from_json(each).contrasts[0] for each in stored.get("metrics", {}).values())


def reused(state: Path) -> str | None:
    """What the last build took over of the one before, in words; None where it took nothing."""
    found = read_record(state / RECORD).get("reused", {})
    if not found.get("metrics"):
        return None
    measured = f"measured again since {found['since']}" if found["since"] else "as they were"
    return f"windows of {found['metrics']} of {found['of']} metrics, {measured}"


def _sides(build: BuildStore, before: Mapping[str, SnapshotTable]) -> dict[str, BothSides]:
    """Each relation as the earlier build left it, and as it is."""
    tables, folder = build.tables(), build.folder
    return {
        name: BothSides(
            folder.relation(before[name]),
            folder.relation(tables[name]),
            folder.where_differing(before[name], tables[name]),
        )
        for name in RELATIONS
    }


def _exist(build: BuildStore, parts: Sequence[Part]) -> bool:
    return all((build.folder.parts / part.name).exists() for part in parts)


def _is_other(build: BuildStore, before: Mapping[str, SnapshotTable]) -> bool:
    """Whether a code stands for something else than in the build before, or a repository for another team."""
    now, rows = build.tables(), build.folder.relation
    return any(
        build.connection.execute(f"(from {rows(before[name])} except from {rows(now[name])}) limit 1").fetchone()
        for name in CODES
        if before[name] != now[name]
    )


def _key(build: BuildStore, engine: Engine, metric: Metric) -> str:
    """What a metric's rows rest on beside the rows of the facts, as a digest."""
    stated = {
        "program": program(),
        "metric": [metric.id, metric.version],
        "calendar": [engine.calendar.timezone, engine.calendar.week_start],
        "first": engine.days.first,
        "baselines": {tier: [period.start, period.end] for tier, period in sorted(engine.baselines.items())},
        "onboardings": dict(sorted(engine.onboardings.items())),
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
def program() -> str:
    """The text of all that measures and compares, and the versions of what it is made with."""
    digest = hashlib.sha256(f"{sys.version} {np.__version__} {pl.__version__} {duckdb.__version__}".encode())
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in PROGRAM_FILES]
    for package in (metrics, schemas):
        files += sorted(Path(str(package.__file__)).parent.rglob("*.py"))
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _first_of_most(engine: Engine, known_cut: datetime) -> date | None:
    """The first day whose units most metrics need, where nothing older has changed; None where these are most days."""
    days = engine.days
    ended = days.calendar.local_day(known_cut) - DAY
    first = first_day_needed(days, engine.baselines, days.calendar.floor(min(ended, days.last), "week"))
    return first if (days.last - first).days <= WORTH_APART * (days.last - days.first).days else None
