"""What a pull leaves behind: raw records by content, rows in the warehouse, and the cursor, a batch at a time.

A batch is one transaction: rows, books and cursor are kept together or not at all, so that a pull may be killed
anywhere.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.connectors.base import RECORD_COLUMN, Batch, Conformed, Cursor, RawRecord, Stream
from pipelines.intake.books import TableReport, update_source_status
from pipelines.intake.raw import RawStore
from pipelines.intake.records import ingest_records, refresh_orphans
from pipelines.warehouse import Warehouse, translated_errors
from schemas.events import all_tables
from schemas.sql import quoted


@dataclass(frozen=True)
class Outcome:
    """Rows of one table by what became of them."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.read + other.read,
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.quarantined + other.quarantined,
        )

    @classmethod
    def of(cls, report: TableReport) -> "Outcome":
        """What the intake says of one batch."""
        return cls(report.read, report.new, report.changed, report.unchanged, report.quarantined)


class IngestStore:
    """The warehouse as one source's pull sees it; also the `Knowledge` that connectors may ask.

    `touched` gathers the names of the tables that were written to, over several stores of one pull.
    """

    def __init__(self, warehouse: Warehouse, source: str, touched: set[str] | None = None) -> None:
        self._warehouse = warehouse
        self._source = source
        self._raw = RawStore(warehouse.workspace.raw)
        self._touched = set() if touched is None else touched

    def cursors(self) -> dict[str, Cursor]:
        """The saved cursors by stream."""
        sql = 'SELECT stream, "cursor" FROM warehouse.source_status WHERE source = ? AND "cursor" IS NOT NULL'
        return {row["stream"]: json.loads(row["cursor"]) for row in self._warehouse.rows(sql, [self._source])}

    def ids(self, table: str, repo_id: str, **equals: str) -> Sequence[str]:
        """Keys of the living rows of `table` that belong to `repo_id` and have these values."""
        key = quoted(all_tables()[table].table_key()[0])
        conditions = "".join(f" AND {quoted(column)} = ?" for column in equals)
        sql = f"SELECT {key} AS id FROM warehouse.{table} WHERE NOT deleted AND repo_id = ?{conditions} ORDER BY id"
        return [row["id"] for row in self._warehouse.rows(sql, [repo_id, *equals.values()])]

    def keep(self, stream: Stream, batch: Batch, conformed: Conformed, requests: int) -> dict[str, Outcome]:
        """Store a batch whole; by table, what became of its rows.

        Until the batch that completes it, a stream stands as partial: that is what it is if the pull is killed now.
        """
        frames = {**{table: _no_rows(table) for table in conformed.complete_sets}, **conformed.frames}
        outcomes: dict[str, Outcome] = {}
        with self._warehouse.transaction():
            raw_file = self._keep_raw(batch.records) if batch.records else ""
            for table, frame in frames.items():
                report = ingest_records(
                    self._warehouse,
                    source=self._source,
                    stream=stream.name,
                    table=table,
                    records=frame,
                    raw_file=raw_file,
                    fetched_at=batch.observed_at,
                    observed_at=batch.observed_at,
                    complete_set_of=conformed.complete_sets.get(table, ()),
                )
                outcomes[table] = Outcome.of(report)
            update_source_status(
                self._warehouse.connection,
                self._source,
                stream.name,
                fetched_at=batch.observed_at,
                state="complete" if batch.complete else "partial",
                cursor=None if batch.cursor is None else json.dumps(batch.cursor, separators=(",", ":")),
                requests=requests,
            )
        self._touched.update(frames)
        return outcomes

    def note_end(self, stream: Stream, state: str, requests: int) -> None:
        """Write down how the reading of a stream ended; when it was last read stays as it is if nothing came."""
        where = "WHERE source = ? AND stream = ?"
        key = [self._source, stream.name]
        connection = self._warehouse.connection
        with self._warehouse.transaction():
            if self._warehouse.rows(f"SELECT 1 FROM warehouse.source_status {where}", key):
                update = f"UPDATE warehouse.source_status SET state = ?, requests = ? {where}"
                connection.execute(update, [state, requests, *key])
            else:
                insert = (
                    "INSERT INTO warehouse.source_status (source, stream, rows, requests, state) VALUES (?, ?, 0, ?, ?)"
                )
                connection.execute(insert, [*key, requests, state])

    def count_orphans(self) -> None:
        """Count again which of the rows that came wait for their parents; once, when all streams are through."""
        with self._warehouse.transaction():
            refresh_orphans(self._warehouse, sorted(self._touched))

    def _keep_raw(self, records: Sequence[RawRecord]) -> str:
        lines = (json.dumps(record.as_json(), ensure_ascii=False, separators=(",", ":")) for record in records)
        content = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
        with translated_errors(self._raw.folder):
            return self._raw.keep_bytes(content, ".ndjson.gz").name


def _no_rows(table: str) -> pl.DataFrame:
    names = [column.name for column in all_tables()[table].table_columns()]
    return pl.DataFrame(schema={RECORD_COLUMN: pl.Int64, **dict.fromkeys(names, pl.String)})
