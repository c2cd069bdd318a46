"""Loading a folder of event files: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pipelines.intake.batch import take_in
from pipelines.intake.books import Load, TableReport, count_orphans, next_load_id
from pipelines.intake.forms import SUFFIXES, suffix_of
from pipelines.intake.raw import RawStore
from pipelines.warehouse import Warehouse, translated_errors
from schemas.errors import InputError
from schemas.events import all_tables

FILES = "files"
"""Source of what comes by ``plumbline load``."""


@dataclass(frozen=True)
class LoadReport:
    """What a load brought.

    Attributes:
        tables: One report a file, in the order of loading.
        ignored: Files of the folder that name no event table.
        orphans: By table, then column, living rows of the warehouse whose parent is unknown.
    """

    tables: tuple[TableReport, ...]
    ignored: tuple[str, ...] = ()
    orphans: dict[str, dict[str, int]] = field(default_factory=dict)


def event_files(folder: Path) -> tuple[list[Path], list[str]]:
    """The event files of a folder, by table, and the names of other files that look like data.

    Raises:
        InputError: There is no such folder, or no event file in it.
    """
    if not folder.is_dir():
        raise InputError(
            "is no folder" if folder.exists() else "does not exist", str(folder), "name a folder of event files"
        )
    found, ignored = [], []
    for path in sorted(folder.iterdir()):
        suffix = suffix_of(path)
        if suffix and path.name.removesuffix(suffix) in all_tables():
            found.append(path)
        elif suffix:
            ignored.append(path.name)
    if not found:
        raise InputError(
            "holds no event file", str(folder), f"files are named <table>{'|'.join(SUFFIXES[::2])}, such as changes.csv"
        )
    return found, ignored


def load_folder(
    warehouse: Warehouse, folder: Path, *, now: datetime | None = None, on_file: Callable[[Path], None] | None = None
) -> LoadReport:
    """Load every event file of a folder in one transaction.

    Args:
        warehouse: Open for writing.
        folder: Holds ``<table>.(parquet|csv|ndjson)``, packed with gzip or not.
        now: The instant of loading; the present one by default.
        on_file: Called with each file before it is read.

    Raises:
        InputError: A file cannot be parsed; nothing of the load is kept.
        StorageFull: There is no room; nothing of the load is kept.
    """
    now = now or datetime.now(UTC)
    files, ignored = event_files(folder)
    store = RawStore(warehouse.workspace.raw)
    reports = []
    try:
        with warehouse.transaction():
            for path in files:
                if on_file:
                    on_file(path)
                reports.append(_load_file(warehouse, store, path, now))
            orphans = count_orphans(warehouse.connection, (report.table for report in reports))
    except BaseException:
        store.forget_added()
        raise
    return LoadReport(
        tuple(replace(report, orphans=orphans.get(report.table, {})) for report in reports), tuple(ignored), orphans
    )


def _load_file(warehouse: Warehouse, store: RawStore, path: Path, now: datetime) -> TableReport:
    suffix = suffix_of(path)
    table = all_tables()[path.name.removesuffix(suffix)]
    with translated_errors(path):
        kept = store.keep(path, suffix)
    load = Load(
        next_load_id(warehouse.connection), FILES, path.name, now, kept.name, kept.name, warehouse.workspace.timezone
    )
    return take_in(warehouse.connection, table, kept, load, shown=path)
