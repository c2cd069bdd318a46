"""What the intake noted, as published tables: rejected rows, and the freshness of every source."""

from pipelines.build_store import BuildStore
from pipelines.stage import Made, Stage, asset
from schemas.published.quarantine import Quarantine
from schemas.published.source_status import SourceStatus
from schemas.sql import quoted
from schemas.tables import PublishedTable


def _copy(table: type[PublishedTable]) -> Stage:
    name = table.table_name()
    columns = [quoted(column.name) for column in table.table_columns()]

    @asset(name=name, group_name="sources", description=table.table_grain(), kinds={"parquet"})
    def books(build: BuildStore) -> Made:
        query = f"select {', '.join(columns)} from warehouse.{name}"
        return Made({"rows": build.write(name, query, order_by=columns).rows})

    return books


quarantine = _copy(Quarantine)
source_status = _copy(SourceStatus)
