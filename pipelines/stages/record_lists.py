"""What pages and briefs show of single records, read off the facts once a build.

The slowest changes, and counts of links and reviews: a page on millions of changes would otherwise read them all. Kept
with the snapshot, internal: the contract publishes the facts themselves.
"""

from datetime import datetime

from metrics.calendar import Calendar
from pipelines.build_store import BuildStore
from pipelines.carried_sums import CarriedSums
from pipelines.local_months import local_month
from pipelines.stage import Made, asset

SLOWEST_KEPT = 10
"""Changes of each tier and month; those of a team or repository are found among its facts in no time."""
KEPT = (
    "change_id",
    "repo_id",
    "team",
    "ai_use",
    "size_lines",
    "merged_at",
    "cycle_seconds",
    "draft_seconds",
    "pickup_seconds",
    "review_seconds",
    "merge_wait_seconds",
)
MERGED = """
    from change_facts where merged_at is not null and cycle_seconds is not null and author_kind <> 'bot'
"""
LEAST_KEPT = """
    select min(seconds) from (
        select tier, {month} as month_start, list_min(max(cycle_seconds, {kept})) as seconds {merged} group by all)
"""
SLOWEST = """
    with merged as (
        select * replace (coalesce(tier::varchar, 'untiered') as tier), {month} as month_start
        {merged} and cycle_seconds >= {least})
    select tier, month_start, {columns} from merged
    qualify row_number() over (partition by tier, month_start order by cycle_seconds desc, change_id) <= {kept}
"""
"""Only of those that may be among the slowest are all columns fetched: whatever is faster than the least of them all is
passed over by the reader of the files."""
LINKS = """
    select kind, coalesce(tier::varchar, 'untiered') as tier, code, count(*) as rows from (
        select 'deploy_link' as kind, tier, deploy_link as code from {source}
            where state = 'merged' and author_kind <> 'bot'
        union all
        select 'anomaly', tier, unnest(anomalies) from {source} where len(anomalies) > 0)
    group by all
"""
ATTRIBUTIONS = """
    select 'attribution' as kind, coalesce(tier::varchar, 'untiered') as tier, attribution as code, count(*) as rows
    from incident_facts group by all
"""
REVIEWS = """
    select tier, make_timestamp(quarter::bigint * 900000000) as period_start, reviews from (
        select tier, (epoch_us(submitted_at) // 900000000)::integer as quarter, count(*) as reviews
        from {source} group by all)
"""
"""By quarter of an hour: whatever the time zone, days and weeks begin with one."""


@asset(deps=["change_facts", "incident_facts"], group_name="facts", kinds={"duckdb", "parquet"})
def record_lists(build: BuildStore) -> Made:
    """The slowest changes by tier and month; links, attributions, anomalies and reviews counted by tier."""
    asked = {"month": _month(build), "merged": MERGED, "kept": SLOWEST_KEPT}
    (least,) = build.connection.execute(LEAST_KEPT.format(**asked)).fetchone() or (None,)
    query = SLOWEST.format(**asked, columns=", ".join(KEPT), least=f"'{least or 0.0!r}'::double")
    order = ("tier", "month_start", "cycle_seconds desc", "change_id")
    slowest = build.write("slowest_changes", query, order_by=order, internal=True)
    links_by = ("kind", "tier", "code")
    CarriedSums("link_counts", "change_facts", LINKS, links_by).write(build)
    links = build.write("link_counts", ATTRIBUTIONS, order_by=links_by, partition="incidents", internal=True)
    reviews_by = ("tier", "period_start")
    CarriedSums("review_counts", "review_facts", REVIEWS, reviews_by, rows="reviews").write(build)
    reviews = build.tables()["review_counts"]
    rows = {"slowest_changes": slowest.rows, "link_counts": links.rows, "review_counts": reviews.rows}
    return Made(rows)


def _month(build: BuildStore) -> str:
    """The first day of the local month of a merge, as SQL."""
    calendar = Calendar(build.workspace.timezone)
    first, last = build.connection.execute("select min(merged_at), max(merged_at) from change_facts").fetchone() or (
        None,
        None,
    )
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return "null::date"
    return local_month(calendar, "merged_at", calendar.local_day(first), calendar.local_day(last))
