"""Every morning, before people read: the whole build."""

import dagster as dg

from pipelines.jobs import BUILD_JOB
from schemas.workspace import Workspace

CRON = "0 5 * * *"


def schedule(workspace: Workspace) -> dg.ScheduleDefinition:
    """A pull and the build at five in the morning of the workspace's time zone."""
    return dg.ScheduleDefinition(
        name="daily_build",
        job_name=BUILD_JOB,
        run_config={"ops": {"events": {"config": {"pull": True}}}},
        cron_schedule=CRON,
        execution_timezone=workspace.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Pull from the sources and build, every day at 05:00 in the workspace's time zone.",
    )
