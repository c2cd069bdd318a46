"""The last asset of a build. It is made for the tables that the stages make, so that no stage has to be named here."""

from collections.abc import Sequence

import dagster as dg

from pipelines.build_store import BuildStore
from pipelines.publish import publish

SNAPSHOT = dg.AssetKey("snapshot")


def snapshot_of(upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset `snapshot`, downstream of what it publishes and of its checks."""

    @dg.asset(key=SNAPSHOT, deps=list(upstream), group_name="publish", kinds={"json"})
    def snapshot(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
        """One published state of everything, that the dashboard, exports and briefs read. Never changed."""
        manifest = publish(build)
        rows = sum(table.rows for table in manifest.tables.values())
        return dg.MaterializeResult(metadata={"snapshot_id": manifest.snapshot_id, "rows": rows})

    return snapshot
