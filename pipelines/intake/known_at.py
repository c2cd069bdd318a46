"""The warehouse as it was known at an instant: the kept files, replayed in the order in which they came."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipelines.intake.batch import take_in
from pipelines.intake.books import Load, count_orphans, naive
from pipelines.warehouse import Warehouse
from schemas.errors import WarehouseError
from schemas.events import all_tables
from schemas.workspace import Workspace


def rebuild_known_at(workspace: Workspace, instant: datetime, target: Path) -> None:
    """Make a warehouse of what was observed by an instant.

    A row counts as observed at its ``observed_at``, and where its source gives none, at the time of its load. Registers
    count as they stood at the last build (or other reading) by then.

    Args:
        workspace: Whose kept files are replayed.
        instant: With a zone.
        target: The new warehouse file; one that is there is replaced.

    Raises:
        WarehouseError: Nothing was loaded, or a kept file is gone.
    """
    with Warehouse.open(workspace, write=False) as source:
        loads = source.rows("SELECT * FROM warehouse.loads ORDER BY load_id")
    target.unlink(missing_ok=True)
    with Warehouse.open(workspace, write=True, path=target) as rebuilt, rebuilt.transaction():
        for entry in loads:
            _replay(rebuilt, workspace, entry, instant)
        count_orphans(rebuilt.connection, all_tables())


def _replay(rebuilt: Warehouse, workspace: Workspace, entry: dict[str, object], instant: datetime) -> None:
    if entry["is_register"] and entry["fetched_at"] > naive(instant):  # type: ignore[operator]
        return  # a register is a state: a later one says nothing of what was known before
    path = workspace.raw / str(entry["batch_file"])
    if not path.exists():
        raise WarehouseError(
            "a kept raw file is gone", str(path), "put it back; without it what was known cannot be told"
        )
    load = Load(
        load_id=entry["load_id"],  # type: ignore[arg-type]
        source=str(entry["source"]),
        stream=str(entry["stream"]),
        fetched_at=entry["fetched_at"],  # type: ignore[arg-type]
        raw_file=str(entry["raw_file"]),
        batch_file=str(entry["batch_file"]),
        zone=str(entry["zone"]),
        is_register=bool(entry["is_register"]),
        observed_at=entry["observed_at"],  # type: ignore[arg-type]
        set_column=str(entry["set_column"] or ""),
        set_ids=tuple(entry["set_ids"] or ()),  # type: ignore[arg-type]
    )
    if load.set_column and load.observed_at and naive(load.observed_at) > naive(instant):
        return  # such a reading would take back rows that were known
    take_in(rebuilt.connection, all_tables()[str(entry["table"])], path, load, known_at=instant)
