"""Registers that people keep by hand: each file is the full state of its table, read again by every build."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipelines.intake.batch import take_in
from pipelines.intake.books import Load, TableReport, count_orphans, next_load_id
from pipelines.intake.forms import suffix_of
from pipelines.intake.raw import RawStore, raw_name
from pipelines.warehouse import Warehouse, translated_errors
from schemas.errors import ConfigurationError
from schemas.events import all_tables
from schemas.quoting import literal
from schemas.workspace import Workspace

REGISTERS = "registers"
"""Source of what comes from the workspace's registers."""


def register_files(workspace: Workspace) -> list[Path]:
    """The register files of a workspace, by table.

    Raises:
        ConfigurationError: A CSV file there is named like no register.
    """
    folder = workspace.registers_folder
    names = sorted(name for name, table in all_tables().items() if table.table_about().is_register)
    files = sorted(path for path in folder.glob("*.csv*") if suffix_of(path)) if folder.is_dir() else []
    for path in files:
        if path.name.removesuffix(suffix_of(path)) not in names:
            raise ConfigurationError("is no register", str(path), f"registers are {', '.join(names)}")
    return files


def load_registers(warehouse: Warehouse, *, now: datetime | None = None) -> list[TableReport]:
    """Read the registers that changed since they were read last. A row that vanished from its file is gone.

    Rows that came by ``load`` stay, unless the register gave another version of them since.

    Args:
        warehouse: Open for writing.
        now: The instant of reading; the present one by default.

    Returns:
        One report per register that was read.

    Raises:
        InputError: A file cannot be parsed; nothing of any register is kept.
        ConfigurationError: A file is named like no register.
    """
    now = now or datetime.now(UTC)
    store = RawStore(warehouse.workspace.raw)
    reports: list[TableReport] = []
    files = register_files(warehouse.workspace)
    try:
        with warehouse.transaction():
            for path in files:
                report = _load_register(warehouse, store, path, now)
                reports += [report] if report else []
            _empty_missing(warehouse, store, {path.name for path in files}, now)
            if reports:
                count_orphans(warehouse.connection, (report.table for report in reports))
    except BaseException:
        store.forget_added()
        raise
    return reports


def registers_changed(warehouse: Warehouse) -> bool:
    """Whether any register differs from what was read last; lets a build leave the warehouse to others."""
    seen = _last_readings(warehouse)
    now = {
        path.name: (raw_name(path.read_bytes(), suffix_of(path)), warehouse.workspace.timezone)
        for path in register_files(warehouse.workspace)
    }
    gone = (name for name in seen if name not in now)
    return any(seen.get(name) != state for name, state in now.items()) or any(
        seen[name][0] != raw_name(_empty_register(name), ".csv") for name in gone
    )


def _empty_register(file_name: str) -> bytes:
    """The content of a register without rows: the header that its table needs."""
    table = all_tables()[file_name.removesuffix(suffix_of(Path(file_name)))]
    return (",".join(column.name for column in table.table_columns() if not column.has_default) + "\n").encode()


def _last_readings(warehouse: Warehouse) -> dict[str, tuple[str, str]]:
    """Raw file and time zone of the newest reading of each register file."""
    # Written out: to look at a parameter, DuckDB imports pandas, which takes longer than the rest of this.
    found = warehouse.connection.execute(
        "SELECT stream, max_by(raw_file, load_id), max_by(zone, load_id) FROM warehouse.loads"
        f" WHERE source = {literal(REGISTERS)} GROUP BY stream"
    ).fetchall()
    return {stream: (raw, zone) for stream, raw, zone in found if raw}


def _load_register(warehouse: Warehouse, store: RawStore, path: Path, now: datetime) -> TableReport | None:
    with translated_errors(path):
        kept = store.keep(path, suffix_of(path))
    if _last_readings(warehouse).get(path.name) == (kept.name, warehouse.workspace.timezone):
        return None
    return _take_in_register(warehouse, path.name, kept, now, shown=path)


def _take_in_register(
    warehouse: Warehouse, file_name: str, kept: Path, now: datetime, shown: Path | None = None
) -> TableReport:
    table = all_tables()[file_name.removesuffix(suffix_of(Path(file_name)))]
    zone, number = warehouse.workspace.timezone, next_load_id(warehouse.connection)
    load = Load(number, REGISTERS, file_name, now, kept.name, kept.name, zone, is_register=True)
    # The file is the full state: what was wrong with an earlier one is wrong no longer, unless it is found again.
    warehouse.connection.execute("DELETE FROM warehouse.quarantine WHERE source = ?", [load.origin])
    return take_in(warehouse.connection, table, kept, load, shown=shown)


def _empty_missing(warehouse: Warehouse, store: RawStore, present: set[str], now: datetime) -> None:
    """A register whose file was removed is empty."""
    for name in sorted(_last_readings(warehouse).keys() - present):
        kept = store.keep_bytes(_empty_register(name), ".csv")
        if _last_readings(warehouse)[name][0] != kept.name:
            _take_in_register(warehouse, name, kept, now)
