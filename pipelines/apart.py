"""Stages made in the build's companion, whose core would idle: beside the facts, and after the metrics.

Of a small organisation stages are Python, which two threads do not speed up; a second process does. It has a store of
its own on the same files and the same warehouse, which nobody writes any more once the facts are made. It is told what
has been made so far, and tells what it has made; tables lie in files, so that neither is more than names.

Belongs here: how a stage is made in another process. Does not: which one (`pipelines.lanes`).
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.build_store import BuildStore, BuiltTable, Cut
from pipelines.companion import Companion
from pipelines.metric_workers import told_of_an_end
from pipelines.stage import Stage
from schemas.workspace import Workspace


@dataclass(frozen=True)
class Stand:
    """What a store is opened with."""

    workspace: Workspace
    cut: Cut
    created_at: datetime
    is_full: bool


class Apart:
    """Makes stages of a build in its companion."""

    def __init__(self, build: BuildStore, companion: Companion) -> None:
        """Have the companion open its store, if it can while the facts are made; nothing is waited for."""
        self._build, self._companion = build, companion
        self._stand = Stand(build.workspace, build.cut, build.created_at, build.is_full)
        companion.begin(_opened, self._stand)

    def make(self, stage: Stage) -> None:
        """Make a stage there.

        Raises:
            PlumblineError: what the stage has to say, or that the process was ended from outside.
        """
        with told_of_an_end():
            self._build.take_in(
                self._companion.run(_make, self._stand, stage.function.__module__, stage.name, self._build.built)
            )

    def interrupt(self) -> None:
        """Make what runs there end with an error."""
        self._companion.close()


_store: BuildStore | None = None
"""The companion's store; None in any other process."""


def _opened(stand: Stand) -> BuildStore:
    """The store."""
    global _store  # noqa: PLW0603 -- opened once, for all stages that are made here
    if _store is None:
        store = BuildStore(stand.workspace, stand.cut, stand.created_at, is_full=stand.is_full)
        store.forget()
        assert store.connection  # noqa: S101 -- opens the warehouse
        _store = store
    return _store


def _make(stand: Stand, module: str, name: str, built: Mapping[str, BuiltTable]) -> dict[str, BuiltTable]:
    """Make a stage of a module on what has been built; gives the tables that it has made."""
    declared = vars(importlib.import_module(module)).values()
    stage = next(each for each in declared if isinstance(each, Stage) and each.name == name)
    store = _opened(stand)
    store.take_in(built)
    store.catch_up()
    before = {table: each.snapshot_table for table, each in store.built.items()}
    stage(store)
    return {table: each for table, each in store.built.items() if before.get(table) != each.snapshot_table}
