"""Dagster's way in: every stage and schedule that lies in the folders, and nothing written twice.

A file in `stages/` or `schedules/` is loaded because it is there. Two things are made here because they need to know
all stages: a check per published table, from its schema, and the snapshot that waits for all of them.
"""

import importlib
import os
import pkgutil
from pathlib import Path

import dagster as dg

from pipelines import schedules, stages
from pipelines.build_resource import BuildResource
from pipelines.snapshot_asset import snapshot_of
from pipelines.table_checks import check_of
from schemas.published import all_tables
from schemas.workspace import Workspace, load_workspace

BUILD_JOB = "build"
BUILD_DESCRIPTION = "Everything: facts, metrics, verdicts, and one snapshot of them."


def load(workspace: Workspace) -> dg.Definitions:
    """All assets, checks, jobs and schedules for a workspace."""
    found = dg.load_assets_from_package_module(stages, include_specs=True)
    made = {key.to_user_string() for asset in found if isinstance(asset, dg.AssetsDefinition) for key in asset.keys}
    published = sorted(made & set(all_tables()))
    timed = [
        importlib.import_module(f"{schedules.__name__}.{each.name}")
        for each in pkgutil.iter_modules(schedules.__path__)
    ]
    return dg.Definitions(
        assets=[*found, snapshot_of(published)],
        asset_checks=[check_of(all_tables()[name]) for name in published],
        jobs=[
            dg.define_asset_job(
                BUILD_JOB,
                selection=dg.AssetSelection.all(),
                description=BUILD_DESCRIPTION,
                config={"resources": {"build": {"config": {"workspace": str(workspace.root), "fresh": True}}}},
            )
        ],
        schedules=[module.schedule(workspace, BUILD_JOB) for module in timed],
        resources={"build": BuildResource(workspace=str(workspace.root))},
        executor=dg.in_process_executor,
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """What Dagster's own commands load: the workspace that PLUMBLINE_WORKSPACE names, else the current folder."""
    return load(load_workspace(Path(os.environ.get("PLUMBLINE_WORKSPACE", "."))))
