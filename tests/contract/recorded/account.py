"""One line of the account of a recording, and how recordings are read."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.workspace import Workspace
from tests.support.pulling import rows_of

csv.field_size_limit(100_000_000)


@dataclass(frozen=True)
class Line:
    """What became of one kind of recorded thing.

    `expected` are the distinct things that map to the table, by the recording alone; `rows` what the table holds;
    `rest` the distinct things that map to nothing, by the reason.
    """

    recorded: str
    distinct: int
    table: str
    expected: int
    rows: int
    rest: Mapping[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether everything recorded is accounted for."""
        return self.expected == self.rows and self.distinct == self.expected + sum(self.rest.values())

    def __str__(self) -> str:
        rest = "; ".join(f"{count} {reason}" for reason, count in self.rest.items() if count)
        mark = "=" if self.expected == self.rows else "≠"
        table = f"{self.expected} {mark} {self.rows} {self.table}" if self.table else "–"
        return f"  {self.recorded:<34} {self.distinct:>4}   {table:<28} {rest}"


def elements(path: Path, beside: str = "url") -> list[tuple[str, Any]]:
    """(url, or another column, element) of a recording in the order of its rows; none of a file that holds none."""
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read().lstrip()
    return [(row[beside], json.loads(row["data"])) for row in csv.DictReader(text.splitlines(keepends=True))]


def distinct(found: Iterable[tuple[str, Any]], key: Callable[[Any], Hashable]) -> dict[Any, Any]:
    """Elements by their key; where one was recorded twice the later row wins."""
    return {key(element): element for _, element in found}


def sorted_out(things: Iterable[Any], reason: Callable[[Any], str | None]) -> tuple[int, dict[str, int]]:
    """How many things map to a row (no reason against it), and the others by their reason."""
    reasons = Counter(reason(thing) for thing in things)
    return reasons.pop(None, 0), {words: count for words, count in sorted(reasons.items()) if words}


def living(workspace: Workspace, table: str, where: str = "true") -> int:
    """Rows of an event table, tombstones left out."""
    return int(rows_of(workspace, f"SELECT count(*) AS n FROM warehouse.{table} WHERE NOT deleted AND {where}")[0]["n"])
