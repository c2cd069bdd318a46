"""The quarterly ROI report, in the first week of the quarter, when the quarter's last events have arrived.

Outcomes may still arrive then: the report says that it is provisional, and a later edition says what changed.
"""

from datetime import date, timedelta

import dagster as dg

from pipelines.jobs import ROI_JOB
from pipelines.schedules.monthly_brief import SATURDAY
from schemas.workspace import Workspace

CRON = "0 7 1-7 1,4,7,10 *"
WORKING_DAY = 4
"""Two working days after the brief's, so that what it brings to light can be mended first; never later than the 7th."""


def schedule(workspace: Workspace) -> dg.ScheduleDefinition:
    """A build and the report of the quarter before, at seven in the morning of the workspace's time zone."""

    @dg.schedule(
        name="quarterly_roi",
        job_name=ROI_JOB,
        cron_schedule=CRON,
        execution_timezone=workspace.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="The ROI report of the quarter before, on the fourth working day of the quarter at 07:00.",
    )
    def quarterly_roi(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.astimezone(workspace.zone).date()
        if day != fourth_working_day(day):
            return dg.SkipReason(f"{day} is not the fourth working day of its month")
        return dg.RunRequest(run_key=f"roi-{day:%Y-%m}")

    return quarterly_roi


def fourth_working_day(day: date) -> date:
    """The fourth day from Monday to Friday in the month of `day`; holidays are not known here."""
    first = day.replace(day=1)
    week = (first + timedelta(days=offset) for offset in range(7))
    return [each for each in week if each.weekday() < SATURDAY][WORKING_DAY - 1]
