"""The registers that briefs tell of, as they stood at the cut, and the rows that still wait for a parent.

Kept with the snapshot, so that a brief is made from the snapshot alone; internal, because the contract publishes none
of them.
"""

from metrics.facts.cut import cut_query
from pipelines.brief_settings import write_brief_settings
from pipelines.brief_tables import ORPHANS, REGISTER_PREFIX, REGISTERS
from pipelines.build_store import BuildStore
from pipelines.roi_tables import ROI_REGISTERS
from pipelines.stage import Made, asset
from schemas.events import all_tables

KEPT = (*REGISTERS, *ROI_REGISTERS)


@asset(deps=list(KEPT), group_name="briefs", kinds={"parquet"})
def registers_at_cut(build: BuildStore) -> Made:
    """What people wrote down, as it stood at the cut, how many rows wait for a parent, and what briefs are set to."""
    rows = {}
    for name in KEPT:
        model = all_tables()[name]
        columns = ", ".join(
            column.name for column in model.table_columns() if column.name not in ("observed_at", "deleted")
        )
        query = f"select {columns} from ({cut_query(name, model, build.cut.as_of)})"
        table = build.write(f"{REGISTER_PREFIX}{name}", query, order_by=model.table_key(), internal=True)
        rows[name] = table.rows
    orphans = 'select "table", "column", parent, rows from warehouse.orphans where rows > 0'
    build.write(ORPHANS, orphans, order_by=['"table"', '"column"'], internal=True)
    write_brief_settings(build)
    return Made(rows)
