"""Every published row tells by which version of which definition it was made, and a snapshot knows one of each."""

from dataclasses import replace
from datetime import date
from typing import cast

import duckdb
import pytest

from metrics.definitions import all_metrics
from metrics.model import Metric, Revision
from pipelines.build_store import BuildStore
from pipelines.snapshot_reader import open_snapshot
from pipelines.stages import metrics as stage
from pipelines.stages.metrics import metric_key
from pipelines.versions_in_force import BEARING, mixed_versions, versions_in_force
from schemas.errors import PlumblineError
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace
from tests.pipelines.test_single_stages import SNAPSHOT, built, materialise

__all__ = ["built"]
LOG = """values ('metric', 'pace', '1.9.0', date '2026-11-21'), ('metric', 'pace', '1.10.0', date '2026-11-21'),
    ('metric', 'pace', '2.0.0', date '2026-01-01'), ('constraint', 'poise', '1', date '2026-01-01')"""


def test_the_log_says_which_version_made_every_published_row(demo_workspace: Workspace) -> None:
    with open_snapshot(demo_workspace) as snapshot:
        for table, column in BEARING.items():
            rows = snapshot.rows(f'select distinct "{column}" as id, version from {table}')
            assert rows
            assert len({row["id"] for row in rows}) == len(rows), f"{table}: one version of each"
            logged = snapshot.rows(f"select id, version from definition_log where kind = '{column}'")
            assert all({"id": row["id"], "version": row["version"]} in logged for row in rows), table
            in_force = snapshot.manifest.definitions
            assert all(in_force[str(row["id"])] == row["version"] for row in rows), table


def test_a_metric_run_again_in_a_new_version_is_not_published_beside_what_the_old_one_made(
    built: Workspace,  # noqa: F811 -- the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = SnapshotFolder(built.state)
    served = folder.current_id()
    metric = all_metrics()["pr_cycle_time"]
    why = Revision(version="9.0.0", effective_at=date(2027, 1, 1), change="Otherwise.")
    renewed = replace(metric, revisions=(*metric.revisions, why))
    known: dict[str, Metric] = {**all_metrics(), metric.id: renewed}
    monkeypatch.setattr(stage, "all_metrics", lambda: known)
    says = f"pr_cycle_time stands in version {metric.version} and 9.0.0, .*; materialise everything"
    with pytest.raises(PlumblineError, match=says):
        materialise(built, metric_key(metric.id), "metric_values", SNAPSHOT)
    assert folder.current_id() == served


class Tables:
    """A build of a few rows."""

    def __init__(self, **selects: str) -> None:
        """Tables by name."""
        self.connection = duckdb.connect()
        self._names = list(selects)
        for name, select in selects.items():
            self.connection.execute(f"create view {name} as {select}")

    def tables(self) -> list[str]:
        """Their names."""
        return self._names


def build(**selects: str) -> BuildStore:
    return cast(BuildStore, Tables(**selects))


def log() -> str:
    return f"select * from ({LOG}) as log(kind, id, version, effective_at)"


def test_of_two_versions_of_one_day_the_higher_number_is_in_force() -> None:
    assert versions_in_force(build(definition_log=log())) == {"pace": "1.10.0", "poise": "1"}
    assert versions_in_force(build()) == {}


def test_what_is_mixed_or_unknown_is_named() -> None:
    def said(metric: str, version: str) -> str | None:
        rows = f"select '{metric}' as metric, '{version}' as version"
        return mixed_versions(build(definition_log=log(), metric_values=rows))

    assert said("pace", "1.10.0") is None
    assert said("pace", "1.9.0") == "the metric pace stands in version 1.9.0, the definition log has 1.10.0 in force"
    assert said("race", "1") == "the metric race stands in version 1, the definition log has none in force"
