"""What became of a deployment: failed and why, rolled back, recovered (METRICS.md §2).

`rollback_base` has a row per recorded rollback and the deployment that it took back, `deployment_outcomes` one per
deployment.
"""

from __future__ import annotations

import duckdb

from metrics.facts.links import links_of_carriers
from metrics.facts.settings import FactSettings
from metrics.facts.sql import create_table, create_view, drop, word_of
from metrics.facts.within_reach import Scope

REASONS = ("status", "incident", "rollback", "hotfix")
"""Why a deployment failed, in the order in which reasons are looked for."""


def create_outcomes(connection: duckdb.DuckDBPyConnection, settings: FactSettings, scope: Scope | None = None) -> None:
    """Make `rollback_base` and `deployment_outcomes` from the deployments, incidents and change links.

    Beside them `known_changes(change_key)`, and `carrier_links(deployment_key, by_sha, by_time)`: how many changes were
    linked to a deployment in these ways. Of changes out of scope, what was kept tells.
    """
    create_table(connection, "rollback_base", _rollback_base(settings.hotfix_blame_hours))
    create_table(connection, "hotfix_blames", _hotfix_blames(settings.hotfix_blame_hours))
    create_table(connection, "failure_repairs", _failure_repairs(settings.hotfix_blame_hours))
    create_view(connection, "known_changes", scope.known_changes() if scope else "select change_key from milestones")
    create_table(connection, "carrier_links", scope.carrier_links() if scope else links_of_carriers())
    create_table(connection, "held_changes", HELD_CHANGES)
    create_table(connection, "deployment_outcomes", DEPLOYMENT_OUTCOMES)
    drop(connection, "hotfix_blames", "failure_repairs", "held_changes")


def _rollback_base(blame_hours: int) -> str:
    # A rollback deployment and the recorded row of the same rollback lie between the same two releases: the row, which
    # names what was taken back, then speaks for both.
    return f"""
        with rows as (
            select b.rollback_id, b.occurred_at, b.severity, b.rolled_back_deployment_id is not null as is_named,
                named.deployment_key as named_key, coalesce(s._service, named._service, r._service) as _service
            from rollbacks_at_cut b
            join repo_dimension r using (repo_key)
            left join service_dimension s on s.service = b.service
            left join deployment_base named on named.deployment_key = b.rolled_back_deployment_key),
        placed_rows as (
            select rows.*, l._carrier as latest, l.ended_at as latest_ended_at
            from rows asof left join latest_carriers l
                on rows._service = l._service and rows.occurred_at >= l.ended_at),
        placed_deployments as (
            select d.deployment_key, d.deployment_id, d.ended_at, d._service, l._carrier as latest
            from (select * from deployment_base where is_production and kind = 'rollback' and status = 'success') d
            asof join latest_carriers l on d._service = l._service and d.begun_at >= l.ended_at)
        select rollback_id, null as rollback_deployment_id, named_key as deployment_key, occurred_at, severity, _service
        from placed_rows where named_key is not null
        union all
        select rollback_id, null, c.deployment_key, p.occurred_at, severity, p._service
        from placed_rows p join carriers c on c._carrier = p.latest
        where not is_named and p.occurred_at <= latest_ended_at + interval {blame_hours} hours
        union all
        select null, p.deployment_id, c.deployment_key, p.ended_at, null, p._service
        from placed_deployments p join carriers c on c._carrier = p.latest
        where p.latest not in (select latest from placed_rows where named_key is not null and latest is not null)"""


def _hotfix_blames(blame_hours: int) -> str:
    # A hotfix that was cancelled, or has not ended, repaired nothing and blames nothing yet.
    return f"""
        select c.deployment_key, min(h.begun_at) as blamed_at,
            min(h.ended_at) filter (where h.status = 'success') as repaired_at
        from (select * from deployment_base
            where is_production and kind = 'hotfix' and status in ('success', 'failure')) h
        asof join latest_releases l on h._service = l._service and h.begun_at >= l.ended_at
        join carriers c using (_carrier)
        where h.begun_at <= l.ended_at + interval {blame_hours} hours
        group by c.deployment_key"""


def _failure_repairs(blame_hours: int) -> str:
    # Nothing blames a deployment that failed by its own status: the next rollback or hotfix of its service is its own.
    return f"""
        with repairs as (
            select _service, begun_at, min(ended_at) as ended_at from deployment_base
            where is_production and kind in ('hotfix', 'rollback') and status = 'success' group by _service, begun_at)
        select f.deployment_key, r.ended_at as repaired_at
        from (select * from deployment_base where is_production and status = 'failure') f
        asof join repairs r on f._service = r._service and f.ended_at <= r.begun_at
        where r.begun_at <= f.ended_at + interval {blame_hours} hours"""


# A change is held by the deployments that list it, else by the one it was linked to.
HELD_CHANGES = """
    select deployment_key, sum(changes)::integer as change_count from (
        select deployment_key, count(*) as changes
        from deployment_changes_at_cut semi join known_changes using (change_key) group by deployment_key
        union all
        select deployment_key, by_sha + by_time from carrier_links)
    group by deployment_key"""

DEPLOYMENT_OUTCOMES = f"""
    with incident_outcomes as (
        select deployment_key, count(*)::integer as incident_count, min(opened_at) as first_incident_at,
            min(opened_at) filter (where not names_a_change) as first_batch_incident_at, min(resolved_at) as resolved_at
        from incident_base where deployment_key is not null group by deployment_key),
    rollback_outcomes as (
        select deployment_key, min(occurred_at) as rolled_back_at,
            arg_min(severity, (occurred_at, severity)) filter (where severity is not null) as severity
        from rollback_base group by deployment_key),
    joined as (
        select b.* exclude (sha), c._carrier, coalesce(h.change_count, 0) as change_count,
            coalesce(i.incident_count, 0) as incident_count, i.first_incident_at, i.first_batch_incident_at,
            r.rolled_back_at, r.severity as rollback_severity, f.blamed_at as hotfix_at,
            least(i.resolved_at, r.rolled_back_at, f.repaired_at, s.repaired_at) as repaired_at,
            case
                when not b.is_production then null
                when b.status = 'failure' then {word_of("status", REASONS)}
                when i.deployment_key is not null then {word_of("incident", REASONS)}
                when r.deployment_key is not null then {word_of("rollback", REASONS)}
                when f.deployment_key is not null then {word_of("hotfix", REASONS)}
            end as failure_reason
        from deployment_base b
        left join carriers c using (deployment_key)
        left join held_changes h using (deployment_key)
        left join incident_outcomes i using (deployment_key)
        left join rollback_outcomes r using (deployment_key)
        left join hotfix_blames f using (deployment_key)
        left join failure_repairs s using (deployment_key))
    select *,
        case when failure_reason is not null then
            least(case when status = 'failure' then ended_at end, first_incident_at, rolled_back_at, hotfix_at)
            end as failed_at,
        -- What was repaired before the deployment had even ended took no time after it.
        case when failure_reason is not null and repaired_at is not null
            then greatest(repaired_at, ended_at) end as recovered_at
    from joined"""
