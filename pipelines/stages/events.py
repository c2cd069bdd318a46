"""The event tables: what `load` and `ingest` brought, and the registers, which every build reads again."""

import sys
from collections.abc import Iterator

from pipelines.build_store import BuildStore
from pipelines.hooks.spool import Spool
from pipelines.intake.registers import load_registers, registers_changed
from pipelines.stage import Asked, Asset, Made, assets
from pipelines.warehouse import Warehouse
from schemas.events import all_tables

PULL = "pull"
"""Whether to pull from the configured sources first, from where the last pull ended."""


@assets(
    [
        Asset(
            name,
            group_name="registers" if table.table_about().is_register else "events",
            description=table.table_grain(),
            kinds=frozenset({"duckdb"}),
        )
        for name, table in all_tables().items()
    ],
    settings={PULL: False},
)
def events(build: BuildStore, asked: Asked) -> Iterator[Made]:
    """Pull if asked to, take in what was delivered, read the registers that changed, and count what there is."""
    if asked.settings[PULL] and build.workspace.sources:
        _pull(build, asked)
    _take_in_deliveries(build, asked)
    _read_registers(build)
    for name in all_tables():
        counted = build.connection.execute(f"select count(*), max(observed_at) from {name}").fetchone() or (0, None)
        newest = {"newest": str(counted[1])} if counted[1] else {}
        yield Made({"rows": counted[0], **newest}, name)


def _pull(build: BuildStore, asked: Asked) -> None:
    """Read all sources; one that could not be read to its end stops nothing: what arrived is kept, its state tells."""
    from pipelines.ingest import ingest_sources  # builds that talk to no host do not wait for what could
    from pipelines.ingest_progress import PlainProgress

    build.close_warehouse()
    for report in ingest_sources(build.workspace, (), PlainProgress(sys.stderr)):
        if report.error:
            asked.warn(str(report.error))


def _take_in_deliveries(build: BuildStore, asked: Asked) -> None:
    """Take in what hosts have pushed since the last build; not when only the past is asked for."""
    if build.cut.known_at is not None or not Spool(build.workspace.state).has_waiting(build.workspace.hooks):
        return
    from pipelines.hooks.take_in import take_in_deliveries

    build.close_warehouse()
    for report in take_in_deliveries(build.workspace):
        if report.error:
            asked.warn(str(report.error))


def _read_registers(build: BuildStore) -> None:
    """Take the registers in where a file differs from what was read last; not when only the past is asked for."""
    if build.cut.known_at is not None or not registers_changed(build.warehouse):
        return
    build.close_warehouse()
    with Warehouse.open(build.workspace, write=True) as warehouse:
        load_registers(warehouse)
