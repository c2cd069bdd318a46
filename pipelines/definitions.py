"""Dagster's way in: every stage, schedule and sensor that lies in the folders, and nothing written twice.

A file in `stages/`, `schedules/` or `sensors/` is loaded because it is there. Two things are made here because
they need to know all stages: a check per published table, from its schema, and the snapshot that waits for all of them.
"""

import importlib
import os
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg

from pipelines import schedules, sensors, stages
from pipelines.build_resource import BuildResource
from pipelines.jobs import BRIEF_JOB, BUILD_JOB, ROI_JOB
from pipelines.snapshot_asset import SNAPSHOT, snapshot_of
from pipelines.table_checks import check_of
from schemas.published import all_tables
from schemas.workspace import Workspace, load_workspace

BUILT = dg.AssetSelection.assets(SNAPSHOT).upstream() | dg.AssetSelection.groups("alerts")
"""What a build makes: everything up to the snapshot, and word of it."""


def assets() -> list[dg.AssetsDefinition]:
    """The assets of all stages, and the snapshot that waits for them."""
    # Dagster's own loader asks every attribute of every module what it is: a third of a second.
    declared = (each for module in _modules_of(stages) for each in vars(module).values())
    found = [each for each in declared if isinstance(each, dg.AssetsDefinition)]
    return [*found, snapshot_of(_before_snapshot([spec for asset in found for spec in asset.specs]))]


def load(workspace: Workspace) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors for a workspace."""
    found = assets()
    published = sorted({key.to_user_string() for asset in found for key in asset.keys} & set(all_tables()))
    # A whole job rests on nothing that earlier runs left.
    whole = {
        "resources": {"build": {"config": {"workspace": str(workspace.root), "fresh": True}}},
        "loggers": {"console": {"config": {"log_level": "WARNING"}}},
    }
    return dg.Definitions(
        assets=found,
        asset_checks=[check_of(all_tables()[name]) for name in published],
        jobs=[
            dg.define_asset_job(BUILD_JOB, BUILT, config=whole),
            dg.define_asset_job(BRIEF_JOB, BUILT | dg.AssetSelection.assets("monthly_brief"), config=whole),
            dg.define_asset_job(ROI_JOB, BUILT | dg.AssetSelection.assets("roi_report"), config=whole),
        ],
        schedules=[module.schedule(workspace) for module in _modules_of(schedules)],
        sensors=[module.sensor(workspace) for module in _modules_of(sensors)],
        resources={"build": BuildResource(workspace=str(workspace.root))},
        executor=dg.in_process_executor,
    )


def _modules_of(package: ModuleType) -> list[Any]:
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def _before_snapshot(specs: Sequence[dg.AssetSpec]) -> list[dg.AssetKey]:
    """What the snapshot waits for: every published table, and whatever nothing else waits for."""
    awaited = {dep.asset_key for spec in specs for dep in spec.deps}
    after = {spec.key for spec in specs if any(dep.asset_key == SNAPSHOT for dep in spec.deps)}
    published = {dg.AssetKey(name) for name in all_tables()}
    return sorted(
        spec.key for spec in specs if spec.key not in after and (spec.key in published or spec.key not in awaited)
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """What Dagster's own commands load: the workspace that PLUMBLINE_WORKSPACE names, else the current folder."""
    return load(load_workspace(Path(os.environ.get("PLUMBLINE_WORKSPACE", "."))))
