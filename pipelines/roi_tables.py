"""What the ROI report is made from, read from a snapshot.

Only the rows of the report's windows leave the database: whole tiers, histograms summed over the baseline and the
window, and weekly sums instead of facts.
"""

from collections.abc import Iterator, Mapping
from datetime import date

import duckdb
import polars as pl

from metrics.briefs.roi.document import Phase, RoiReport
from metrics.briefs.roi.periods import ClaimWindow, baseline_periods, claim_window, quarters_with_data
from metrics.briefs.roi.phases import ended_phase
from metrics.briefs.roi.report import roi_report
from metrics.briefs.roi.tables import RoiTables
from metrics.briefs.tables import Origin
from metrics.calendar import MONTHS_PER_QUARTER, Period, add_months
from metrics.facts.sql import timestamp
from metrics.rollout.model import PHASES
from pipelines.brief_settings import value_of
from pipelines.brief_tables import LINK_COUNTS, ORPHANS, REGISTER_PREFIX, frame_of

ROI_REGISTERS = ("spend", "team_capacity")
REGISTERS = ("control_changes", "decisions", "exceptions", "phase_decisions", *ROI_REGISTERS)
WHOLE = ("control_effects", "baselines", "definition_log", "quarantine", "source_status", "stage_gates")

QUARTERS = "select distinct window_start from metric_values where grain = 'quarter' and segment_kind = 'all'"
VERDICTS = "select * from verdicts where window_end <= {end}"
COMPARISONS = """
    select * from comparisons
    where window_end = {end} and grain in ('quarter', 'trailing_year') and segment_kind = 'all'
"""
SIZES = """
    select metric, statistic, tier, n, unit, is_provisional from contrast_sizes
    where window_end = {end} and grain = '{grain}' order by all
"""
BINS = """
    select metric, tier, side, bin_low, bin_high, sum(value) as units
    from metric_values join (values {sides}) as sides (side_tier, side, first, past) on tier = side_tier
    where statistic = 'hist' and segment_kind = 'all' and grain = 'month' and metric in ('pr_cycle_time', 'lead_time')
      and window_start >= first and window_end <= past
    group by all order by all
"""
WATCHED_SINCE = """
    select cast(tier as varchar), date_trunc('day', min(finished_at)) from deployment_facts
    where _incidents_watched and tier is not null and finished_at is not null group by all
"""
"""From when on incidents of a tier would have been seen: weeks before are not weeks without incidents."""
WEEKLY = """
    with spans as (
        select span_tier, side, begins, greatest(date_diff('day', begins, ends) // 7, 1) as weeks, ends
        from (values {instants}) as spans (span_tier, side, begins, ends)
    ), weeks as (
        select span_tier as tier, side, unnest(range(weeks)) as week from spans
    ), incidents as (
        select span_tier as tier, side, least(date_diff('second', begins, opened_at) // 604800, weeks - 1) as week,
            count(*) as incidents, sum(restore_seconds) / 3600.0 as hours,
            count(*) filter (restore_seconds is null) as unresolved
        from incident_facts join spans on cast(tier as varchar) = span_tier and opened_at >= begins and opened_at < ends
        where _incidents_watched
        group by all
    ), reviewed as (
        select span_tier as tier, side, least(date_diff('second', begins, period_start) // 604800, weeks - 1) as week,
            sum(reviews)::bigint as reviews
        from review_counts
        join spans on cast(tier as varchar) = span_tier and period_start >= begins and period_start < ends
        group by all
    ), landed as (
        select span_tier as tier, side, least(date_diff('second', begins, merged_at) // 604800, weeks - 1) as week,
            count(*) as merged
        from change_facts join spans on cast(tier as varchar) = span_tier and merged_at >= begins and merged_at < ends
        where author_kind <> 'bot'
        group by all
    )
    select tier, side, week, coalesce(incidents, 0) as incidents, coalesce(hours, 0.0) as incident_hours,
        coalesce(unresolved, 0) as unresolved, coalesce(reviews, 0) as reviews, coalesce(merged, 0) as merged
    from weeks
    left join incidents using (tier, side, week) left join reviewed using (tier, side, week)
    left join landed using (tier, side, week)
    order by all
"""
TIERS = ("1", "2", "3", "4")


def read_quarters(connection: duckdb.DuckDBPyConnection, origin: Origin) -> list[date]:
    """The quarters that a report can be made of, oldest first."""
    return quarters_with_data(frame_of(connection, "metric_values", QUARTERS), origin)


def read_phase(connection: duckdb.DuckDBPyConnection, origin: Origin, name: str) -> Phase:
    """A phase at its end.

    Raises:
        InputError: there is no such phase, or no tier has left it.
    """
    decisions = frame_of(connection, f"{REGISTER_PREFIX}phase_decisions", f"from {REGISTER_PREFIX}phase_decisions")
    gates = frame_of(connection, "stage_gates", "from stage_gates")
    return ended_phase(name, PHASES, decisions, gates, origin)


def read_report(
    connection: duckdb.DuckDBPyConnection, origin: Origin, quarter: date, phase: Phase | None = None
) -> RoiReport:
    """The report of one quarter, from relations that bear the names of the snapshot's tables."""
    period = Period(quarter, add_months(quarter, MONTHS_PER_QUARTER))
    end = f"date '{period.end}'"
    frames = {name: frame_of(connection, name, f"from {name}") for name in WHOLE}
    for name in REGISTERS:
        frames[name] = frame_of(connection, f"{REGISTER_PREFIX}{name}", f"from {REGISTER_PREFIX}{name}")
    frames["orphans"] = frame_of(connection, ORPHANS, f"from {ORPHANS}")
    frames["verdicts"] = frame_of(connection, "verdicts", VERDICTS.format(end=end))
    frames["comparisons"] = frame_of(connection, "comparisons", COMPARISONS.format(end=end))
    window = claim_window(frames["verdicts"], quarter)
    frames["sizes"] = frame_of(connection, "contrast_sizes", SIZES.format(end=end, grain=window.grain))
    frames |= dict(_summed(connection, origin, window, baseline_periods(frames["comparisons"], window)))
    return roi_report(RoiTables.of(frames), origin, value_of(connection), period, phase)


def _summed(
    connection: duckdb.DuckDBPyConnection, origin: Origin, window: ClaimWindow, baselines: Mapping[str, Period]
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Histograms, weekly sums and counts of links over the baseline and the claim window."""
    periods = [
        (tier, side, period)
        for tier, baseline in baselines.items()
        if tier in TIERS
        for side, period in (("baseline", baseline), ("window", window.period))
    ]
    begins, ends = (timestamp(origin.calendar.instant(day)) for day in (window.period.start, window.period.end))
    yield "link_counts", frame_of(connection, "change_facts", LINK_COUNTS.format(begins=begins, ends=ends))
    if not periods:
        return
    days = ", ".join(f"('{tier}', '{side}', date '{p.start}', date '{p.end}')" for tier, side, p in periods)
    yield "bins", frame_of(connection, "metric_values", BINS.format(sides=days))
    instant = origin.calendar.instant
    since = dict(frame_of(connection, "deployment_facts", WATCHED_SINCE).iter_rows())
    spans = [
        f"('{tier}', '{side}', {timestamp(max(instant(p.start), since[tier]))}, {timestamp(instant(p.end))})"
        for tier, side, p in periods
        if tier in since and since[tier] < instant(p.end)
    ]
    if spans:
        yield "weekly", frame_of(connection, "review_counts", WEEKLY.format(instants=", ".join(spans)))
