"""Whether a merged change passed the gates that its tier required before the merge.

`gate_requirements(tier, valid_from, valid_to, required)` says how many gates were required when, and
`gate_summary(change_key, passed, is_overridden)` how many of them the change passed. Of several runs of a gate the last
before the merge counts; an override of a required gate is never a pass, whatever was run afterwards.
"""

from __future__ import annotations

import duckdb

from metrics.facts.sql import create_table

BEFORE_MERGE = "('pre_commit', 'pre_pr', 'pre_merge')"


def create_gates(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `gate_requirements` and `gate_summary` from policies and results at the cut and `milestones`."""
    create_table(connection, "required_gates", REQUIRED_GATES)
    create_table(connection, "gate_requirements", GATE_REQUIREMENTS)
    create_table(connection, "gate_summary", GATE_SUMMARY)


REQUIRED_GATES = f"""
    select dense_rank() over (order by control_point, gate)::integer as _gate, tier::integer as tier,
        control_point, gate, valid_from, coalesce(valid_to, timestamp '9999-12-31') as valid_to
    from gate_policies_at_cut where is_required and control_point in {BEFORE_MERGE}"""

# Between two instants at which some policy begins or ends, what is required does not change.
GATE_REQUIREMENTS = """
    with instants as (
        select tier, valid_from as instant from required_gates union select tier, valid_to from required_gates),
    periods as (
        select tier, instant as valid_from, lead(instant) over (partition by tier order by instant) as valid_to
        from instants)
    select p.tier, p.valid_from, p.valid_to, count(distinct g._gate)::integer as required
    from periods p
    join required_gates g on g.tier = p.tier and g.valid_from <= p.valid_from and g.valid_to >= p.valid_to
    group by all"""

# Two results of one instant: the worse counts. The outcome rides on the instant's lowest bits.
GATE_SUMMARY = """
    with names as (select distinct _gate, control_point, gate from required_gates),
    results as (
        select change_key, _gate, any_value(m.tier) as tier, any_value(m.merged_at) as merged_at,
            max(epoch_us(ran_at) * 4
                + case outcome when 'passed' then 0 when 'skipped' then 1 when 'failed' then 2 else 3 end) as latest,
            bool_or(outcome = 'overridden') as is_overridden
        from gate_results_at_cut g
        join names using (control_point, gate)
        join milestones m using (change_key)
        where m.merged_at is not null and g.ran_at <= m.merged_at
        group by change_key, _gate)
    select change_key, (count(*) filter (where latest & 3 = 0))::integer as passed,
        bool_or(is_overridden) as is_overridden
    from results r
    where exists (
        select 1 from required_gates q
        where q._gate = r._gate and q.tier = r.tier and q.valid_from <= r.merged_at and q.valid_to > r.merged_at)
    group by change_key"""
