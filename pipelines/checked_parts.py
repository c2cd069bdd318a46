"""Which parts of large tables have been found to keep their schema, so that the next build does not look at them again.

A part is named by its content, so one that is named again cannot have changed. What was found holds for the text of the
program that looked: another version looks at everything again, and so does `build --full`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

import duckdb
import polars as pl

import schemas
from pipelines.parts import replace_text

RECORD = "checked.json"
CHECKING = ("table_checks", "checked_parts", "part_footers", "parts")
"""Modules of this package whose text decides what a check finds."""

Paths = tuple[Path, ...]
"""Parts that are looked at together: a single one, or several that may have keys in common."""


@dataclass
class CheckedParts:
    """What is known of one table."""

    record: Path
    table: str
    known: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, state: Path, table: str, *, nothing: bool) -> Self:
        """What earlier builds have found of a table; nothing where everything is to be looked at."""
        record = state / RECORD
        stored = {} if nothing else _read(record)
        return cls(record, table, frozenset(stored.get(table, ())))

    def without_known(self, parts: Sequence[Paths]) -> list[Paths]:
        """Those that have to be looked at."""
        return [each for each in parts if _name(each) not in self.known]

    def keep(self, parts: Sequence[Paths]) -> None:
        """Write down that these are good, in place of what was known of the table."""
        names = {_name(each) for each in parts}
        if names != self.known:
            tables = _read(self.record) | {self.table: sorted(names)}
            replace_text(self.record, json.dumps({"program": _program(), "tables": tables}, indent=1))


def _name(paths: Paths) -> str:
    """Parts as one short name, whatever their order."""
    names = sorted(path.stem for path in paths)
    return hashlib.sha256(" ".join(names).encode()).hexdigest()[:32] if len(names) > 1 else names[0]


def _read(record: Path) -> dict[str, Any]:
    """The record by table; empty where there is none, or one of another version."""
    try:
        stored = json.loads(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    known = isinstance(stored, dict) and stored.get("program") == _program()
    return dict(stored["tables"]) if known else {}


@cache
def _program() -> str:
    """The text of what looks, of all schemas, and the versions of what it is done with."""
    digest = hashlib.sha256(f"{duckdb.__version__} {pl.__version__}".encode())
    files = [Path(__file__).with_name(f"{name}.py") for name in CHECKING]
    files += sorted(Path(str(schemas.__file__)).parent.rglob("*.py"))
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
