"""The last stage of a build. It is made for the tables that the others make, so that no stage has to be named here."""

from collections.abc import Sequence

from pipelines.build_store import BuildStore
from pipelines.publish import publish
from pipelines.stage import Made, Stage, asset
from pipelines.versions_in_force import mixed_versions
from schemas.errors import PlumblineError
from schemas.published import all_tables

SNAPSHOT = "snapshot"


def snapshot_of(upstream: Sequence[str]) -> Stage:
    """The stage `snapshot`, downstream of what it publishes and of its checks."""

    @asset(deps=upstream, group_name="publish", kinds={"json"})
    def snapshot(build: BuildStore) -> Made:
        """One published state of everything, that the dashboard, exports and briefs read. Never changed."""
        missing = sorted(set(upstream) & set(all_tables()) - set(build.tables()))
        if missing:
            what = f"{', '.join(missing)} belong to another cut than the rest"
            raise PlumblineError(what, str(build.workspace.root), "materialise everything, or run `plumbline build`")
        if mixed := mixed_versions(build):
            raise PlumblineError(mixed, str(build.workspace.root), "materialise everything, or run `plumbline build`")
        manifest = publish(build)
        rows = sum(table.rows for table in manifest.tables.values())
        return Made({"snapshot_id": manifest.snapshot_id, "rows": rows})

    return snapshot
