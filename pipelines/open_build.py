"""The build of a workspace, opened at the cut that is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pipelines.build_store import BuildStore, Cut, last_cut
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace


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
