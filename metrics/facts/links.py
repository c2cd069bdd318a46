"""Which deployment brought a change to production: by explicit link, else by sha, else the next one of its service.

`deployment_base` has one row per deployment, `carriers` one per successful production release or hotfix: what can
carry a change. `_carrier` numbers them by their end, so that the smallest number is the first.
`change_links(change_key, _carrier, link)` has a row per change that some carrier holds.
"""

from __future__ import annotations

import duckdb

from metrics.facts.settings import FactSettings
from metrics.facts.sql import create_table, drop, joins_as_written, numbered, text
from schemas.events import all_tables

LINKS = ("explicit", "sha", "next_deployment")
"""Ways of linking in the order of their precedence; `change_links.link` is the place in this list, from 1."""


def create_deployments(connection: duckdb.DuckDBPyConnection, settings: FactSettings) -> None:
    """Make `deployment_base` and `carriers` from the deployments at the cut."""
    create_table(connection, "deployment_base", _deployment_base(settings.production_rules))
    create_table(connection, "carriers", CARRIERS)


def create_links(connection: duckdb.DuckDBPyConnection, settings: FactSettings) -> None:
    """Make `change_links` from `milestones`, `carriers` and what links them."""
    create_table(connection, "explicit_links", EXPLICIT_LINKS)
    with joins_as_written(connection):
        create_table(connection, "sha_links", SHA_LINKS)
    create_table(connection, "change_links", _change_links(settings.deploy_link_days))
    drop(connection, "explicit_links", "sha_links")


def links_of_carriers(among: str = "true") -> str:
    """SQL of how many changes were linked to each carrier by sha and by time.

    Args:
        among: SQL on a row of `change_links` that says whether it counts.
    """
    by_sha, by_time = (f"count(*) filter (where link = {LINKS.index(way) + 1})" for way in LINKS[1:])
    return f"""
        select deployment_key, by_sha, by_time from (
            select _carrier, {by_sha} as by_sha, {by_time} as by_time
            from change_links where link > 1 and ({among}) group by _carrier)
        join carriers using (_carrier)"""


def is_production(rules: tuple[str, ...]) -> str:
    """SQL of whether a deployment went to production: as it says, else by the workspace's rules on `environment`."""
    matches = " or ".join(
        f"lower(environment) = lower({text(rule)}) or regexp_full_match(environment, {text(rule)}, 'i')"
        for rule in rules
    )
    return f"coalesce(is_production, {matches}, false)"


def _deployment_base(rules: tuple[str, ...]) -> str:
    lists = all_tables()["deployments"].table_closed_lists()
    words = ", ".join(f"{numbered(f'd.{name}', listed)} as {name}" for name, listed in lists.items())
    # Clocks of different machines differ: an end before the start is the start.
    return f"""
        select deployment_id, deployment_key, _repo, coalesce(s._service, r._service) as _service, environment,
            {is_production(rules)} as is_production, {words}, started_at, finished_at,
            coalesce(started_at, finished_at) as begun_at,
            case when d.status in ('success', 'failure')
                then greatest(coalesce(finished_at, started_at), begun_at) end as ended_at,
            sha
        from deployments_at_cut d
        join repo_dimension r using (repo_key)
        left join service_dimension s on s.service = d.service"""


CARRIERS = """
    select (row_number() over (order by ended_at, deployment_key))::integer as _carrier,
        deployment_key, _repo, _service, kind, begun_at, ended_at, sha
    from deployment_base
    where is_production and status = 'success' and kind in ('release', 'hotfix') and ended_at is not null"""

EXPLICIT_LINKS = """
    select change_key, min(_carrier) as _carrier
    from deployment_changes_at_cut join carriers using (deployment_key)
    group by change_key"""

# The deployed commit is the merge commit, or one of the change's own where it was merged without one. A sha means
# something only within its repository (or its service, where a repository of manifests deploys another's commits);
# in a monorepo a deployment of the change's own service comes first.
SHA_LINKS = """
    with shas as (
        select change_key, merge_commit_sha as sha from changes_at_cut where merge_commit_sha is not null
        union all
        select change_key, sha from commits_at_cut),
    deployed as (select change_key, carriers.* from shas join carriers using (sha))
    select change_key,
        coalesce(min(d._carrier) filter (where d._service = m._service), min(d._carrier)) as _carrier
    from milestones m join deployed d using (change_key)
    where m.merged_at is not null and (d._service = m._service or d._repo = m._repo)
    group by change_key"""


def _change_links(deploy_link_days: int) -> str:
    return f"""
        with linked as (
            select change_key, _carrier, 1::tinyint as link from explicit_links
            union all
            select change_key, _carrier, 2::tinyint from sha_links anti join explicit_links using (change_key)),
        next_begun as (
            select _service, begun_at, min(_carrier) as _carrier from carriers group by _service, begun_at),
        unlinked as (
            select change_key, _service, merged_at from milestones anti join linked using (change_key)
            where merged_at is not null)
        select * from linked
        union all
        select u.change_key, n._carrier, 3::tinyint
        from unlinked u asof join next_begun n on u._service = n._service and u.merged_at <= n.begun_at
        where n.begun_at <= u.merged_at + interval {deploy_link_days} days"""
