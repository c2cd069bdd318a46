"""What pages ask of a snapshot: projected and filtered reads, aggregated before anything is drawn.

All SQL of the dashboard is here and in the other modules of queries: of verdicts, records, filters and the rollout.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from dashboard.naming import RELATIVE_STATISTICS
from dashboard.periods import Window
from dashboard.segments import NOT_TESTED, WHOLE, Against, Segment
from dashboard.snapshots import Snapshot
from metrics.calendar import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, add_months
from metrics.gaps import TABLE as GAPS

TIERS = ("4", "3", "2", "1")
"""Most critical first, as pages show them."""
MIXED = "all"
UNTIERED = "untiered"


def comparisons(
    snapshot: Snapshot, window: Window, against: Against = "baseline", segment: Segment = WHOLE
) -> pl.DataFrame:
    """Every compared statistic of a window in every tier, of whole tiers or of one team or repository.

    Columns: metric, tier, statistic, baseline_value, value, change, change_ci_low, change_ci_high, direction, note.
    Against an earlier window nothing was tested: there is no interval, and the direction is `untested`.
    """
    if against in ("previous", "year"):
        return _side_by_side(snapshot, window, against, segment)
    return snapshot.rows(
        """select metric, tier, statistic, baseline_value, value, change, change_ci_low, change_ci_high, direction, note
        from comparisons
        where grain = ? and window_start = ? and segment_kind = ? and segment = ? and comparator = ?
        order by metric, tier, statistic""",
        window.grain,
        window.start,
        segment.kind,
        segment.name,
        against,
    )


def _side_by_side(snapshot: Snapshot, window: Window, against: Against, segment: Segment) -> pl.DataFrame:
    """The statistics of a month or quarter beside those of an earlier one."""
    months = {"month": 1, "quarter": MONTHS_PER_QUARTER}.get(window.grain, MONTHS_PER_YEAR)
    earlier = add_months(window.start, -(months if against == "previous" else MONTHS_PER_YEAR))
    relative = ", ".join(f"'{each}'" for each in RELATIVE_STATISTICS)
    return snapshot.rows(
        f"""with found as (
            select metric, tier, statistic, window_start, value from metric_values
            where grain = ? and window_start in (?, ?) and segment_kind = ? and segment = ? and statistic <> 'hist')
        select now.metric, now.tier, now.statistic, before.value as baseline_value, now.value,
            case when now.statistic not in ({relative}) then now.value - before.value
                when before.value > 0 then now.value / before.value - 1 end as change,
            null::double as change_ci_low, null::double as change_ci_high, '{NOT_TESTED}' as direction,
            null::varchar as note
        from found as now join found as before using (metric, tier, statistic)
        where now.window_start = ? and before.window_start = ? and now.value is not null and before.value is not null
        order by metric, tier, statistic""",
        window.grain,
        window.start,
        earlier,
        segment.kind,
        segment.name,
        window.start,
        earlier,
    )


def values(snapshot: Snapshot, window: Window, tier: str, segment: Segment = WHOLE) -> pl.DataFrame:
    """Every statistic of a tier in a month or quarter; of a trailing year, which has no rows, its quarters' units.

    Columns: metric, statistic, value, unit, n, ci_low, ci_high, censored, is_provisional, note.
    """
    if window.grain == "trailing_year":
        return snapshot.rows(
            """select metric, statistic, null::double as value, any_value(unit) as unit, sum(n)::bigint as n,
                null::double as ci_low, null::double as ci_high, null::bigint as censored,
                bool_or(is_provisional) as is_provisional, null::varchar as note
            from metric_values
            where tier = ? and segment_kind = ? and segment = ? and grain = 'quarter' and statistic <> 'hist'
                and window_start >= ? and window_end <= ?
            group by metric, statistic order by metric, statistic""",
            tier,
            segment.kind,
            segment.name,
            window.start,
            window.end,
        )
    return snapshot.rows(
        """select metric, statistic, value, unit, n, ci_low, ci_high, censored, is_provisional, note
        from metric_values
        where tier = ? and segment_kind = ? and segment = ? and grain = ? and window_start = ? and statistic <> 'hist'
        order by metric, statistic""",
        tier,
        segment.kind,
        segment.name,
        window.grain,
        window.start,
    )


def beside_tiers(snapshot: Snapshot, window: Window, segment: Segment) -> pl.DataFrame:
    """The figures of a team or repository in every tier, with the whole tier's.

    Columns: metric, tier, statistic, value, n, ci_low, ci_high, whole.
    """
    columns = "metric, tier, statistic, value, n, ci_low, ci_high"
    # Read apart: with one condition for both, no group of rows could be skipped.
    read = f"""select {columns} from metric_values
        where segment_kind = ? and segment = ? and grain = ? and window_start = ?
            and statistic in ('p50', 'rate', 'per_week')"""
    return snapshot.rows(
        f"""with own as ({read}), whole as ({read})
        select own.*, whole.value as whole from own left join whole using (metric, tier, statistic)
        order by own.metric, own.tier""",
        segment.kind,
        segment.name,
        window.grain,
        window.start,
        WHOLE.kind,
        WHOLE.name,
        window.grain,
        window.start,
    )


def units(snapshot: Snapshot, window: Window, segment: Segment = WHOLE) -> dict[tuple[str, str, str], int]:
    """Units behind a window's figures by metric, tier and statistic; of a trailing year, those of its quarters."""
    rows = snapshot.rows(
        """select metric, tier, statistic, sum(n)::bigint as n from metric_values
        where segment_kind = ? and segment = ? and grain = ? and window_start >= ? and window_end <= ?
            and statistic in ('p50', 'p95', 'rate', 'per_week')
        group by all order by all""",
        segment.kind,
        segment.name,
        "quarter" if window.grain == "trailing_year" else window.grain,
        window.start,
        window.end,
    )
    return {(row["metric"], row["tier"], row["statistic"]): row["n"] for row in rows.iter_rows(named=True)}


def trends(snapshot: Snapshot, tier: str, segment: Segment = WHOLE) -> pl.DataFrame:
    """The months of a tier or of a team in it, up to the cut; of a repository its quarters.

    Columns: metric, statistic, window_start, value, n, ci_low, ci_high, is_provisional.
    """
    return snapshot.rows(
        """select metric, statistic, window_start, value, n, ci_low, ci_high, is_provisional from metric_values
        where tier = ? and segment_kind = ? and segment = ? and grain = ?
            and statistic in ('p50', 'p90', 'p95', 'rate', 'per_week', 'per_engineer_week', 'cv', 'count')
        order by metric, statistic, window_start""",
        tier,
        segment.kind,
        segment.name,
        segment.trend_grain,
    )


def histograms(snapshot: Snapshot, tier: str, start: date, end: date) -> pl.DataFrame:
    """Distributions of a tier over the months within a span. Columns: metric, bin_low, bin_high, count."""
    return snapshot.rows(
        """select metric, bin_low, bin_high, sum(value)::bigint as "count" from metric_values
        where tier = ? and segment_kind = 'all' and grain = 'month' and statistic = 'hist'
            and window_start >= ? and window_end <= ?
        group by metric, bin_low, bin_high order by metric, bin_low""",
        tier,
        start,
        end,
    )


def stage_hours(snapshot: Snapshot, tier: str, start: date, end: date) -> dict[str, float]:
    """Hours of the lead time per deployed change that lie in each stage, over the months within a span.

    A stage's total is divided by all changes deployed, not by those that passed through it, so that the stages add up
    to the mean lead time.
    """
    months = snapshot.rows(
        """select metric, tier, window_start, window_end, value * n as hours, n from metric_values
        where starts_with(metric, 'lead_time') and segment_kind = 'all' and grain = 'month' and statistic = 'mean'
        order by metric, tier, window_start"""
    )
    inside = (pl.col("tier") == tier) & (pl.col("window_start") >= start) & (pl.col("window_end") <= end)
    sums = months.filter(inside).group_by("metric", maintain_order=True).agg(pl.col("hours", "n").sum())
    totals = {row["metric"]: row for row in sums.iter_rows(named=True)}
    whole = totals.get("lead_time")
    if not whole or not whole["n"]:
        return {}
    return {name: row["hours"] / whole["n"] for name, row in totals.items() if name != "lead_time"}


def tiers_present(snapshot: Snapshot) -> Sequence[str]:
    """The tiers for which there is any value, most critical first, then untiered, then the mixed figure."""
    rows = snapshot.rows("select distinct tier from metric_values where segment_kind = 'all' and grain = 'quarter'")
    found = set(rows["tier"])
    return [tier for tier in (*TIERS, UNTIERED, MIXED) if tier in found]


def cohorts(snapshot: Snapshot, window: Window, tier: str) -> pl.DataFrame:
    """How AI took part, side by side: a tier's figures by ai_use in a month or quarter.

    Columns: metric, segment, statistic, value, unit, n, ci_low, ci_high, is_provisional.
    """
    return snapshot.rows(
        """select metric, segment, statistic, value, unit, n, ci_low, ci_high, is_provisional from metric_values
        where segment_kind = 'ai_use' and tier = ? and grain = ? and window_start = ? and statistic <> 'hist'
        order by metric, segment, statistic""",
        tier,
        window.grain,
        window.start,
    )


def adoption(snapshot: Snapshot, tier: str) -> pl.DataFrame:
    """Changes merged a month by ai_use. Columns: segment, window_start, n, is_provisional."""
    return snapshot.rows(
        """select segment, window_start, n, is_provisional from metric_values
        where metric = 'throughput' and segment_kind = 'ai_use' and tier = ? and grain = 'month' and statistic = 'count'
        order by segment, window_start""",
        tier,
    )


def trend_of(snapshot: Snapshot, metric: str, statistic: str, segment: Segment = WHOLE) -> pl.DataFrame:
    """One figure by month (of a repository by quarter) in every tier.

    Columns: tier, window_start, value, n, ci_low, ci_high, is_provisional.
    """
    return snapshot.rows(
        """select tier, window_start, value, n, ci_low, ci_high, is_provisional from metric_values
        where metric = ? and statistic = ? and segment_kind = ? and segment = ? and grain = ?
        order by tier, window_start""",
        metric,
        statistic,
        segment.kind,
        segment.name,
        segment.trend_grain,
    )


def freshness(snapshot: Snapshot) -> pl.DataFrame:
    """How fresh every source is. Columns: source, stream, rows, last_record_at, last_fetched_at, state."""
    return snapshot.rows(
        "select source, stream, rows, last_record_at, last_fetched_at, state from source_status order by source, stream"
    )


def definition_versions(snapshot: Snapshot, definition: str) -> pl.DataFrame:
    """A definition's versions in this snapshot's log, newest first. Columns: version, effective_at, owner, change."""
    return snapshot.rows(
        """select version, effective_at, owner, change from definition_log where id = ?
        order by effective_at desc, version desc""",
        definition,
    )


def gap(snapshot: Snapshot, metric: str, tier: str) -> str | None:
    """Why a metric has no rows in a tier; None where the build knew no reason, or was an older version's."""
    if GAPS not in snapshot.manifest.tables:
        return None
    rows = snapshot.rows(
        f"select reason from {GAPS} where metric = ? and (tier = ? or tier = '{MIXED}') order by reason", metric, tier
    )
    return str(rows["reason"][0]) if len(rows) else None
