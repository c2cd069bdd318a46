"""Repositories, services and teams as dense integer codes, on which everything else joins.

`repo_dimension(_repo, repo_key, repo_id, name, service, _service, team, _team)`, `service_dimension(_service, service)`
and `team_dimension(_team, team)`. Codes follow the order of the names, so that the same input gives the same codes; but
what an earlier build has numbered keeps its number, and what is new gets the next ones. A repository that is only named
by its records, because its own row has not arrived, is there too, as its own service.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from metrics.facts.sql import create_table, drop
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
DIMENSIONS = {
    "repo_dimension": ("_repo", "repo_id"),
    "service_dimension": ("_service", "service"),
    "team_dimension": ("_team", "team"),
}
"""The code and the name of each."""


def create_dimensions(connection: duckdb.DuckDBPyConnection, numbered: Mapping[str, str] | None = None) -> None:
    """Make the three dimension tables from the event tables at the cut.

    Args:
        connection: has the event tables at the cut.
        numbered: the dimensions of an earlier build, as SQL to select from. If any name of theirs is gone, codes would
            no longer be dense: then all are given anew.
    """
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
    create_table(connection, "known_services", f"select service from known_repositories union {services}")
    names = {
        "repo_dimension": "select repo_id from known_repositories",
        "service_dimension": "select service from known_services",
        "team_dimension": "select distinct team from known_repositories where team is not null",
    }
    numbered = numbered if numbered and not _is_any_gone(connection, names, numbered) else {}
    codes = {dimension: _codes(dimension, query, numbered.get(dimension)) for dimension, query in names.items()}
    for dimension in ("service_dimension", "team_dimension"):
        create_table(connection, dimension, codes[dimension])
    create_table(
        connection,
        "repo_dimension",
        f"""
        select _repo, repo_key, repo_id, name, service, _service, team, _team
        from ({codes["repo_dimension"]}) join known_repositories using (repo_id)
            join service_dimension using (service) left join team_dimension using (team)
        order by _repo""",
    )
    drop(connection, "known_repositories", "known_services")
    _create_names(connection)


def _is_any_gone(connection: duckdb.DuckDBPyConnection, names: Mapping[str, str], numbered: Mapping[str, str]) -> bool:
    """Whether something that had a number is no more."""
    gone = " union all ".join(
        f"(select 1 from {numbered[dimension]} anti join ({names[dimension]}) using ({name}))"
        for dimension, (_, name) in DIMENSIONS.items()
    )
    return connection.execute(f"select 1 from ({gone}) limit 1").fetchone() is not None


def _codes(dimension: str, names: str, numbered: str | None) -> str:
    """SQL of the code of each name, in order: what has a number keeps it, others get the next ones by name."""
    code, name = DIMENSIONS[dimension]
    if numbered is None:
        return f"select (row_number() over (order by {name}) - 1)::integer as {code}, {name} from ({names})"
    return f"""
        select coalesce({code}, (select count(*) from {numbered})
            + row_number() over (partition by {code} is null order by {name}) - 1)::integer as {code}, {name}
        from ({names}) left join (select {code}, {name} from {numbered}) using ({name}) order by {code}"""


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
