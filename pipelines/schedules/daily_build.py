"""Every morning, before people read: the whole build."""

import dagster as dg

from schemas.workspace import Workspace

CRON = "0 5 * * *"


def schedule(workspace: Workspace, build_job: str) -> dg.ScheduleDefinition:
    """The build at five in the morning of the workspace's time zone."""
    return dg.ScheduleDefinition(
        name="daily_build",
        job_name=build_job,
        cron_schedule=CRON,
        execution_timezone=workspace.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="The whole build, every day at 05:00 in the workspace's time zone.",
    )
