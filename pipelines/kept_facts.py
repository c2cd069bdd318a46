"""What a build keeps of the facts, in `.plumbline/facts.json`, for the next one to lay newer facts over.

Whatever the record does not settle (another program, other settings, repositories that moved, other tiers or gates, an
earlier cut, a warehouse that is not the one of then, a file that is gone) makes everything again, as `build --full`
does. Only the numbers that it tells of are taken over all the same.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

import duckdb

import metrics.facts
import schemas
from metrics.facts.reach import KEPT, NUMBERED, SURROUNDINGS, Since, surroundings
from metrics.facts.settings import FactSettings
from metrics.facts.within_reach import AUDITED
from pipelines.build_store import BuildStore
from pipelines.parts import read_record, replace_text
from schemas.snapshot import Part, SnapshotTable

RECORD = "facts.json"
PROGRAM_FILES = ("kept_facts", "fact_tables", "build_store", "parts", "warehouse_schema")
"""Files of this package on whose text it depends whether kept facts still hold."""


@dataclass(frozen=True)
class FactsMade:
    """Which facts a build has made.

    Attributes:
        reached: how many changes new events reached, whose facts are laid over those that were kept; None for all.
        with_reviews: whether the facts of their reviews are, too; otherwise those of all reviews are still to be made.
        slipped: changes that nothing should have reached and whose facts differed all the same, so that all were made.
        surroundings: `metrics.facts.reach.surroundings`; none where nothing is kept.
        numbered: who had which number in the build before, as SQL to select from (`numbers`); None where nobody has.
    """

    reached: int | None = None
    with_reviews: bool = False
    slipped: tuple[str, ...] = ()
    surroundings: tuple[str, ...] = ()
    numbered: str | None = None


@dataclass(frozen=True)
class KeptFacts:
    """The facts of one build.

    Attributes:
        key: a digest of the program's text and the settings.
        surroundings: digests of what all changes are seen against.
        cut: the build's cut.
        load_id: the last load that it knew.
        loads: a digest of the loads up to that one.
        tables: each fact.
    """

    key: str
    surroundings: tuple[str, ...]
    cut: datetime
    load_id: int
    loads: str
    tables: Mapping[str, SnapshotTable]

    @property
    def since(self) -> Since:
        """Up to where the build knew."""
        return Since(self.cut, self.load_id)

    @property
    def codes(self) -> dict[str, int]:
        """How many codes each dimension had."""
        return {name: self.tables[name].rows for name in SURROUNDINGS}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """As `keep` left it."""
        tables = {name: SnapshotTable.from_json(table) for name, table in raw["tables"].items()}
        cut = datetime.fromisoformat(raw["cut"])
        return cls(raw["key"], tuple(raw["surroundings"]), cut, raw["load_id"], raw["loads"], tables)


def kept_parts(state: Path) -> set[str]:
    """Names of the files that the next build may rest on."""
    kept = _read(state)
    return {part.name for table in kept.tables.values() for part in table.files} if kept else set()


def made_again(state: Path) -> str | None:
    """Which facts the last build made again, in words; None where it simply made them all."""
    found = read_record(state / RECORD)
    if found.get("slipped"):
        first, others = found["slipped"][0], len(found["slipped"]) - 1
        return (
            f"no facts: nothing new should have reached the change {first} (and {others:,} others of {AUDITED:,}), yet"
            " its facts are not what they were; all were made again. Please report this"
        )
    if found.get("reached") is None:
        return None
    return f"facts of all but {found['reached']:,} of {found['changes']:,} changes"


def numbers(build: BuildStore) -> dict[str, str]:
    """Which numbers the build before gave, as SQL to select from; nothing where that is not known.

    They are names, no results: a build of everything gives the same ones, so that its figures, of which some are sums
    in the order of codes, are those of a refresh.
    """
    kept = _read(build.folder.state)
    if kept is None or not kept.tables.keys() >= set(NUMBERED):
        return {}
    tables = {name: kept.tables[name] for name in NUMBERED}
    if not _exist(build, [part for table in tables.values() for part in table.files]):
        return {}
    return {name: build.folder.relation(table) for name, table in tables.items()}


def usable(build: BuildStore, settings: FactSettings) -> KeptFacts | None:
    """What the build before has kept, if this one may rest on it. Its own surroundings have been made."""
    kept = None if build.is_full or build.cut.known_at else _read(build.folder.state)
    if kept is None or kept.key != key_of(settings) or kept.cut > build.cut.as_of:
        return None
    if kept.surroundings != surroundings(build.connection, kept.codes):
        return None
    if kept.loads != digest_of_loads(build.connection, kept.load_id):
        return None
    return kept if _exist(build, [part for table in kept.tables.values() for part in table.files]) else None


def _exist(build: BuildStore, parts: Sequence[Part]) -> bool:
    return all((build.folder.parts / part.name).exists() for part in parts)


def keep(build: BuildStore, settings: FactSettings, made: FactsMade) -> None:
    """Write down what this build has made of the facts, if the next one may rest on it.

    Args:
        build: the build, which has written the facts.
        settings: the workspace's choices.
        made: which they are.
    """
    if not made.surroundings:
        (build.folder.state / RECORD).unlink(missing_ok=True)
        return
    last, tables = last_load(build.connection), build.tables()
    facts = {
        "key": key_of(settings),
        "surroundings": made.surroundings,
        "cut": build.cut.as_of,
        "load_id": last,
        "loads": digest_of_loads(build.connection, last),
        "tables": {name: tables[name].json() for name in KEPT},
    }
    record = {"facts": facts, "reached": made.reached, "slipped": made.slipped, "changes": tables["change_facts"].rows}
    replace_text(build.folder.state / RECORD, json.dumps(record, indent=1, default=_iso))


def last_load(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the last load."""
    (last,) = connection.execute("select coalesce(max(load_id), 0) from warehouse.loads").fetchone() or (0,)
    return int(last)


def digest_of_loads(connection: duckdb.DuckDBPyConnection, last: int) -> str:
    """A digest of all loads up to one: the same numbers may stand for others where a warehouse was made anew."""
    columns = "load_id, source, stream, raw_file, fetched_at, new, changed"
    rows = f'select {columns}, "table" from warehouse.loads where load_id <= {last} order by all'
    return hashlib.sha256(repr(connection.execute(rows).fetchall()).encode()).hexdigest()


def key_of(settings: FactSettings) -> str:
    """A digest of what facts are made with: the program's text, the versions under it, the workspace's choices."""
    choices = json.dumps(asdict(settings), default=_in_order)
    return hashlib.sha256(f"{_program()} {choices}".encode()).hexdigest()


def _read(state: Path) -> KeptFacts | None:
    """What the build before has kept; None where it kept nothing, or nothing that this version can read."""
    try:
        return KeptFacts.from_json(read_record(state / RECORD)["facts"])
    except (KeyError, TypeError, ValueError):
        return None


@cache
def _program() -> str:
    digest = hashlib.sha256(f"{sys.version} {duckdb.__version__}".encode())
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in PROGRAM_FILES]
    for package in (metrics.facts, schemas):
        files += sorted(Path(str(package.__file__)).parent.rglob("*.py"))
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _in_order(value: object) -> str:
    """A choice as text; holidays are a set, which is in another order in every process."""
    return str(sorted(value) if isinstance(value, frozenset) else value)


def _iso(value: object) -> str:
    assert isinstance(value, datetime)  # noqa: S101 -- what else there is, JSON knows
    return value.isoformat()
