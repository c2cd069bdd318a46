"""The workspace's rules against what there is: one that matches nothing makes figures vanish without a word."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

import duckdb

from pipelines.doctor.model import Check
from pipelines.warehouse import Warehouse
from pipelines.warehouse_schema import production_rule
from schemas.workspace import Production, Workspace

AREA = "Rules"
NAMES_SHOWN = 12


def rules(workspace: Workspace, sighted: frozenset[str]) -> Iterator[Check]:
    """Which environments are production, and registers that name what nobody knows.

    Args:
        workspace: whose rules.
        sighted: environments seen on the hosts.

    Raises:
        PlumblineError: the warehouse cannot be read.
    """
    unusable = list(_unusable_patterns(workspace.production))
    yield from unusable
    environments: dict[str, int] = dict.fromkeys(sorted(sighted), 0)
    if workspace.warehouse_path.exists():
        with Warehouse.open(workspace, write=False) as warehouse:
            found = warehouse.rows(
                "SELECT environment, count(*) AS deployments FROM warehouse.deployments WHERE NOT deleted"
                " AND is_production IS NULL GROUP BY environment ORDER BY deployments DESC, environment"
            )
            environments = {**environments, **{str(each["environment"]): each["deployments"] for each in found}}
            yield from _unknown_names(warehouse)
    if not unusable:
        yield from _production(workspace.production, environments)


def _unusable_patterns(production: Production) -> Iterator[Check]:
    """Patterns that Python's expressions allow and the database's (RE2) do not."""
    with duckdb.connect() as connection:
        for pattern in production.patterns:
            try:
                connection.execute("SELECT regexp_matches('production', ?)", [pattern])
            except duckdb.Error as error:
                what = f"production.patterns: {pattern!r} cannot be used ({str(error).splitlines()[0]})"
                yield Check(AREA, "problem", what, "write it without look-ahead, look-behind and back-references")


def _production(production: Production, environments: Mapping[str, int]) -> Iterator[Check]:
    """Every name and pattern of the rule, and the rule as a whole."""
    if not environments:
        what = "production: no deployment is known yet, so the rule cannot be tried"
        yield Check(AREA, "note", what, "`plumbline ingest`, `plumbline load DIR`, or let a pipeline send them")
        return
    matched: set[str] = set()
    lone: list[str] = []
    for name in production.environments:
        found = _matching(Production(environments=(name,), patterns=()), environments)
        matched.update(found)
        lone += [] if found else [f"environments: {name!r}"]
    for pattern in production.patterns:
        found = _matching(Production(environments=(), patterns=(pattern,)), environments)
        matched.update(found)
        lone += [] if found else [f"patterns: {pattern!r}"]
    rest = [name for name in environments if name not in matched]
    others = {name: environments[name] for name in rest}
    if not matched:
        what = f"production: the rule matches no environment, so no deployment counts; there are {_shown(environments)}"
        yield Check(AREA, "problem", what, _suggestion(production, rest))
        return
    yield Check(
        AREA, "ok", f"production: {_shown({name: environments[name] for name in environments if name in matched})}"
    )
    if rest:
        yield Check(AREA, "info", f"not production: {_shown(others)}")
    is_default = production == Production()
    for each in [] if is_default else lone:
        what = f"production.{each} matches nothing; other environments are {_shown(others)}"
        yield Check(AREA, "note", what, "correct it, or take it out")


def _matching(production: Production, environments: Mapping[str, int]) -> list[str]:
    rule = production_rule(production, "name")
    with duckdb.connect() as connection:
        names = "SELECT unnest(?::VARCHAR[]) AS name"
        found = connection.execute(f"SELECT name FROM ({names}) WHERE {rule}", [list(environments)]).fetchall()
    return [str(name) for (name,) in found]


def _suggestion(production: Production, names: Sequence[str]) -> str:
    """The likeliest name, as it would be written."""
    close = [
        each
        for wanted in (*production.environments, "production", "prod", "live")
        for each in difflib.get_close_matches(wanted, names, 1, 0.6)
    ]
    close += [name for name in names if "prod" in name.lower() or "live" in name.lower()]
    if not close:
        return "name the right ones under [production] environments"
    return f'did you mean {close[0]!r}? then write environments = ["{close[0]}"] under [production]'


def _shown(environments: Mapping[str, int]) -> str:
    named = [f"{name} ({count:,})" if count else name for name, count in environments.items()]
    more = f" and {len(named) - NAMES_SHOWN:,} more" if len(named) > NAMES_SHOWN else ""
    return f"{', '.join(named[:NAMES_SHOWN])}{more}" if named else "none"


UNKNOWN = {
    "tier_assignments.repo_id": "SELECT DISTINCT repo_id AS name FROM warehouse.tier_assignments t"
    " WHERE NOT deleted AND repo_id IS NOT NULL AND service IS NULL"
    " AND repo_id NOT IN (SELECT repo_id FROM warehouse.repositories WHERE NOT deleted)",
    "tier_assignments.service": "SELECT DISTINCT service AS name FROM warehouse.tier_assignments WHERE NOT deleted"
    " AND service IS NOT NULL AND service NOT IN ({services})",
    "coverage.service": "SELECT DISTINCT service AS name FROM warehouse.coverage WHERE NOT deleted"
    " AND service IS NOT NULL AND service NOT IN ({services})",
    "incidents.service": "SELECT DISTINCT service AS name FROM warehouse.incidents WHERE NOT deleted"
    " AND service IS NOT NULL AND service NOT IN ({services})",
}
"""Names in registers and incidents that no repository, change or deployment bears, so that they concern nothing."""
SERVICES = """
    SELECT coalesce(service, repo_id) FROM warehouse.repositories WHERE NOT deleted
    UNION SELECT service FROM warehouse.changes WHERE NOT deleted AND service IS NOT NULL
    UNION SELECT service FROM warehouse.deployments WHERE NOT deleted AND service IS NOT NULL"""


def _unknown_names(warehouse: Warehouse) -> Iterator[Check]:
    known = [str(row["name"]) for row in warehouse.rows(f"SELECT * FROM ({SERVICES}) AS t(name) ORDER BY 1")]
    if not known:
        return
    repositories = [str(row["repo_id"]) for row in warehouse.rows("SELECT repo_id FROM warehouse.repositories")]
    for column, query in UNKNOWN.items():
        names = [str(row["name"]) for row in warehouse.rows(f"{query.format(services=SERVICES)} ORDER BY 1")]
        if not names:
            continue
        there = repositories if column.endswith("repo_id") else known
        kind = "repository" if column.endswith("repo_id") else "service"
        named = dict.fromkeys(names, 0)
        what = f"{column}: {len(names):,} name no known {kind}: {_shown(named)}"
        close = difflib.get_close_matches(names[0], there, 1, 0.6)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {_shown(dict.fromkeys(there, 0))}"
        yield Check(AREA, "note", what, hint)
