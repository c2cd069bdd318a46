"""Repositories, services and teams as dense integer codes, on which everything else joins.

`repo_dimension(_repo, repo_key, repo_id, name, service, _service, team, _team)`, `service_dimension(_service, service)`
and `team_dimension(_team, team)`. Codes follow the order of the names, so that the same input gives the same codes. A
repository that is only named by its records, because its own row has not arrived, is there too, as its own service.
"""

from __future__ import annotations

import duckdb

from metrics.facts.sql import create_table
from schemas.sql import text_hash_sql

NAMES_A_REPOSITORY = (
    "changes",
    "deployments",
    "incidents",
    "rollbacks",
    "defects",
    "test_runs",
    "tier_assignments",
    "onboardings",
)
NAMES_A_SERVICE = ("changes", "deployments", "incidents", "rollbacks", "tier_assignments", "coverage")


def create_dimensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the three dimension tables from the event tables at the cut."""
    named = " union ".join(
        f"select repo_id from {table}_at_cut where repo_id is not null" for table in NAMES_A_REPOSITORY
    )
    create_table(
        connection,
        "known_repositories",
        f"""
        select repo_key, repo_id, name, coalesce(service, repo_id) as service, team from repositories_at_cut
        union all
        select {text_hash_sql("repo_id")}, repo_id, null, repo_id, null
        from ({named}) anti join repositories_at_cut using (repo_id)""",
    )
    services = " union ".join(
        f"select service from {table}_at_cut where service is not null" for table in NAMES_A_SERVICE
    )
    create_table(
        connection,
        "service_dimension",
        f"""
        select (row_number() over (order by service) - 1)::integer as _service, service
        from (select service from known_repositories union {services})""",
    )
    create_table(
        connection,
        "team_dimension",
        """
        select (row_number() over (order by team) - 1)::integer as _team, team
        from (select distinct team from known_repositories where team is not null)""",
    )
    create_table(
        connection,
        "repo_dimension",
        """
        select (row_number() over (order by repo_id) - 1)::integer as _repo, repo_key, repo_id, name,
            service, _service, team, _team
        from known_repositories join service_dimension using (service) left join team_dimension using (team)
        order by _repo""",
    )
    _create_names(connection)


def _create_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `repo_names(_repo, repo_id, team)`, and the types `repo_name`, `team_name` and `service_name`.

    To millions of rows that are sorted, an enumerated name is a small number. Cast to text it is the name again.
    """
    for name, query in (
        ("repo_name", "select repo_id from repo_dimension order by _repo"),
        ("team_name", "select team from team_dimension order by _team"),
        ("service_name", "select service from service_dimension order by _service"),
    ):
        connection.execute(f"create or replace temp type {name} as enum ({query})")
    create_table(
        connection,
        "repo_names",
        "select _repo, repo_id::repo_name as repo_id, _team, team::team_name as team from repo_dimension",
    )
