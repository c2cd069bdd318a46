"""Repositories that changed their tier after the baseline, by the register or in it: which tier they had when it ended.

Whoever moves a repository that fails often into another tier makes its old tier look better and nothing safer, and so
does whoever writes into the register, later, that it had been there all along. Verdicts are therefore read twice
where that happened: by the tiers of the register as it stands, and with each such repository in the tier that it was
known to have at the end of the baseline.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from metrics.facts.sql import create_table, timestamp

STATEMENTS = "tier_statements"
"""Every version of every row that the register `tier_assignments` ever had, tombstones included."""

MOVED = "moved_tiers"

FACTS_BY_SERVICE = ("change_facts", "deployment_facts", "incident_facts", "defect_facts")


def create_moved_tiers(connection: duckdb.DuckDBPyConnection, baseline_end: datetime | None) -> int:
    """Make `moved_tiers(_repo, _service, tier)`: the tier when the baseline ended, where the register now says another.

    Without a baseline it is the first tier that the repository was known to have. What was written before the end of
    the baseline, or came with the first reading of the register, counts as known; what was first observed later is
    back-dated, whatever it says.

    Args:
        connection: has the facts and `tier_statements`.
        baseline_end: UTC, zone-less.

    Returns:
        How many services of repositories have moved.
    """
    pairs = " union ".join(
        f"select _repo, repo_id, _service, service from {fact} where _service is not null" for fact in FACTS_BY_SERVICE
    )
    instant = timestamp(baseline_end) if baseline_end else "timestamp '0001-01-01'"
    create_table(connection, "placed_services", pairs)
    create_table(connection, "dated_statements", _dated(instant))
    create_table(connection, MOVED, _MOVED)
    connection.execute("drop table placed_services; drop table dated_statements")
    counted = connection.execute(f"select count(*) from {MOVED}").fetchone()
    return counted[0] if counted else 0


def _dated(instant: str) -> str:
    """Each statement with when it was made and struck, and whether it covers the instant and was known then."""
    return f"""
        with versions as (
            select repo_id, service, tier::integer as tier, valid_from,
                coalesce(valid_to, timestamp '9999-12-31') as valid_to, observed_at, deleted,
                lag(deleted) over of_row as previous, lead(observed_at) over of_row as next_at
            from {STATEMENTS}
            window of_row as (partition by repo_id, service, valid_from order by observed_at nulls first)),
        dated as (
            -- A tombstone whose living version is not kept strikes a row that was there before.
            select repo_id, service, tier, valid_from, valid_to,
                case when deleted then null else observed_at end as stated_at,
                case when deleted then observed_at else coalesce(next_at, timestamp '9999-12-31') end as struck_at
            from versions where not deleted or previous is null),
        known as (select greatest({instant}, coalesce(min(stated_at), {instant})) as at from dated)
        select d.*, valid_from <= {instant} and valid_to > {instant} as covers,
            coalesce(stated_at <= known.at, true) and struck_at > known.at as is_known,
            struck_at = timestamp '9999-12-31' and valid_to > {instant} as stands
        from dated d, known"""


_MOVED = """
    with first_stated as (
        select repo_id, service, tier from dated_statements
        qualify row_number() over (partition by repo_id, service
            order by covers desc, is_known desc, stated_at nulls first, valid_from) = 1),
    origins as (
        select p._repo, p._service, p.service, p.repo_id,
            coalesce(case when s.is_known then s.tier end, r.tier, s.tier) as tier,
            exists (select 1 from dated_statements d where d.service = p.service and d.stands) as by_service
        from placed_services p
        left join (select d.service, f.tier, bool_or(d.covers and d.is_known) as is_known
            from dated_statements d join first_stated f on f.service = d.service group by all) s
            on s.service = p.service
        left join first_stated r on r.repo_id = p.repo_id and r.service is null)
    select o._repo, o._service, o.tier from origins o
    where o.tier is not null and case
        when o.by_service then exists (
            select 1 from dated_statements d where d.service = o.service and d.stands and d.tier <> o.tier)
        else exists (
            select 1 from dated_statements d
            where d.repo_id = o.repo_id and d.service is null and d.stands and d.tier <> o.tier)
        end"""
