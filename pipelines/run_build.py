"""One whole build in this process: Dagster's own job on an instance that is forgotten afterwards."""

import gc
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import dagster as dg
from dagster._core.errors import DagsterAssetCheckFailedError

from pipelines.alerts.after_build import tell_of_failed_build
from pipelines.constraints_of import constraints_of
from pipelines.definitions import load
from pipelines.hooks.take_in import take_in_deliveries
from pipelines.jobs import BUILD_JOB
from schemas.errors import PlumblineError, WarehouseError, WarehouseLocked
from schemas.snapshot import Manifest, SnapshotFolder
from schemas.workspace import Workspace


class TableRejected(PlumblineError):
    """A built table breaks its own schema: a defect of ours, not of the input. Nothing was published."""


def run_build(
    workspace: Workspace,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    full: bool = False,
) -> Manifest:
    """Materialise every asset and publish.

    Args:
        workspace: whose events.
        as_of: events up to then, with a zone; the workspace's own cut, else `known_at`, else now.
        known_at: only records observed by then, with a zone.
        full: whether everything is measured, whatever the build before has left.

    Returns:
        The manifest of the snapshot that is now being served.

    Raises:
        PlumblineError: nothing was published; the last snapshot is still served.
    """
    if known_at is None and not workspace.warehouse_path.exists():
        take_in_deliveries(workspace)  # the first that ever came may have been pushed
    if not workspace.warehouse_path.exists():
        raise WarehouseError(
            "nothing has been loaded yet", str(workspace.root), "load events with `plumbline load DIR`"
        )
    try:
        return _run(workspace, as_of, known_at, full)
    except Exception as error:
        # A look back concerns whoever asked for it; that another build runs is no failure of the build.
        if as_of is None and known_at is None and not isinstance(error, WarehouseLocked):
            _tell(workspace, error)
        raise


def _run(workspace: Workspace, as_of: datetime | None, known_at: datetime | None, full: bool) -> Manifest:
    """The job itself."""
    constraints_of(workspace)  # a wrong declaration is told before anything is done
    job = load(workspace).resolve_job_def(BUILD_JOB)
    cut = {"as_of": as_of.isoformat() if as_of else "", "known_at": known_at.isoformat() if known_at else ""}
    config = {
        "resources": {"build": {"config": {"workspace": str(workspace.root), "fresh": True, "full": full, **cut}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    run_id = str(uuid.uuid4())
    with seldom_collected(), dg.DagsterInstance.ephemeral() as instance:
        try:
            job.execute_in_process(run_config=config, instance=instance, run_id=run_id)
        except DagsterAssetCheckFailedError:
            raise TableRejected(_failed_check(instance, run_id), str(workspace.root), "nothing was published") from None
        except dg.DagsterUserCodeExecutionError as error:
            # What fails before the first asset comes wrapped; what an asset raises does not.
            raise error.user_exception from error
    folder = SnapshotFolder(workspace.state)
    manifest = folder.current()
    assert manifest is not None  # noqa: S101 -- the job has just published it
    return manifest


ALLOCATIONS_BETWEEN_COLLECTIONS = 200_000
"""Python's own 700 make a build search its modules for cycles thousands of times: a tenth of a small one's time."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for reference cycles less often: a build makes millions of short-lived objects and few cycles."""
    before = gc.get_threshold()
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _tell(workspace: Workspace, error: Exception) -> None:
    """Tell the channels that the build failed; what keeps them from being told is noted with the error itself."""
    try:
        tell_of_failed_build(workspace, " ".join(str(error).split()) or type(error).__name__)
    except PlumblineError as other:
        error.add_note(str(other))


def _failed_check(instance: dg.DagsterInstance, run_id: str) -> str:
    """What the check that stopped the run had to say."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        evaluation = entry.get_dagster_event().asset_check_evaluation_data
        if not evaluation.passed:
            return evaluation.description or f"{evaluation.asset_key.to_user_string()} breaks its schema"
    return "a table breaks its schema"
