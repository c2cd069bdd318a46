"""A build that fails while nobody watches is told, once, until one succeeds."""

import dagster as dg

from pipelines.alerts.after_build import tell_of_failed_build
from pipelines.jobs import BRIEF_JOB, BUILD_JOB, ROI_JOB
from schemas.workspace import Workspace


def sensor(workspace: Workspace) -> dg.SensorDefinition:
    """Watches the jobs that schedules run."""

    @dg.run_failure_sensor(
        name="failed_builds",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells the channels that a build failed and why; again only after one succeeded.",
    )
    def failed_builds(context: dg.RunFailureSensorContext) -> dg.SkipReason:
        if context.dagster_run.job_name not in (BUILD_JOB, BRIEF_JOB, ROI_JOB):
            return dg.SkipReason("whoever runs single stages by hand sees that they failed")
        told = tell_of_failed_build(workspace, reason_of(context))
        return dg.SkipReason("; ".join(map(str, told.channels)) or "told already, or nobody asks for it")

    return failed_builds


def reason_of(context: dg.RunFailureSensorContext) -> str:
    """Why a run failed, in one line: the innermost cause of its first failed step."""
    for event in context.get_step_failure_events():
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            # Dagster writes "module.Class: message"; the message is ours.
            return " ".join(error.message.partition(": ")[2].split()) or error.message.strip()
    return context.failure_event.message or "the run failed; its log says why"
