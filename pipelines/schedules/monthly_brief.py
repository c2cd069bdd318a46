"""The monthly stability brief, on the second working day: by then most of the month's last events have arrived."""

from datetime import date, timedelta

import dagster as dg

from pipelines.jobs import BRIEF_JOB
from schemas.workspace import Workspace

CRON = "0 6 2-4 * *"
"""The second working day is the second, third or fourth of a month."""
SATURDAY = 5


def schedule(workspace: Workspace) -> dg.ScheduleDefinition:
    """A build and the brief of the month before, at six in the morning of the workspace's time zone."""

    @dg.schedule(
        name="monthly_brief",
        job_name=BRIEF_JOB,
        cron_schedule=CRON,
        execution_timezone=workspace.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="The stability brief of the month before, on the second working day at 06:00.",
    )
    def monthly_brief(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.astimezone(workspace.zone).date()
        if day != second_working_day(day):
            return dg.SkipReason(f"{day} is not the second working day of its month")
        return dg.RunRequest(run_key=f"brief-{day:%Y-%m}")

    return monthly_brief


def second_working_day(day: date) -> date:
    """The second day from Monday to Friday in the month of `day`; holidays are not known here."""
    first = day.replace(day=1)
    week = (first + timedelta(days=offset) for offset in range(7))
    return [each for each in week if each.weekday() < SATURDAY][1]
