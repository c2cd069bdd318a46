"""The event tables: what `load` and `ingest` brought, and the registers, which every build reads again."""

from collections.abc import Iterator

import dagster as dg

from pipelines.build_store import BuildStore
from pipelines.intake.registers import load_registers, registers_changed
from pipelines.warehouse import Warehouse
from schemas.events import all_tables


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            group_name="registers" if table.table_about().is_register else "events",
            description=table.table_grain(),
            kinds={"duckdb"},
        )
        for name, table in all_tables().items()
    ],
)
def events(build: dg.ResourceParam[BuildStore]) -> Iterator[dg.MaterializeResult[None]]:
    """Read the registers that changed, and count what there is."""
    read_registers(build)
    for name in all_tables():
        counted = build.connection.execute(f"select count(*), max(observed_at) from {name}").fetchone() or (0, None)
        newest = {"newest": str(counted[1])} if counted[1] else {}
        yield dg.MaterializeResult(name, metadata={"rows": counted[0], **newest})


def read_registers(build: BuildStore) -> None:
    """Take the registers in where a file differs from what was read last; not when only the past is asked for."""
    if build.cut.known_at is not None or not registers_changed(build.warehouse):
        return
    build.close_warehouse()
    with Warehouse.open(build.workspace, write=True) as warehouse:
        load_registers(warehouse)
