"""Kept deliveries into the warehouse: read one by one, and stored as batches of one source, `hooks`.

Each delivery is read beside the row that is there already (from a pull, a file or an earlier delivery), because it
shows less than a pull does. One that cannot be read is set aside with the reason, and stops no other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipelines.connectors.base import (
    RECORD_COLUMN,
    Batch,
    Conformed,
    RawRecord,
    Row,
    Stream,
    format_instant,
    parse_instant,
    text_frame,
)
from pipelines.hooks.prepared import PreparedHook, prepared_hooks
from pipelines.hooks.spool import Spool, Waiting, deliveries
from pipelines.ingest import StreamReport
from pipelines.ingest_store import IngestStore
from pipelines.warehouse import Warehouse
from schemas.errors import InputError
from schemas.events import all_tables
from schemas.hook_settings import HOOKS
from schemas.quoting import quoted
from schemas.workspace import Workspace

BATCH = 200
"""Deliveries that are stored in one transaction."""


def take_in_deliveries(workspace: Workspace) -> list[StreamReport]:
    """Take in what waits; one report per hook to which something was sent. Opens the warehouse only if there is.

    Raises:
        ConfigurationError: A hook to which something was sent cannot be read by its settings.
        WarehouseLocked: Another process writes the warehouse; what waits goes on waiting.
    """
    spool = Spool(workspace.state)
    if not spool.has_waiting(workspace.hooks):
        return []
    hooks = prepared_hooks(workspace, {})
    with Warehouse.open(workspace, write=True) as warehouse:
        store = IngestStore(warehouse, HOOKS)
        reports = [_take_in(hook, spool, store, warehouse) for hook in hooks]
        store.count_orphans()
    return [report for report in reports if report is not None]


def _take_in(hook: PreparedHook, spool: Spool, store: IngestStore, warehouse: Warehouse) -> StreamReport | None:
    stream = Stream("deliveries", hook.name)
    report = None
    while waiting := spool.waiting(hook.name, BATCH):
        report = report or StreamReport(HOOKS, stream.name)
        reading = Reading(hook, warehouse)
        for each in waiting:
            reading.read(each)
        fetched_at = waiting[-1].delivery.received_at
        report.add(store.keep(stream, Batch(reading.raw, fetched_at, None, complete=True), reading.conformed(), 0))
        # A crash between the two takes the same in again, which changes nothing.
        spool.settle([each.number for each in waiting], reading.unreadable)
        if reading.unreadable:
            reason = next(iter(reading.unreadable.values()))
            what = f"{deliveries(len(reading.unreadable))} could not be read ({reason})"
            report.error = InputError(what, f'hook "{hook.name}"', "kept, and counted by `plumbline status`")
    return report


@dataclass
class Reading:
    """A batch of deliveries on its way to rows. `unreadable` holds reasons by the delivery's number."""

    hook: PreparedHook
    warehouse: Warehouse
    raw: list[RawRecord] = field(default_factory=list)
    unreadable: dict[int, str] = field(default_factory=dict)
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _known: dict[tuple[str, tuple[Any, ...]], Row | None] = field(default_factory=dict)

    def read(self, waiting: Waiting) -> None:
        """Read one delivery; it becomes a raw record as it came, whatever it stands for."""
        delivery = waiting.delivery
        try:
            payload = json.loads(delivery.body)
            rows = self._rows_of(delivery.event, payload, delivery.received_at)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            self.unreadable[waiting.number] = f"{delivery.event}: {type(error).__name__}: {error}"
            return
        envelope = {"event": delivery.event, "received_at": format_instant(delivery.received_at), "payload": payload}
        self.raw.append(RawRecord("delivery", delivery.content_hash, self.hook.name, envelope))
        for table, found in rows.items():
            self._rows.setdefault(table, []).extend(found)
            for row in found:
                self._remember(table, row)

    def conformed(self) -> Conformed:
        """The rows of all deliveries read."""
        return Conformed({table: text_frame(_even(rows)) for table, rows in self._rows.items()})

    def _rows_of(self, event: str, payload: Any, received_at: datetime) -> dict[str, list[Row]]:  # noqa: ANN401
        sender = self.hook.sender
        if not sender.knows(event):
            return {}
        shown = sender.shown(event, payload, received_at)
        if not shown.records:
            return {}
        instant = {RECORD_COLUMN: len(self.raw), "observed_at": format_instant(shown.at)}
        settled: dict[str, list[Row]] = {}
        # Sets of commits and reviews are never whole in a delivery, so none of them is taken for complete.
        for table, frame in sender.conform(shown.records).frames.items():
            for given in frame.to_dicts():
                row = sender.settled(table, given, self._row_known(table, given))
                if row is not None:
                    settled.setdefault(table, []).append({**row, **instant})
        return settled

    def _row_known(self, table: str, row: Row) -> Row | None:
        """The row of the same key that is there, from this batch or the warehouse, as text; None without one."""
        key = tuple(row[name] for name in all_tables()[table].table_key())
        if (table, key) not in self._known:
            self._known[table, key] = self._stored(table, key)
        return self._known[table, key]

    def _stored(self, table: str, key: Sequence[Any]) -> Row | None:
        model = all_tables()[table]
        condition = " AND ".join(f"{quoted(name)} = ?" for name in model.table_key())
        found = self.warehouse.rows(f"SELECT * FROM warehouse.{table} WHERE {condition}", list(key))
        return {name: _as_text(value) for name, value in found[0].items()} if found else None

    def _remember(self, table: str, row: Row) -> None:
        """What the next delivery of the batch meets, unless this one shows an older state than what is there."""
        known = self._row_known(table, row)
        if known is None or parse_instant(row["observed_at"]) >= parse_instant(known["observed_at"]):
            key = tuple(row[name] for name in all_tables()[table].table_key())
            self._known[table, key] = {**(known or {}), **row}


def _even(rows: Sequence[Row]) -> list[Row]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


def _as_text(value: object) -> object:
    """A stored value as a connector gives it: instants as ISO-8601 text in UTC, whole lists, the rest as text."""
    if isinstance(value, datetime):
        return format_instant(value.replace(tzinfo=UTC))
    return value if value is None or isinstance(value, list | bool) else str(value)
