"""How Dagster's assets get at the build: one resource, opened once per run, closed with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import dagster as dg

from pipelines.build_store import BuildStore
from pipelines.open_build import open_build
from schemas.workspace import load_workspace


class BuildResource(dg.ConfigurableResource[BuildStore]):
    """The build of one workspace. `as_of` and `known_at` are ISO-8601 instants with a zone, or empty."""

    workspace: str
    as_of: str = ""
    known_at: str = ""
    full: bool = False
    """Whether nothing is taken over of what the build before has measured."""
    fresh: bool = False
    """Whether to forget what earlier runs left: a whole build rests on nothing but its own stages."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[BuildStore]:  # noqa: ARG002 -- Dagster calls it so
        """Open the store for a run."""
        as_of, known_at = (datetime.fromisoformat(text) if text else None for text in (self.as_of, self.known_at))
        with open_build(
            load_workspace(Path(self.workspace)), as_of, known_at, fresh=self.fresh, full=self.full
        ) as store:
            yield store
