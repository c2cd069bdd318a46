"""Which version of every definition held from when, and why it was changed; and what readers of a snapshot look up."""

from collections.abc import Mapping
from datetime import datetime, time

import polars as pl

from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.model import Constraint, Metric
from pipelines.build_store import BuildStore
from pipelines.constraints_of import constraints_of
from pipelines.newest_verdicts import CONSTRAINTS
from pipelines.snapshot_metadata import RECORD_LINKS, constraint_rows, link_rows
from pipelines.stage import Made, asset
from schemas.published.definition_log import DefinitionLog


@asset(group_name="metrics", description=DefinitionLog.table_grain(), kinds={"parquet"})
def definition_log(build: BuildStore) -> Made:
    """Written from the definitions themselves."""
    constraints = constraints_of(build.workspace)
    kinds: dict[str, Mapping[str, Metric | Constraint]] = {"metric": all_metrics(), "constraint": constraints}
    rows = [
        {
            "kind": kind,
            "id": identifier,
            "version": revision.version,
            "effective_at": datetime.combine(revision.effective_at, time()),
            "owner": revision.owner,
            "change": revision.change,
        }
        for kind, definitions in kinds.items()
        for identifier, definition in definitions.items()
        for revision in definition.revisions
    ]
    frame = pl.DataFrame(rows, schema_overrides={"effective_at": pl.Datetime("us")})
    table = build.write("definition_log", frame, order_by=["kind", "id", "effective_at", "version"])
    build.write(CONSTRAINTS, constraint_rows(constraints, all_constraints()), internal=True)
    build.write(RECORD_LINKS, link_rows(build.workspace.links_to_records), internal=True)
    return Made({"rows": table.rows})
