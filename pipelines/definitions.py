"""Dagster's way in: every stage, schedule and sensor that lies in the folders, and nothing written twice.

A file in `stages/`, `schedules/` or `sensors/` is loaded because it is there. A check per published table is made here,
from its schema.
"""

import importlib
import os
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg

from pipelines import schedules, sensors
from pipelines.all_stages import TOLD, all_stages
from pipelines.build_resource import BuildResource
from pipelines.dagster_assets import assets_of, check_of
from pipelines.jobs import BRIEF_JOB, BUILD_JOB, ROI_JOB
from pipelines.snapshot_stage import SNAPSHOT
from schemas.published import all_tables
from schemas.workspace import Workspace, load_workspace

BUILT = dg.AssetSelection.assets(SNAPSHOT).upstream() | dg.AssetSelection.groups(TOLD)
"""What a build makes: everything up to the snapshot, and word of it."""


def load(workspace: Workspace) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors for a workspace."""
    found = all_stages()
    published = sorted({name for stage in found for name in stage.names} & set(all_tables()))
    # A whole job rests on nothing that earlier runs left.
    whole = {
        "resources": {"build": {"config": {"workspace": str(workspace.root), "fresh": True}}},
        "loggers": {"console": {"config": {"log_level": "WARNING"}}},
    }
    return dg.Definitions(
        assets=[assets_of(stage) for stage in found],
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


@dg.definitions
def definitions() -> dg.Definitions:
    """What Dagster's own commands load: the workspace that PLUMBLINE_WORKSPACE names, else the current folder."""
    return load(load_workspace(Path(os.environ.get("PLUMBLINE_WORKSPACE", "."))))
