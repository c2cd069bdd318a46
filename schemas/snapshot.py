"""What a published snapshot is: a manifest that names, per table, immutable Parquet parts by their content.

Layout below the workspace's `.plumbline/`: `parts/<sha256>.parquet`, `snapshots/<snapshot_id>.json`, and
`snapshots/current`, one line that holds the id of the newest. A manifest never changes once its name is in `current`,
so a reader never sees half a build. Writing them is the pipelines' work (`pipelines.stages.publish`); this module
holds their form and how to read them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from schemas.quoting import literal
from schemas.row_marks import RowMarks

STATE_FOLDER = ".plumbline"
FORMAT = 1
"""Version of the manifest's form."""
FORMAT_WITH_OVERLAYS = 2
"""That of a manifest of which a table has rows laid over its parts: who knows nothing of these would count rows twice.

A reader refuses a newer one than it knows.
"""


@dataclass(frozen=True)
class Part:
    """One immutable Parquet file. `bytes` is its size; the file is named after `sha256`."""

    sha256: str
    rows: int
    bytes: int

    @property
    def name(self) -> str:
        """The file's name within the folder of parts."""
        return f"{self.sha256}.parquet"


@dataclass(frozen=True)
class Overlay:
    """Rows laid over the parts of a table: each is complete, and stands in place of the one of the same key, if any."""

    part: Part
    replaced: tuple[RowMarks, ...]
    """Per part of the table, in order, those of its rows that count no longer."""
    order: tuple[str, ...]
    """The columns by which the rows of each part lie in order, and those of a table without an overlay as a whole."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """As `dataclasses.asdict` gave it."""
        replaced = tuple(RowMarks(**marks) for marks in raw["replaced"])
        return cls(Part(**raw["part"]), replaced, tuple(raw["order"]))


@dataclass(frozen=True)
class SnapshotTable:
    """A table of a snapshot: its parts in order. An internal one carries what later stages need; it is not exported."""

    parts: tuple[Part, ...]
    internal: bool = False
    overlay: Overlay | None = None

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        rows = sum(part.rows for part in self.parts)
        if self.overlay is None:
            return rows
        return rows - sum(marks.count for marks in self.overlay.replaced) + self.overlay.part.rows

    @property
    def files(self) -> tuple[Part, ...]:
        """All files that the table needs. Not all rows of them are its own: `SnapshotFolder.relation` tells these."""
        return self.parts if self.overlay is None else (*self.parts, self.overlay.part)

    def json(self) -> dict[str, Any]:
        """The table as JSON can write it; without an overlay in the form of old, in which there was none."""
        stated = asdict(self)
        return stated if self.overlay else {name: each for name, each in stated.items() if name != "overlay"}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read what `json` wrote."""
        overlay = raw.get("overlay")
        parts = tuple(Part(**part) for part in raw["parts"])
        return cls(parts, raw["internal"], Overlay.from_json(overlay) if overlay else None)


@dataclass(frozen=True)
class Manifest:
    """One published snapshot. Instants are ISO-8601 in UTC with `Z`; `definitions` maps ids to versions."""

    snapshot_id: str
    created_at: str
    as_of: str
    known_at: str | None
    workspace: str
    timezone: str
    definitions: Mapping[str, str]
    tables: Mapping[str, SnapshotTable]

    @property
    def format(self) -> int:
        """The version of its form: the lowest in which it can be told."""
        return FORMAT_WITH_OVERLAYS if any(table.overlay for table in self.tables.values()) else FORMAT

    def to_json(self) -> str:
        """The manifest as it is stored: sorted keys, so that equal manifests are equal files."""
        tables = {name: table.json() for name, table in self.tables.items()}
        stated = asdict(replace(self, tables={})) | {"tables": tables, "format": self.format}
        return json.dumps(stated, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read what `to_json` wrote.

        Raises:
            ValueError: the text is no manifest, or of a newer format than this version knows.
        """
        raw: dict[str, Any] = json.loads(text)
        written_as = raw.pop("format", 0)
        if written_as > FORMAT_WITH_OVERLAYS:
            raise ValueError(
                f"manifest format {written_as} is newer than this version of Plumbline knows ({FORMAT_WITH_OVERLAYS})"
            )
        tables = {name: SnapshotTable.from_json(table) for name, table in raw.pop("tables").items()}
        return cls(tables=tables, **raw)


@dataclass(frozen=True)
class SnapshotFolder:
    """Where a workspace keeps its snapshots. `state` is the workspace's `.plumbline` folder."""

    state: Path

    @classmethod
    def of_workspace(cls, workspace: Path) -> "SnapshotFolder":
        """The snapshots of the workspace in that folder."""
        return cls(workspace / STATE_FOLDER)

    @property
    def parts(self) -> Path:
        """The folder of immutable Parquet files."""
        return self.state / "parts"

    @property
    def manifests(self) -> Path:
        """The folder of manifests."""
        return self.state / "snapshots"

    @property
    def pointer(self) -> Path:
        """The one-line file that names the newest snapshot."""
        return self.manifests / "current"

    @property
    def pins(self) -> Path:
        """The folder of pins: a file named after a snapshot keeps it from being removed, and says why."""
        return self.manifests / "pinned"

    def manifest_path(self, snapshot_id: str) -> Path:
        """Where the manifest of a snapshot lies."""
        return self.manifests / f"{snapshot_id}.json"

    def part_paths(self, table: SnapshotTable) -> list[Path]:
        """The files that a table needs: its parts in order, then what is laid over them."""
        return [self.parts / part.name for part in table.files]

    def relation(self, table: SnapshotTable, *, by_name: bool = False) -> str:
        """The rows of a table that has parts, as SQL to select from: those of its parts in order, then those laid over.

        Two queries on it give their rows in the same order, as two on a file do: which rows of a part count no longer
        is asked of each row by itself while the part is read, as any other condition is.

        Args:
            table: the table.
            by_name: whether its parts may have been written by several versions, and lack columns of each other.
        """
        if table.overlay is None:
            return self.scan(table.parts, by_name=by_name)
        return self._some([*_counting(table), (table.overlay.part, "true")])

    def not_replaced(self, table: SnapshotTable) -> str:
        """The rows of a table's parts that still count, without those laid over them, as SQL to select from."""
        return self._some(_counting(table))

    def where_differing(self, before: SnapshotTable, after: SnapshotTable) -> tuple[str, str] | None:
        """The rows of either of two tables that lie over the same parts in which these may differ, as SQL.

        All others are the same rows of the same parts. None where they lie over other parts, or over none.
        """
        if before.parts != after.parts or not before.parts:
            return None
        return self._not_counting_in(before, after), self._not_counting_in(after, before)

    def _not_counting_in(self, table: SnapshotTable, other: SnapshotTable) -> str:
        """The rows laid over a table, and those of its parts that count there but not in the other."""
        replaced = _replaced(table), _replaced(other)
        found = [
            (part, f"{theirs.holds()} and {ours.lacks() if ours.count else 'true'}")
            for part, ours, theirs in zip(table.parts, *replaced, strict=True)
            if theirs.count
        ]
        if table.overlay:
            found.append((table.overlay.part, "true"))
        return self._some(found or [(table.parts[0], "false")])

    def _some(self, conditions: Sequence[tuple[Part, str]]) -> str:
        """Rows of parts, those of each for which its condition holds."""
        each = [f"select * from {self.scan([part])} where {condition}" for part, condition in conditions]
        return f"({' union all by name '.join(each)})"

    def scan(self, parts: Sequence[Part], *, by_name: bool = False) -> str:
        """All rows of parts, in order, as SQL to select from."""
        paths = ", ".join(literal(str(self.parts / part.name)) for part in parts)
        return f"read_parquet([{paths}]{', union_by_name = true' if by_name else ''})"

    def current_id(self) -> str | None:
        """The id of the newest snapshot, or None before the first build."""
        try:
            return self.pointer.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def read(self, snapshot_id: str) -> Manifest:
        """One manifest by id.

        Raises:
            FileNotFoundError: there is no such snapshot.
            ValueError: its manifest cannot be read by this version.
        """
        return Manifest.from_json(self.manifest_path(snapshot_id).read_text(encoding="utf-8"))

    def current(self) -> Manifest | None:
        """The newest snapshot, or None before the first build."""
        snapshot_id = self.current_id()
        return self.read(snapshot_id) if snapshot_id else None


def _counting(table: SnapshotTable) -> list[tuple[Part, str]]:
    """The parts of a table, each with the condition under which its rows count."""
    pairs = zip(table.parts, _replaced(table), strict=True)
    return [(part, marks.lacks() if marks.count else "true") for part, marks in pairs]


def _replaced(table: SnapshotTable) -> Sequence[RowMarks]:
    """Per part of a table, its rows that count no longer."""
    return table.overlay.replaced if table.overlay else [RowMarks()] * len(table.parts)
