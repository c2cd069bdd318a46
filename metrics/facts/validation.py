"""What became of a change: reverts, escaped defects, incidents that name it, and whether it is validated.

`change_effects` has a row for each change to which something happened; most have none.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from metrics.facts.settings import ESCAPE_FOLLOW_UP_DAYS, VALIDATION_DAYS
from metrics.facts.sql import create_table, timestamp

CHANGE_EFFECTS = f"""
    with effects as (
        select reverts_change_key as change_key, min(merged_at) as reverted_at, null::timestamp as escaped_at,
            0 as escaped_defects, 0 as escaped_in_follow_up, null::timestamp as named_incident_at,
            false as fixes_escaped_defect
        from milestones where reverts_change_key is not null and merged_at is not null group by reverts_change_key
        union all
        select m.change_key, null, min(f.opened_at), count(*),
            count(*) filter (where f.opened_at <= m.merged_at + interval {ESCAPE_FOLLOW_UP_DAYS} days), null, false
        from (select * from defects_at_cut where found_in = 'production' and caused_by_change_id is not null) f
        join milestones m on m.change_key = f.caused_by_change_key group by m.change_key
        union all
        select caused_by_change_key, null, null, 0, 0, min(opened_at), false
        from incident_base where names_a_change group by caused_by_change_key
        union all
        select change_key, null, null, 0, 0, null, true from defect_fixes)
    select change_key, min(reverted_at) as reverted_at, min(escaped_at) as escaped_at,
        sum(escaped_defects)::integer as escaped_defects,
        sum(escaped_in_follow_up)::integer as escaped_in_follow_up, min(named_incident_at) as named_incident_at,
        bool_or(fixes_escaped_defect) as fixes_escaped_defect
    from effects group by change_key"""


def create_change_effects(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `change_effects` from `milestones`, `incident_base`, `defect_fixes` and the defects at the cut."""
    create_table(connection, "change_effects", CHANGE_EFFECTS)


def validated(cut: datetime) -> str:
    """SQL of whether a change is validated; null before its deployment and while the days run.

    Stands where `change_effects` is `e`, its deployment's outcomes are `d` (of a batch, an incident that names a change
    touches only that one) and `deployed_at` is at hand.
    """
    end = f"deployed_at + interval {VALIDATION_DAYS} days"
    bad = ("e.reverted_at", "e.escaped_at", "d.rolled_back_at", "e.named_incident_at", "d.first_batch_incident_at")
    good = " and ".join(f"coalesce({instant} > {end}, true)" for instant in bad)
    return f"case when {end} <= {timestamp(cut)} then {good} end"
