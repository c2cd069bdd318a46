"""What teams' deployed changes spent in each stage, by month."""

from datetime import date

from metrics.recommendations import STAGE_NAMES
from pipelines.build_engine import days_of_build
from pipelines.build_store import BuildStore
from pipelines.carried_sums import CarriedSums
from pipelines.local_months import local_month

TABLE = "team_months"
LASTS = ("lead", *STAGE_NAMES)
SUMS = ", ".join(f"coalesce(sum(({name}_seconds * 1e6)::bigint), 0)::bigint as {name}" for name in LASTS)
"""Whole microseconds add up alike in any order."""
TOTALS = """
    select tier, _team, {month} as month, count(*) as n, {sums} from {{source}}
    where lead_seconds is not null and _in_change_metrics and _team is not null and tier is not null group by all
"""


def team_months(build: BuildStore) -> str:
    """Write a row per tier, team and month, and give the table's name.

    Columns: tier, _team, month (its first day, local), n (changes), and microseconds of lead time and of each stage.
    """
    days = days_of_build(build)
    end_of_year = date(days.last.year, 12, 31)  # the same question all year, so that its answer can be carried over
    month = local_month(days.calendar, "deployed_at", days.first, end_of_year)
    by = ("tier", "_team", "month")
    query = TOTALS.format(month=month, sums=SUMS)
    CarriedSums(TABLE, "change_facts", query, by, rows="n", others=LASTS, build_only=True).write(build)
    return TABLE
