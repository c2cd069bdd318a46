"""Merging: good rows go into the event table by key, and the later observation of a row wins, whatever the order.

Three paths lead to the same result. Into an empty table rows go straight, and only keys that came twice are looked at
again. Into a full one they go through a comparison with what is there. And where a reading stands for the whole set of
a parent's rows (the commits of a change), rows that an older reading had are taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.intake.conform import Screen, stored_columns
from schemas.quoting import literal, quoted
from schemas.sql import warehouse_columns
from schemas.tables import EventTable

CHANGE = "changes.change_id"
"""What a column that names a change refers to."""


@dataclass(frozen=True)
class Merged:
    """What became of good rows: how many there were, were new, changed what was there, or changed nothing."""

    rows: int
    new: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class SetReading:
    """A reading that holds all rows of some parents.

    Attributes:
        column: The column that names the parent, such as ``change_id``.
        ids: The parents whose rows were read whole, those without any row included.
        observed_at: SQL of the instant of the reading.
    """

    column: str
    ids: Sequence[str]
    observed_at: str


class Merge:
    """The merge of one load into one event table."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: type[EventTable], load_id: int) -> None:
        """Prepare; the connection is in a transaction with the warehouse attached."""
        self.connection, self.table, self.load_id = connection, table, load_id
        self.name = table.table_name()
        self.target = f"warehouse.{self.name}"
        self.columns = list(warehouse_columns(table))
        self.content = [column.name for column in table.table_columns() if column.name != "observed_at"]

    def run(self, screen: Screen, reading: SetReading | None) -> Merged:
        """Merge the good rows of a screen."""
        stored = ", ".join([*stored_columns(self.table), f"{self.load_id} AS load_id", "record"])
        good = f"FROM ({screen.typed}) WHERE {screen.good}"
        if reading is None and not self._exists(self.target) and not self._has_set_readings():
            (inserted,) = self._row(f"INSERT INTO {self.target} ({self._listed()}) SELECT {stored} {good}")
            dropped = self._settle_duplicates()
            return Merged(inserted, inserted - dropped, 0, dropped)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE batch AS SELECT {stored}, _given {good}")
        (read,) = self._row("SELECT count(*) FROM temp.batch")
        self._keep_latest_of_batch()
        if reading:
            self._note_set_reading(reading)
        if self._has_set_readings():
            self._take_back_what_a_later_reading_lacks()
        new, changed = self._apply()
        taken_back = self._take_back_what_this_reading_lacks(reading) if reading else 0
        self.connection.execute("DROP TABLE temp.batch")
        return Merged(read, new, changed + taken_back, read - new - changed)

    def take_back_vanished(self, screen: Screen, observed_at: str) -> int:
        """Make tombstones of rows that an earlier state of a register brought and this one no longer names."""
        named = f"SELECT 1 FROM (SELECT {', '.join(stored_columns(self.table))} FROM ({screen.typed})) AS s"
        registers = "SELECT load_id FROM warehouse.loads WHERE is_register"
        return self.take_back(
            f"load_id IN ({registers}) AND load_id <> {self.load_id}"
            f" AND NOT EXISTS ({named} WHERE {self._same_key('s', self.name)})",
            observed_at,
        )

    def take_back(self, condition: str, observed_at: str) -> int:
        """Make tombstones of the living rows that fulfil a condition; returns how many."""
        (rows,) = self._row(
            f"UPDATE {self.target} SET deleted = true, observed_at = {observed_at}, load_id = {self.load_id}"
            f" WHERE NOT deleted AND {condition}"
        )
        return int(rows)

    def _row(self, sql: str) -> tuple[int, ...]:
        return self.connection.execute(sql).fetchone() or (0,)

    def _exists(self, source: str) -> bool:
        return self.connection.execute(f"SELECT 1 FROM {source} LIMIT 1").fetchone() is not None

    def _has_set_readings(self) -> bool:
        return self._exists(f'warehouse.set_readings WHERE "table" = {literal(self.name)}')

    def _listed(self, prefix: str = "") -> str:
        return ", ".join(f"{prefix}{quoted(column)}" for column in self.columns)

    def _key_hash(self, prefix: str = "") -> str:
        """One 64-bit number per key, for finding candidates cheaply; equality is always settled on the key itself."""
        keys = [column for column in self.table.table_columns() if column.key]
        if len(keys) == 1 and keys[0].hashed_name:
            return f"{prefix}{keys[0].hashed_name}"
        parts = [f"{prefix}{column.hashed_name or quoted(column.name)}" for column in keys]
        return f"hash({', '.join(parts)})"

    def _same_key(self, left: str, right: str) -> str:
        """Join condition: on the integers, then on the texts; parts that may be null match when both are."""
        conditions = []
        for column in self.table.table_columns():
            if column.key:
                sign = "IS NOT DISTINCT FROM" if column.nullable else "="
                if column.hashed_name:
                    conditions.append(f"{left}.{column.hashed_name} {sign} {right}.{column.hashed_name}")
                conditions.append(f"{left}.{quoted(column.name)} {sign} {right}.{quoted(column.name)}")
        return " AND ".join(conditions)

    def _content_text(self, prefix: str = "") -> str:
        """All that a row says, as text: settles which of two versions of one instant is kept, in either order.

        A living version goes before a tombstone: a row that a reading shows outweighs one that it is said to lack.
        """
        packed = ", ".join(f"{quoted(column)} := {prefix}{quoted(column)}" for column in self.content)
        return f"CASE WHEN {prefix}deleted THEN '0' ELSE '1' END || CAST(to_json(struct_pack({packed})) AS VARCHAR)"

    def _latest(self, source: str) -> str:
        keys = ", ".join(quoted(column) for column in self.table.table_key())
        return (
            f"SELECT * FROM {source} QUALIFY row_number() OVER (PARTITION BY {keys}"
            f" ORDER BY observed_at DESC, {self._content_text()} DESC, record DESC) = 1"
        )

    def _settle_duplicates(self) -> int:
        """Keep the latest of rows that came twice into an empty table; returns how many were dropped for it."""
        (rows, distinct) = self._row(f"SELECT count(*), count(DISTINCT {self._key_hash()}) FROM {self.target}")
        if rows == distinct:
            return 0
        key_hash = self._key_hash()
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE twice AS SELECT {key_hash} AS key_hash FROM {self.target}"
            " GROUP BY ALL HAVING count(*) > 1"
        )
        among = f"{key_hash} IN (SELECT key_hash FROM temp.twice)"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE candidates AS FROM {self.target} WHERE {among}")
        self.connection.execute(f"DELETE FROM {self.target} WHERE {among}")
        (kept,) = self._row(
            f"INSERT INTO {self.target} ({self._listed()})"
            f" SELECT {self._listed()} FROM ({self._latest('temp.candidates')})"
        )
        (candidates,) = self._row("SELECT count(*) FROM temp.candidates")
        self.connection.execute("DROP TABLE temp.twice")
        self.connection.execute("DROP TABLE temp.candidates")
        return candidates - kept

    def _keep_latest_of_batch(self) -> None:
        (rows, distinct) = self._row(f"SELECT count(*), count(DISTINCT {self._key_hash()}) FROM temp.batch")
        if rows != distinct:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE latest AS {self._latest('temp.batch')}")
            self.connection.execute("DROP TABLE temp.batch")
            self.connection.execute("ALTER TABLE temp.latest RENAME TO batch")

    def _apply(self) -> tuple[int, int]:
        """Insert what is new and update what is later; returns both counts."""
        same = " AND ".join(f"b.{quoted(column)} IS NOT DISTINCT FROM t.{quoted(column)}" for column in self.content)
        later_by_content = f"{self._content_text('b.')} > {self._content_text('t.')}"
        # A row that does not say when it was observed says nothing new when it says the same again; one that does
        # must move the instant on, or a version from between would later be taken for the newest.
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE delta AS SELECT b.rowid AS batch_row, CASE"
            " WHEN t.load_id IS NULL THEN 'new'"
            f" WHEN {same} THEN CASE WHEN b._given AND b.observed_at > t.observed_at THEN 'seen' ELSE 'same' END"
            " WHEN b.observed_at > t.observed_at THEN 'changed'"
            f" WHEN b.observed_at = t.observed_at AND {later_by_content} THEN 'changed'"
            " ELSE 'older' END AS action"
            f" FROM temp.batch AS b LEFT JOIN {self.target} AS t ON {self._same_key('b', 't')}"
        )
        chosen = (
            f"SELECT {self._listed('b.')} FROM temp.batch AS b"
            " JOIN temp.delta AS d ON b.rowid = d.batch_row WHERE d.action"
        )
        self._note_former_references()
        updates = ", ".join(f"{quoted(column)} = s.{quoted(column)}" for column in self.columns)
        if self._exists("temp.delta WHERE action IN ('changed', 'seen')"):
            self.connection.execute(
                f"MERGE INTO {self.target} AS t USING ({chosen} IN ('changed', 'seen')) AS s"
                f" ON ({self._same_key('t', 's')}) WHEN MATCHED THEN UPDATE SET {updates}"
            )
        self.connection.execute(f"INSERT INTO {self.target} ({self._listed()}) {chosen} = 'new'")
        new, changed = self._row(
            "SELECT count(*) FILTER (action = 'new'), count(*) FILTER (action = 'changed') FROM temp.delta"
        )
        self.connection.execute("DROP TABLE temp.delta")
        return new, changed

    def _note_former_references(self) -> None:
        """Note which change a row named before it names another: the facts of both have to be made again."""
        named = [c.hashed_name for c in self.table.table_columns() if c.parent == CHANGE and not c.key]
        for change in named:
            self.connection.execute(
                "INSERT INTO warehouse.former_references"
                f" SELECT {literal(self.name)}, {self.load_id}, t.{change}"
                " FROM temp.delta AS d JOIN temp.batch AS b ON b.rowid = d.batch_row"
                f" JOIN {self.target} AS t ON {self._same_key('b', 't')}"
                f" WHERE d.action = 'changed' AND t.{change} IS NOT NULL AND t.{change} IS DISTINCT FROM b.{change}"
            )

    def _note_set_reading(self, reading: SetReading) -> None:
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE reading AS SELECT DISTINCT unnest(?::VARCHAR[]) AS parent_id",
            [list(reading.ids)],
        )
        self.connection.execute(
            "MERGE INTO warehouse.set_readings AS t USING temp.reading AS s"
            f' ON (t."table" = {literal(self.name)} AND t."column" = {literal(reading.column)}'
            " AND t.parent_id = s.parent_id)"
            f" WHEN MATCHED AND t.observed_at < {reading.observed_at}"
            f" THEN UPDATE SET observed_at = {reading.observed_at}, load_id = {self.load_id}"
            f" WHEN NOT MATCHED THEN INSERT VALUES ({literal(self.name)}, {literal(reading.column)}, s.parent_id,"
            f" {reading.observed_at}, {self.load_id})"
        )

    def _take_back_what_a_later_reading_lacks(self) -> None:
        """Rows from before the newest reading of their set come as tombstones: that reading would have shown them."""
        columns = self.connection.execute(
            'SELECT DISTINCT "column" FROM warehouse.set_readings WHERE "table" = ?', [self.name]
        ).fetchall()
        for (column,) in columns:
            self.connection.execute(
                "UPDATE temp.batch SET deleted = true, observed_at = r.observed_at FROM warehouse.set_readings AS r"
                f' WHERE r."table" = {literal(self.name)} AND r."column" = {literal(column)}'
                f" AND r.parent_id = batch.{quoted(column)} AND batch.observed_at < r.observed_at"
            )

    def _take_back_what_this_reading_lacks(self, reading: SetReading) -> int:
        newest = (
            "SELECT r.parent_id FROM warehouse.set_readings AS r"
            " SEMI JOIN temp.reading AS s ON r.parent_id = s.parent_id"
            f' WHERE r."table" = {literal(self.name)} AND r."column" = {literal(reading.column)}'
            f" AND r.observed_at = {reading.observed_at}"
        )
        condition = f"{quoted(reading.column)} IN ({newest}) AND observed_at < {reading.observed_at}"
        return self.take_back(condition, reading.observed_at)
