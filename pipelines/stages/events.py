"""The event tables: what `load` and `ingest` brought, and the registers, which every build reads again."""

import sys
from collections.abc import Iterator

import dagster as dg

from pipelines.build_store import BuildStore
from pipelines.hooks.spool import Spool
from pipelines.intake.registers import load_registers, registers_changed
from pipelines.warehouse import Warehouse
from schemas.events import all_tables


class EventsConfig(dg.Config):
    """What to do before the events are counted."""

    pull: bool = False
    """Whether to pull from the configured sources first, from where the last pull ended."""


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
def events(
    context: dg.AssetExecutionContext, config: EventsConfig, build: dg.ResourceParam[BuildStore]
) -> Iterator[dg.MaterializeResult[None]]:
    """Pull if asked to, take in what was delivered, read the registers that changed, and count what there is."""
    if config.pull and build.workspace.sources:
        _pull(context, build)
    _take_in_deliveries(context, build)
    _read_registers(build)
    for name in all_tables():
        counted = build.connection.execute(f"select count(*), max(observed_at) from {name}").fetchone() or (0, None)
        newest = {"newest": str(counted[1])} if counted[1] else {}
        yield dg.MaterializeResult(name, metadata={"rows": counted[0], **newest})


def _pull(context: dg.AssetExecutionContext, build: BuildStore) -> None:
    """Read all sources; one that could not be read to its end stops nothing: what arrived is kept, its state tells."""
    from pipelines.ingest import ingest_sources  # builds that talk to no host do not wait for what could
    from pipelines.ingest_progress import PlainProgress

    build.close_warehouse()
    for report in ingest_sources(build.workspace, (), PlainProgress(sys.stderr)):
        if report.error:
            context.log.warning(str(report.error))


def _take_in_deliveries(context: dg.AssetExecutionContext, build: BuildStore) -> None:
    """Take in what hosts have pushed since the last build; not when only the past is asked for."""
    if build.cut.known_at is not None or not Spool(build.workspace.state).has_waiting(build.workspace.hooks):
        return
    from pipelines.hooks.take_in import take_in_deliveries

    build.close_warehouse()
    for report in take_in_deliveries(build.workspace):
        if report.error:
            context.log.warning(str(report.error))


def _read_registers(build: BuildStore) -> None:
    """Take the registers in where a file differs from what was read last; not when only the past is asked for."""
    if build.cut.known_at is not None or not registers_changed(build.warehouse):
        return
    build.close_warehouse()
    with Warehouse.open(build.workspace, write=True) as warehouse:
        load_registers(warehouse)
