"""What one build has made so far, and the connection that its stages share.

A stage asks the store for relations by table name and hands back what it made; the store writes it as immutable parts
and notes them in `.plumbline/build.json`. Nothing of this is visible to a reader before `pipelines.stages.publish`
names it in a manifest. No stage knows where a table comes from, so that a single stage can be run again on what
earlier ones left behind.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb
import polars as pl

from metrics.facts.cut import create_cut_views
from metrics.facts.sql import create_view
from pipelines.companion import Companion
from pipelines.intake.known_at import rebuild_known_at
from pipelines.intake.statements import show_statements
from pipelines.parts import replace_text, write_frame, write_part, write_parts
from pipelines.warehouse import Warehouse
from schemas.errors import PlumblineError, WarehouseLocked
from schemas.row_marks import RowMarks, marking
from schemas.snapshot import Overlay, Part, SnapshotFolder, SnapshotTable
from schemas.workspace import Workspace

REGISTRY = "build.json"
T = TypeVar("T")


@dataclass(frozen=True)
class Cut:
    """What a build may know: events up to `as_of`, records observed by `known_at` (all, if None). UTC, zone-less."""

    as_of: datetime
    known_at: datetime | None = None

    def __str__(self) -> str:
        """As the registry keeps it."""
        return " ".join(instant.isoformat() for instant in (self.as_of, self.known_at) if instant)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` gave."""
        return cls(*(datetime.fromisoformat(instant) for instant in text.split()))


def last_cut(folder: SnapshotFolder) -> Cut | None:
    """The cut of what was built last, on which a single stage goes on; None before the first build."""
    registry = folder.state / REGISTRY
    built = json.loads(registry.read_text(encoding="utf-8")) if registry.exists() else {}
    return max((Cut.parse(table["cut"]) for table in built.values()), key=lambda cut: cut.as_of, default=None)


CHANGES_WORTH_A_THREAD = 100_000
"""Below so many changes, to hand a statement's work out among threads takes longer than the work itself."""


def keep_to_one_core_if_small(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the statements of a small organisation run on one thread."""
    if count_changes(connection) < CHANGES_WORTH_A_THREAD:
        connection.execute("set threads = 1")


def count_changes(connection: duckdb.DuckDBPyConnection) -> int:
    """How many changes a warehouse has, whatever the cut."""
    (changes,) = connection.execute("select count(*) from changes").fetchone() or (0,)
    return int(changes)


@dataclass
class BuiltTable:
    """A table as its stage left it: parts by partition (one, named '', for a table made in one piece)."""

    cut: str
    internal: bool = False
    build_only: bool = False
    partitions: dict[str, list[Part]] = field(default_factory=dict)
    overlay: Overlay | None = None
    """What is laid over the parts of all partitions."""

    @property
    def snapshot_table(self) -> SnapshotTable:
        """The table as a manifest names it: the parts of all partitions, ordered by partition."""
        parts = tuple(part for name in sorted(self.partitions) for part in self.partitions[name])
        return SnapshotTable(parts, self.internal, self.overlay)


class BuildStore:
    """The tables of one build. A context manager: meanwhile it holds the workspace's build lock."""

    def __init__(self, workspace: Workspace, cut: Cut, created_at: datetime, *, is_full: bool = False) -> None:
        """Open the store of a workspace.

        Args:
            workspace: whose tables are built.
            cut: what the build may know.
            created_at: the instant of the build, UTC, zone-less.
            is_full: whether nothing is taken over of what the build before has measured.
        """
        self.workspace = workspace
        self.is_full = is_full
        self.cut = cut
        self.created_at = created_at
        self.folder = SnapshotFolder(workspace.state)
        self._registry = self.folder.state / REGISTRY
        self._tables: dict[str, BuiltTable] = self._read_registry()
        self._warehouse: Warehouse | None = None
        self._lock: int | None = None
        self._replayed: Path | None = None
        self._shared: dict[tuple[str, Hashable], Any] = {}
        self._shown: dict[str, SnapshotTable] = {}
        self.companion: Companion | None = None
        """A second process that may measure, where the build was begun with one."""
        self._companions: list[Companion] = []

    def __enter__(self) -> Self:
        """Take the build lock.

        Raises:
            WarehouseLocked: another build of this workspace runs.
        """
        self.folder.state.mkdir(parents=True, exist_ok=True)
        path = self.folder.state / "build.lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise WarehouseLocked(
                "another build of this workspace is running", str(path), "wait until it ends"
            ) from None
        self._lock = handle
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the warehouse and of the lock."""
        self.end_companions()
        self._write_registry()
        self.close_warehouse()
        if self._replayed is not None:
            shutil.rmtree(self._replayed)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse, open for reading; events and the tables built so far are views of their own names."""
        if self._warehouse is None:
            self._warehouse = Warehouse.open(self.workspace, write=False, path=self._known_events())
            self._warehouse.create_event_views()
            keep_to_one_core_if_small(self._warehouse.connection)
            self._show_all()
        return self._warehouse

    @contextmanager
    def beside(self) -> Iterator[Self]:
        """The same build on a connection of its own, for stages that are made while others are."""
        # A setting of the whole database: what writes a table would otherwise put it back while another one is written.
        self.connection.execute("set preserve_insertion_order = true")
        other = copy(self)
        other._warehouse, other._shown = self.warehouse.beside(), {}
        try:
            other._show_all()
            yield other
        finally:
            other.close_warehouse()

    def catch_up(self) -> None:
        """Let this connection see what has been made on others since."""
        for name, built in list(self._tables.items()):
            if self._shown.get(name) != built.snapshot_table:
                self._show(name)

    def interrupt(self) -> None:
        """Make what runs for this store end with an error: its statement, and the processes that measure for it."""
        if self._warehouse is not None:
            self._warehouse.connection.interrupt()
        self.end_companions()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection of `warehouse`."""
        return self.warehouse.connection

    def close_warehouse(self) -> None:
        """Let go of the warehouse, so that a stage may write it; the next use of `connection` opens it again."""
        if self._warehouse is not None:
            self._warehouse.close()
            self._warehouse = None

    def companions(self, wanted: int) -> list[Companion]:
        """As many processes that may measure; those that have not begun yet begin now, and end with the build."""
        if self.companion and not self._companions:
            self._companions.append(self.companion)
        while len(self._companions) < wanted:
            self._companions.append(Companion())
        return self._companions[:wanted]

    def end_companions(self) -> None:
        """End the processes that `companions` has given."""
        for each in self._companions:
            each.close()
        if self.companion in self._companions:
            self.companion = None
        self._companions = []

    def _known_events(self) -> Path | None:
        """A warehouse of what was observed by `known_at`, made once per build; None for the whole one."""
        if self.cut.known_at is None:
            return None
        path = self.folder.state / "tmp" / f"known-at-{os.getpid()}" / "warehouse.duckdb"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            rebuild_known_at(self.workspace, self.cut.known_at.replace(tzinfo=UTC), path)
            self._replayed = path.parent
        return path

    def write(
        self,
        table: str,
        content: str | pl.DataFrame,
        *,
        order_by: Sequence[str] = (),
        partition: str = "",
        internal: bool = False,
        build_only: bool = False,
    ) -> SnapshotTable:
        """Write a table, or one partition of it, and show it to later stages under its name.

        Args:
            table: name of the table.
            content: a relation or query on `connection`, or a frame.
            order_by: what fixes the order of rows, so that equal rows give equal parts: columns of a frame, SQL
                expressions of a query; none where it has an order.
            partition: names the piece where a table is made in several; other pieces stay.
            internal: whether the contract leaves the table out; a snapshot carries it for its readers all the same.
            build_only: whether only later stages read the table; no snapshot carries it then.
        """
        if isinstance(content, pl.DataFrame):
            frame = content.sort(list(order_by), maintain_order=True) if order_by else content
            part = write_frame(frame, self.folder.parts)
        else:
            ordered = f" order by {', '.join(order_by)}" if order_by else ""
            query = f"select * from {content if content.isidentifier() else f'({content})'}{ordered}"
            part = write_part(self.connection, query, self.folder.parts)
        if not partition:
            self._tables.pop(table, None)
        return self.add_partitions(table, {partition: (part,)}, internal=internal, build_only=build_only)

    def write_pieces(self, table: str, queries: Mapping[str, str]) -> SnapshotTable:
        """Write a table in pieces, each a query on `connection` in its own order, by the name of its partition."""
        parts = write_parts(self.connection, list(queries.values()), self.folder.parts)
        self._tables.pop(table, None)
        return self.add_partitions(table, {name: (part,) for name, part in zip(queries, parts, strict=True)})

    def write_over(
        self,
        table: str,
        base: Sequence[Part],
        query: str,
        *,
        key: str,
        order_by: Sequence[str],
        build_only: bool = False,
    ) -> SnapshotTable:
        """Write a table as parts that are there already and rows laid over them; later stages see the merged rows.

        Args:
            table: name of the table.
            base: its parts, in order; those of an earlier build as a rule. What was laid over them there counts no
                longer.
            query: a query on `connection` that gives every row that is another than in the base, or new, in order.
                It may read the rows that the table has so far.
            key: the column that tells rows apart: a row replaces that of the base with the same one. There is no way to
                lay nothing over a row; where rows are gone the table is written whole.
            order_by: the columns by which rows lie in order, in each part and in a table written whole.
            build_only: as for `write`.
        """
        assert base  # noqa: S101 -- a table without parts is written whole
        part = write_part(self.connection, query, self.folder.parts)
        replaced = tuple(self._rows_with_keys_of(part, each, key) for each in base)
        self._tables[table] = BuiltTable(
            str(self.cut),
            build_only,
            build_only,
            partitions={f"{number:03}": [each] for number, each in enumerate(base)},
            overlay=Overlay(part, replaced, tuple(order_by)),
        )
        self._show(table)
        return self._tables[table].snapshot_table

    def _rows_with_keys_of(self, over: Part, part: Part, key: str) -> RowMarks:
        """The rows of a part of which the key stands in another part as well."""
        keys = f"(select {key} from {self.folder.scan([over])})"
        marks = self.connection.execute(
            f"select {marking('count(*)', 'file_row_number', part.rows)}"
            f" from {self.folder.scan([part])} semi join {keys} using ({key})"
        ).fetchone()
        return RowMarks.of(*marks) if marks else RowMarks()

    def add_partitions(
        self, table: str, parts: Mapping[str, Sequence[Part]], *, internal: bool = False, build_only: bool = False
    ) -> SnapshotTable:
        """Take in parts that have been written already, by the partition of a table; others stay."""
        cut = str(self.cut)
        built = self._tables.get(table)
        if built is None or built.cut != cut:
            built = self._tables[table] = BuiltTable(cut, internal or build_only, build_only)
        assert built.overlay is None  # noqa: S101 -- it says of every part which of its rows count
        # A new mapping, for another lane may be looking at this one.
        built.partitions = built.partitions | {name: list(each) for name, each in parts.items()}
        self._show(table)
        return built.snapshot_table

    def relation(self, table: str) -> str:
        """The rows of a table that has been built, as SQL to select from, on any connection."""
        return self.folder.relation(self._built(table).snapshot_table)

    def paths(self, table: str) -> tuple[Path, ...]:
        """The files of a table that has been built, of which all rows count: nothing lies over them."""
        built = self._built(table)
        assert built.overlay is None  # noqa: S101 -- of others, `relation` tells which rows count
        return tuple(self.folder.part_paths(built.snapshot_table))

    def keep_partitions(self, table: str, names: Sequence[str]) -> SnapshotTable:
        """Forget the partitions of a table that are not named."""
        built = self._built(table)
        built.partitions = {name: parts for name, parts in built.partitions.items() if name in names}
        self._show(table)
        return built.snapshot_table

    def partitions(self, table: str) -> set[str]:
        """The partitions of a table that this cut has."""
        built = self._tables.get(table)
        return set(built.partitions) if built is not None and built.cut == str(self.cut) else set()

    def tables(self) -> dict[str, SnapshotTable]:
        """All tables of this build's cut, as a manifest names them; tables left of other cuts are not among them."""
        return {name: built.snapshot_table for name, built in self._of_this_cut()}

    def snapshot_tables(self) -> dict[str, SnapshotTable]:
        """Those of `tables` that a snapshot carries: what readers of it look for, not what only later stages need."""
        return {name: built.snapshot_table for name, built in self._of_this_cut() if not built.build_only}

    def frame(self, query: str) -> pl.DataFrame:
        """What a query on `connection` gives, as a frame."""
        return self.connection.sql(query).pl()

    def shared(self, name: str, stand: Hashable, make: Callable[[], T]) -> T:
        """What several stages use, made once for what it rests on.

        Args:
            name: what it is.
            stand: what it rests on; made anew when that has changed.
            make: makes it.
        """
        if (name, stand) not in self._shared:
            self._shared[name, stand] = make()
        made: T = self._shared[name, stand]
        return made

    def forget(self) -> None:
        """Forget what earlier builds left, so that a whole build rests on nothing but its own stages."""
        self._tables = {}

    @property
    def built(self) -> Mapping[str, BuiltTable]:
        """All that has been built, as another process takes it in."""
        return self._tables

    def take_in(self, built: Mapping[str, BuiltTable]) -> None:
        """Take in tables that another process has made; `catch_up` shows them."""
        self._tables.update(built)

    def _of_this_cut(self) -> list[tuple[str, BuiltTable]]:
        cut = str(self.cut)
        return [(name, built) for name, built in sorted(self._tables.items()) if built.cut == cut]

    def _built(self, table: str) -> BuiltTable:
        try:
            return self._tables[table]
        except KeyError:
            raise PlumblineError(f"the table {table} has not been built", "", "run `plumbline build`") from None

    def _show_all(self) -> None:
        """Make views of the events as of the cut, and of all tables made so far."""
        show_statements(self.connection)
        create_cut_views(self.connection, self.cut.as_of)
        self._shown = {}
        self.catch_up()

    def _show(self, table: str) -> None:
        shown = self._shown[table] = self._tables[table].snapshot_table
        if shown.parts:
            create_view(self.connection, table, f"select * from {self.folder.relation(shown)}")

    def _read_registry(self) -> dict[str, BuiltTable]:
        if not self._registry.exists():
            return {}
        stored = json.loads(self._registry.read_text(encoding="utf-8"))
        tables = {
            name: BuiltTable(
                built["cut"],
                built["internal"],
                built.get("build_only", False),
                {key: [Part(**part) for part in parts] for key, parts in built["partitions"].items()},
                Overlay.from_json(built["overlay"]) if built.get("overlay") else None,
            )
            for name, built in stored.items()
        }
        # Parts of an abandoned build may have been removed since; such a table has to be built again.
        return {
            name: built
            for name, built in tables.items()
            if all(path.exists() for path in self.folder.part_paths(built.snapshot_table))
        }

    def _write_registry(self) -> None:
        replace_text(
            self._registry, json.dumps({name: asdict(built) for name, built in self._tables.items()}, indent=1)
        )
