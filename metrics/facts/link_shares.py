"""How records were linked to one another, counted by method: what rests on what somebody wrote down, what on time.

A row per kind of record and method (`metrics.link_methods`). Kinds: `changes` (merged, by people and agents, to their
deployment), `deployments` (successful releases and hotfixes in production, to the changes that they hold), `incidents`,
`rollbacks` and `defects` (found in production) to what they are put down to. `service` has the most of them.
"""

from __future__ import annotations

from datetime import datetime

from metrics.facts.settings import FactSettings
from metrics.facts.sql import timestamp


def link_shares(settings: FactSettings, cut: datetime) -> str:
    """The query, on the relations of `build_facts` while its steps are still there."""
    return f"""
        with units as ({_changes(settings, cut)} union all {DEPLOYMENTS} union all {INCIDENTS}
            union all {ROLLBACKS} union all {ROLLBACK_DEPLOYMENTS} union all {DEFECTS}),
        by_service as (select kind, method, service, count(*) as units from units group by all)
        select kind, method, sum(units)::bigint as units, arg_max(service, (units, service)) as service,
            max(units) filter (where service is not null) as service_units
        from by_service group by kind, method"""


def _changes(settings: FactSettings, cut: datetime) -> str:
    allowed = f"{timestamp(cut)} - interval {settings.deploy_link_days} days"
    return f"""
        select 'changes' as kind, service,
            case when deploy_link = 'none' and merged_at > {allowed} then 'waiting' else deploy_link end as method
        from change_facts where merged_at is not null and author_kind is distinct from 'bot'"""


DEPLOYMENTS = """
    select 'deployments', s.service, case
        when e.deployment_key is not null then 'explicit'
        when l.by_sha > 0 then 'sha' when l.by_time > 0 then 'next_deployment' else 'none' end
    from carriers c
    left join service_dimension s using (_service)
    left join (
        select distinct deployment_key from deployment_changes_at_cut semi join known_changes using (change_key)) e
        using (deployment_key)
    left join carrier_links l using (deployment_key)"""

INCIDENTS = """
    select 'incidents', s.service, case
        when i.caused_by_deployment_id is not null and d.deployment_key is not null then 'names_deployment'
        when i.caused_by_change_id is not null and m.change_key is not null then 'names_change'
        when i.caused_by_deployment_id is not null or i.caused_by_change_id is not null then 'unknown_name'
        else b.attribution end
    from incident_base b
    join incidents_at_cut i using (incident_key)
    left join service_dimension s on s._service = b._service
    left join deployment_base d on d.deployment_key = i.caused_by_deployment_key
    left join milestones m on m.change_key = i.caused_by_change_key"""

ROLLBACKS = """
    select 'rollbacks', coalesce(r.service, o.service, r.repo_id), case
        when r.rolled_back_deployment_id is not null and d.deployment_key is not null then 'names_deployment'
        when r.rolled_back_deployment_id is not null then 'unknown_name'
        when b.deployment_key is not null then 'latest' else 'none' end
    from rollbacks_at_cut r
    left join repositories_at_cut o using (repo_key)
    left join deployment_base d on d.deployment_key = r.rolled_back_deployment_key
    left join rollback_base b on b.rollback_id = r.rollback_id"""

# A rollback deployment that a recorded row speaks for is counted with that row.
ROLLBACK_DEPLOYMENTS = """
    select 'rollbacks', s.service, case when b.deployment_key is not null then 'latest' else 'none' end
    from deployment_base d
    left join service_dimension s using (_service)
    left join rollback_base b on b.rollback_deployment_id = d.deployment_id
    left join (select _service, min(ended_at) as first_ended_at from latest_carriers group by _service) l
        on l._service = d._service
    where d.is_production and d.kind = 'rollback' and d.status = 'success'
        and (b.deployment_key is not null or not coalesce(l.first_ended_at <= d.begun_at, false))"""

DEFECTS = """
    select 'defects', coalesce(o.service, f.repo_id), case
        when m.change_key is not null then 'names_change'
        when f.caused_by_change_id is not null then 'unknown_name' else 'none' end
    from defects_at_cut f
    left join repositories_at_cut o using (repo_key)
    left join known_changes m on m.change_key = f.caused_by_change_key
    where f.found_in = 'production'"""
