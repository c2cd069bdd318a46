"""One whole build in this process."""

from datetime import datetime

from pipelines.alerts.after_build import tell_of_failed_build
from pipelines.all_stages import stages_in_order
from pipelines.companion import Companion
from pipelines.constraints_of import constraints_of
from pipelines.open_build import open_build
from pipelines.seldom_collected import seldom_collected
from pipelines.stages_in_order import make_all
from schemas.errors import PlumblineError, WarehouseError, WarehouseLocked
from schemas.snapshot import Manifest, SnapshotFolder
from schemas.workspace import Workspace


def run_build(
    workspace: Workspace,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    full: bool = False,
    companion: Companion | None = None,
) -> Manifest:
    """Materialise every asset and publish.

    Args:
        workspace: whose events.
        as_of: events up to then, with a zone; the workspace's own cut, else `known_at`, else now.
        known_at: only records observed by then, with a zone.
        full: whether everything is measured, whatever the build before has left.
        companion: a second process that may measure.

    Returns:
        The manifest of the snapshot that is now being served.

    Raises:
        PlumblineError: nothing was published; the last snapshot is still served.
    """
    if known_at is None and not workspace.warehouse_path.exists():
        from pipelines.hooks.take_in import take_in_deliveries  # with all that talks to hosts

        take_in_deliveries(workspace)  # the first that ever came may have been pushed
    if not workspace.warehouse_path.exists():
        raise WarehouseError(
            "nothing has been loaded yet", str(workspace.root), "load events with `plumbline load DIR`"
        )
    try:
        return _run(workspace, as_of, known_at, full, companion)
    except Exception as error:
        # A look back concerns whoever asked for it; that another build runs is no failure of the build.
        if as_of is None and known_at is None and not isinstance(error, WarehouseLocked):
            _tell(workspace, error)
        raise


def _run(
    workspace: Workspace, as_of: datetime | None, known_at: datetime | None, full: bool, companion: Companion | None
) -> Manifest:
    """The stages themselves."""
    constraints_of(workspace)  # a wrong declaration is told before anything is done
    stages = stages_in_order()
    with seldom_collected(), open_build(workspace, as_of, known_at, fresh=True, full=full) as build:
        build.companion = companion
        make_all(build, stages)
    folder = SnapshotFolder(workspace.state)
    manifest = folder.current()
    assert manifest is not None  # noqa: S101 -- the job has just published it
    return manifest


def _tell(workspace: Workspace, error: Exception) -> None:
    """Tell the channels that the build failed; what keeps them from being told is noted with the error itself."""
    try:
        tell_of_failed_build(workspace, " ".join(str(error).split()) or type(error).__name__)
    except PlumblineError as other:
        error.add_note(str(other))
