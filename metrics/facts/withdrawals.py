"""Kinds of outcome that are or were recorded, while the register names nobody who watches for them (METRICS §2, §5).

Striking a kind out of the register `coverage` takes its units out of every rate. Where most records of a tier lie
with services of which the register names no watcher, a guardrail is not simply unwatched: somebody knew, and the
verdict cannot be a good one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb

from metrics.calendar import Period
from metrics.model import Metric
from metrics.units import MIXED

ALLOWED_SHARE = 0.1
"""Share of a tier's records that may lie with services that nobody is said to watch, as at the edge of any register."""

RECORDS = {
    "incidents": "select tier, _service from incident_facts",
    "rollbacks": "select tier, _service from deployment_facts where rolled_back",
    "defects": "select tier, _service from defect_facts where found_in = 'production'",
}
"""Kinds of outcome of which records can be told from their absence, and where each record lies."""


ALSO = {"rework_share": ("defects",), "deployment_rework_rate": ("defects", "incidents")}
"""What repairs an escaped defect is known as rework by that defect's record."""


@dataclass(frozen=True)
class RecordKeeping:
    """What of the keeping of records would make figures look better than they are."""

    withdrawn: frozenset[tuple[str, str]] = frozenset()
    """Metric and tier of which records lie with services that nobody is said to watch."""
    loosened: Mapping[str, date] = field(default_factory=dict)
    """Per tier, the first day since the baseline on which a gate before the merge was required no more."""


def record_keeping(
    connection: duckdb.DuckDBPyConnection, metrics: Mapping[str, Metric], baselines: Mapping[str, Period]
) -> RecordKeeping:
    """What was withdrawn, and which gates were dropped.

    Args:
        connection: sees the facts of `metrics.facts`, and the register of gate policies where it is at hand.
        metrics: the definitions.
        baselines: the period named per tier.
    """
    return RecordKeeping(withdrawn(connection, metrics), loosened(connection, baselines))


def outcome_kinds(metric: Metric) -> frozenset[str]:
    """The kinds of outcome whose records a metric is made from, whether or not it leaves out what nobody watches."""
    return frozenset(RECORDS) & {*metric.watched, *metric.inputs, *ALSO.get(metric.id, ())}


def withdrawn(connection: duckdb.DuckDBPyConnection, metrics: Mapping[str, Metric]) -> frozenset[tuple[str, str]]:
    """Metric and tier ('all' with them) of which more than a tenth of the records lie with services never watched.

    Args:
        connection: sees the facts of `metrics.facts`.
        metrics: the definitions, each with the kinds that it needs watched.
    """
    found: set[tuple[str, str]] = set()
    for kind, records in RECORDS.items():
        rows = connection.execute(
            f"""with watched as (
                    select _service, bool_or(_{kind}_watched) as is_watched from change_facts group by _service),
                lying as (
                    select tier, count(*) as records, count(*) filter (where not coalesce(is_watched, true)) as unnamed
                    from ({records}) left join watched using (_service) where tier is not null
                    group by grouping sets (tier, ()))
                select coalesce(tier::varchar, '{MIXED}') from lying where unnamed > {ALLOWED_SHARE} * records"""
        ).fetchall()
        found |= {(metric.id, tier) for metric in metrics.values() if kind in outcome_kinds(metric) for (tier,) in rows}
    return frozenset(found)


def loosened(connection: duckdb.DuckDBPyConnection, baselines: Mapping[str, Period]) -> dict[str, date]:
    """Per tier, the first day since its baseline began on which a gate before the merge stopped being required."""
    names = "select view_name from duckdb_views() union select table_name from duckdb_tables()"
    seen = {name for (name,) in connection.execute(names).fetchall()}
    register = next((name for name in ("gate_policies_at_cut", "gate_policies") if name in seen), None)
    if register is None:
        return {}
    dropped = connection.execute(
        f"""select tier::varchar, valid_to::date from {register} p
            where is_required and control_point <> 'post_merge' and valid_to is not null and not exists (
                select 1 from {register} q where q.is_required and q.tier = p.tier and q.gate = p.gate
                    and q.control_point = p.control_point and q.valid_from <= p.valid_to
                    and coalesce(q.valid_to > p.valid_to, true))
            order by valid_to desc"""
    ).fetchall()
    return {tier: day for tier, day in dropped if tier not in baselines or day > baselines[tier].start}
