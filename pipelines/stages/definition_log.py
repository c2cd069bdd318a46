"""Which version of every definition held from when, and why it was changed."""

from collections.abc import Mapping
from datetime import datetime, time

import dagster as dg
import polars as pl

from metrics.definitions import all_metrics
from metrics.model import Constraint, Metric
from pipelines.build_store import BuildStore
from pipelines.constraints_of import constraints_of
from schemas.published.definition_log import DefinitionLog


@dg.asset(group_name="metrics", description=DefinitionLog.table_grain(), kinds={"parquet"})
def definition_log(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
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
    return dg.MaterializeResult(metadata={"rows": table.rows})
