"""Incidents and the deployment that each is attributed to: the one it names, else one of its service shortly before.

`incident_base` has one row per incident. An incident that names a deployment or a change is never attributed by time:
if what it names is unknown (yet), it is attributed to none, as a guess would contradict what somebody wrote down.
"""

from __future__ import annotations

import duckdb

from metrics.facts.settings import FactSettings
from metrics.facts.sql import create_table, drop


def create_latest_carriers(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `latest_carriers` and `latest_releases`: the right side of every "latest that finished before"."""
    for name, kinds in (("latest_carriers", "true"), ("latest_releases", "kind = 'release'")):
        create_table(
            connection,
            name,
            f"select _service, ended_at, max(_carrier) as _carrier from carriers where {kinds} group by 1, 2",
        )


def create_incidents(connection: duckdb.DuckDBPyConnection, settings: FactSettings) -> None:
    """Make `incident_base` from the incidents at the cut, `carriers` and `change_links`."""
    create_table(connection, "incident_source", INCIDENT_SOURCE)
    create_table(connection, "incident_base", _incident_base(settings.incident_attribution_hours))
    drop(connection, "incident_source")


INCIDENT_SOURCE = """
    select i.*, r._repo, coalesce(s._service, r._service) as _service
    from incidents_at_cut i
    left join repo_dimension r on r.repo_key = i.repo_key
    left join service_dimension s on s.service = i.service"""


def _incident_base(attribution_hours: int) -> str:
    # An incident of a service that spans tiers counts in the most critical one.
    return f"""
        with by_time as (
            select i.incident_key, c.deployment_key
            from (select * from incident_source
                where caused_by_deployment_id is null and caused_by_change_id is null and _service is not null) i
            asof join latest_carriers l on i._service = l._service and i.opened_at >= l.ended_at
            join carriers c using (_carrier)
            where i.opened_at <= l.ended_at + interval {attribution_hours} hours),
        by_change as (
            select i.incident_key, c.deployment_key
            from incident_source i
            join milestones m on m.change_key = i.caused_by_change_key and m.merged_at is not null
            join change_links l on l.change_key = m.change_key
            join carriers c using (_carrier)
            where i.caused_by_deployment_id is null and i.caused_by_change_id is not null),
        service_repo_tier as (
            select i.incident_key, max(t.tier) as tier
            from (
                select incident_key, opened_at, _repo from incident_source
                union
                select incident_key, opened_at, r._repo from incident_source i join repo_dimension r using (_service)) i
            join repo_tiers t on t._repo = i._repo and t.valid_from <= i.opened_at and t.valid_to > i.opened_at
            group by i.incident_key)
        select i.incident_id, i.incident_key, i._repo, i._service, coalesce(own.tier, shared.tier) as tier,
            i.severity, i.is_security, i.opened_at, i.acknowledged_at, i.resolved_at,
            i.caused_by_change_key, i.caused_by_change_id is not null as names_a_change,
            coalesce(d.deployment_key, by_change.deployment_key, by_time.deployment_key) as deployment_key,
            case
                when d.deployment_key is not null or by_change.deployment_key is not null then 'explicit'
                when by_time.deployment_key is not null then 'window'
                else 'none'
            end as attribution
        from incident_source i
        left join deployment_base d on d.deployment_key = i.caused_by_deployment_key
        left join by_change using (incident_key)
        left join by_time using (incident_key)
        left join service_tiers own
            on own._service = i._service and own.valid_from <= i.opened_at and own.valid_to > i.opened_at
        left join service_repo_tier shared using (incident_key)"""
