"""How Dagster's assets get at the build: one resource, opened once per run, closed with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from pipelines.build_store import BuildStore, Cut, last_cut
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace, load_workspace


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


@contextmanager
def open_build(
    workspace: Workspace, as_of: datetime | None, known_at: datetime | None, *, fresh: bool, full: bool = False
) -> Iterator[BuildStore]:
    """Open the build of a workspace at a cut.

    Args:
        workspace: whose.
        as_of: events up to then, with a zone; the workspace's own cut, else `known_at`, else now.
        known_at: only records observed by then, with a zone.
        fresh: whether to forget what earlier runs left.
        full: whether nothing is taken over of what the build before has measured.
    """
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    known = _instant(known_at)
    events_until = _instant(as_of) or _instant(workspace.as_of) or known
    # A single stage goes on from what was built last, so that its tables belong together.
    last = None if fresh or events_until else last_cut(SnapshotFolder(workspace.state))
    with BuildStore(workspace, last or Cut(events_until or now, known), now, is_full=full) as store:
        if fresh:
            store.forget()
        yield store


def _instant(value: datetime | None) -> datetime | None:
    """An instant as UTC without a zone, the form in which all tables keep it."""
    return value.astimezone(UTC).replace(tzinfo=None) if value else None
