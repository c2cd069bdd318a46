"""All stages of a build, found because they are there, and the order in which they can be made.

A file in `stages/` is part of the build; nothing is written twice. What makes a table waits for what makes the tables
that it names; the snapshot waits for all that it publishes.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from graphlib import TopologicalSorter

from pipelines import stages
from pipelines.snapshot_stage import SNAPSHOT, snapshot_of
from pipelines.stage import Stage
from schemas.published import all_tables

TOLD = "alerts"
"""The group of what tells of a snapshot: part of a build, after it."""


def all_stages() -> list[Stage]:
    """The stages of all files, by file, and last the snapshot that waits for them."""
    names = sorted(module.name for module in pkgutil.iter_modules(stages.__path__))
    modules = [importlib.import_module(f"{stages.__name__}.{name}") for name in names]
    found = [each for module in modules for each in vars(module).values() if isinstance(each, Stage)]
    return [*found, snapshot_of(_before_snapshot(found))]


def stages_in_order() -> dict[Stage, frozenset[Stage]]:
    """The stages of a build, each after those that it waits for, which stand beside it.

    A build makes everything up to the snapshot, and word of it.
    """
    found = all_stages()
    makers = {name: stage for stage in found for name in stage.names}
    awaited = {stage: frozenset(makers[dep] for dep in stage.deps if dep in makers) for stage in found}
    wanted = {makers[SNAPSHOT], *(each for each in found if any(asset.group_name == TOLD for asset in each.assets))}
    while more := {each for stage in wanted for each in awaited[stage]} - wanted:
        wanted |= more
    of_build = {stage: awaited[stage] for stage in found if stage in wanted}
    return {stage: awaited[stage] for stage in TopologicalSorter(of_build).static_order()}


def _before_snapshot(found: Sequence[Stage]) -> list[str]:
    """What the snapshot waits for: every published table, and whatever nothing else waits for."""
    awaited = {dep for stage in found for dep in stage.deps}
    after = {name for stage in found if SNAPSHOT in stage.deps for name in stage.names}
    return sorted(
        name
        for name in {name for stage in found for name in stage.names} - after
        if name in all_tables() or name not in awaited
    )
