"""What the intake noted, as published tables: rejected rows, and the freshness of every source."""

import dagster as dg

from pipelines.build_store import BuildStore
from schemas.published.quarantine import Quarantine
from schemas.published.source_status import SourceStatus
from schemas.sql import quoted
from schemas.tables import PublishedTable


def _copy(table: type[PublishedTable]) -> dg.AssetsDefinition:
    name = table.table_name()
    columns = [quoted(column.name) for column in table.table_columns()]

    @dg.asset(name=name, group_name="sources", description=table.table_grain(), kinds={"parquet"})
    def books(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
        query = f"select {', '.join(columns)} from warehouse.{name}"
        return dg.MaterializeResult(metadata={"rows": build.write(name, query, order_by=columns).rows})

    return books


quarantine = _copy(Quarantine)
source_status = _copy(SourceStatus)
