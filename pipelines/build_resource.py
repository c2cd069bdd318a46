"""How Dagster's assets get at the build: one resource, opened once per run, closed with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from pipelines.build_store import BuildStore, Cut, last_cut
from schemas.snapshot import SnapshotFolder
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
        workspace = load_workspace(Path(self.workspace))
        now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        known_at = _instant(self.known_at)
        as_of = _instant(self.as_of) or _instant(workspace.as_of) or known_at
        # A single stage goes on from what was built last, so that its tables belong together.
        last = None if self.fresh or as_of else last_cut(SnapshotFolder(workspace.state))
        cut = last or Cut(as_of or now, known_at)
        with BuildStore(workspace, cut, now, is_full=self.full) as store:
            if self.fresh:
                store.forget()
            yield store


def _instant(value: str | datetime | None) -> datetime | None:
    """An instant as UTC without a zone, the form in which all tables keep it."""
    if not value:
        return None
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    return instant.astimezone(UTC).replace(tzinfo=None)
