"""What new events can reach: the changes whose facts a refresh makes again.

A change's facts rest on its own row and on what names it; on the deployment that carried it; on what it repairs and
what repairs it; on the cut, while a follow-up runs; and on its surroundings: codes, tiers, gates, what is watched. If
the surroundings are others, everything is made again. All else is followed from the rows that came since:

- a row of a change, a review, a commit, an event, a gate's result: to the change that it names, or named before;
- a deployment: to the changes that it carried, lists, or shares a sha with, and to those of its service that were
  merged within reach and had not been deployed before it;
- a defect or an incident: to the change that it names or named, and to the changes that repair the defect;
- a change: to the one that it reverts;
- the cut: to changes whose validation ended between both cuts, and to rows with an instant between them.

What a deployment came to (incidents, rollbacks, hotfixes, how much it carried) is not followed but compared, when it
has been made: the changes of a deployment that came to something else are reached as well.

On the connection there are, beside what `create_surroundings` makes, `<table>_told` (every event table with tombstones
and the number of the load that brought each row), `former_references` (what rows named before they became others), and
what was kept of the build before: `kept_<fact>` and `kept_carrier_links`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from metrics.facts.cut import PLANNED_INSTANTS
from metrics.facts.dimensions import DIMENSIONS
from metrics.facts.gates import REQUIRED_GATES
from metrics.facts.settings import VALIDATION_DAYS, FactSettings
from metrics.facts.sql import create_table, drop, timestamp
from schemas.events import all_tables

OF_A_CHANGE = ("changes", "reviews", "change_events", "commits", "gate_results")
"""Event tables of which a change's facts rest on its own rows."""
TOLD = (*OF_A_CHANGE, "deployments", "deployment_changes", "incidents", "defects")
"""Event tables of which new rows are followed."""
REVIEWER_NUMBERS = "reviewer_numbers"
"""Who reviewed, by the hash of the name, and the number that they have (`metrics.facts.controls.reviewer_numbers`)."""
NUMBERED = (*DIMENSIONS, REVIEWER_NUMBERS)
"""What tells which numbers a build gave, for those after it to give the same ones."""
KEPT = (
    *("change_facts", "deployment_facts", "incident_facts", "defect_facts", "carrier_links", "review_facts"),
    *NUMBERED,
)
"""What a refresh rests on of the build before."""
SURROUNDINGS = {
    "repo_dimension": ("repo_dimension", "repo_tiers"),
    "service_dimension": ("service_dimension", "service_tiers", "service_watching"),
    "team_dimension": ("team_dimension",),
}
"""What changes are seen against, by the dimension whose codes it goes by; required gates beside it."""
FOLLOWED: dict[str, tuple[str, ...]] = {
    "deployments": ("deployment_id", "deployment_key", "sha"),
    "incidents": ("caused_by_change_key",),
    "defects": ("defect_id", "defect_key", "caused_by_change_key"),
}
"""Columns by which new rows are followed; those of other tables by the change that they name."""


@dataclass(frozen=True)
class Since:
    """Up to where an earlier build knew: its cut (UTC, zone-less) and the last load."""

    cut: datetime
    load_id: int


def surroundings(connection: duckdb.DuckDBPyConnection, known: Mapping[str, int] | None = None) -> tuple[str, ...]:
    """Digests of what all changes are seen against.

    Args:
        connection: has it.
        known: of how many codes of each dimension, from the first on; of all, if not given. What came later is no
            surrounding of a change that was known before: a change that comes to name it has another row.
    """
    queries = [REQUIRED_GATES]
    for dimension, relations in SURROUNDINGS.items():
        code, _ = DIMENSIONS[dimension]
        among = f" where {code} < {known[dimension]}" if known else ""
        queries += [f"select * from {name}{among}" for name in relations]
    digest = "select md5(coalesce(string_agg(line, chr(10) order by line), ''))"
    lines = [f"select t::varchar as line from ({query}) t" for query in queries]
    found = [connection.execute(f"{digest} from ({rows})").fetchone() for rows in lines]
    return tuple(row[0] for row in found if row)


@dataclass(frozen=True)
class Reach:
    """What new events reach: first what can be followed, and when deployments have been made what these came to.

    Attributes:
        settings: the workspace's choices.
        since: up to where the build before knew.
        cut: as for `build_facts`; not before that of the build before.
    """

    settings: FactSettings
    since: Since
    cut: datetime

    def a_tier_turned(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether a tier of what was known began or ended between the cuts: open changes have that of the cut."""
        turned = " or ".join(self._between(instant) for instant in ("valid_from", "valid_to"))
        tiers = """
            select valid_from, valid_to from repo_tiers semi join kept_repo_dimension using (_repo) union all
            select valid_from, valid_to from service_tiers semi join kept_service_dimension using (_service)"""
        return connection.execute(f"select 1 from ({tiers}) where {turned} limit 1").fetchone() is not None

    def follow(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Make `new_<table>`, the rows that came or came to pass since, and `reached_changes(change_key)`.

        Returns:
            How many changes are reached so far.
        """
        self._create_new_rows(connection)
        create_table(connection, "reached_directly", self._reached_directly())
        create_table(
            connection,
            "new_carriers",
            "select _service, begun_at from carriers semi join new_deployments using (deployment_key)",
        )
        create_table(
            connection,
            "reached_changes",
            f"""
            select change_key from reached_directly where change_key is not null
            union select reverts_change_key from changes_told
                where reverts_change_key is not null and change_key in (select change_key from reached_directly)
            union {self._reached_by_deployments()}
            union select _change_key from kept_change_facts
                where {self._between(f"(deployed_at + interval {VALIDATION_DAYS} days)")}""",
        )
        return _count(connection, "reached_changes")

    def follow_outcomes(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Add the changes of deployments that came to something else than before to `reached_changes`.

        Returns:
            How many were added.
        """
        compared = "_ended_at, failed, _failed_at, _rolled_back_at, first_at, is_alone"
        before = """
            select deployment_id, _ended_at, failed, _failed_at, _rolled_back_at, first_at, change_count = 1 as is_alone
            from kept_deployment_facts left join (
                select deployment_id, min(opened_at) as first_at from kept_incident_facts
                where not _names_a_change group by deployment_id) using (deployment_id)"""
        after = """
            select deployment_id, ended_at as _ended_at, failure_reason is not null as failed, failed_at as _failed_at,
                rolled_back_at as _rolled_back_at, first_batch_incident_at as first_at, change_count = 1 as is_alone
            from deployment_outcomes"""
        differ = " or ".join(f"b.{name} is distinct from a.{name}" for name in compared.split(", "))
        create_table(
            connection,
            "other_outcomes",
            f"select deployment_id from ({before}) b join ({after}) a using (deployment_id) where {differ}",
        )
        known = _count(connection, "reached_changes")
        connection.execute(
            """insert into reached_changes select _change_key from kept_change_facts
            where deployment_id in (select deployment_id from other_outcomes)
                and _change_key not in (select change_key from reached_changes)"""
        )
        return _count(connection, "reached_changes") - known

    def let_go(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let go of what following has made."""
        names = ("reached_directly", "reached_changes", "new_carriers", "other_outcomes")
        drop(connection, *(f"new_{name}" for name in TOLD), *names)

    def _create_new_rows(self, connection: duckdb.DuckDBPyConnection) -> None:
        for name in TOLD:
            instants = [
                each.name
                for each in all_tables()[name].table_columns()
                if each.type == "instant" and each.name not in PLANNED_INSTANTS
            ]
            new = " or ".join([f"load_id > {self.since.load_id}", *map(self._between, instants)])
            columns = ", ".join(FOLLOWED.get(name, ("change_key",)))
            create_table(connection, f"new_{name}", f"select {columns} from {name}_told where {new}")

    def _reached_directly(self) -> str:
        own = " union ".join(f"select change_key from new_{name}" for name in (*OF_A_CHANGE, "deployment_changes"))
        shas = "(select sha from new_deployments where sha is not null)"
        return f"""
            {own}
            union select change_key from deployment_changes_told
                where deployment_key in (select deployment_key from new_deployments)
            union select change_key from changes_told where merge_commit_sha in {shas}
            union select change_key from commits_told where sha in {shas}
            union select caused_by_change_key from new_defects
            union select caused_by_change_key from new_incidents
            union select change_key from changes_told where fixes_defect_key in (select defect_key from new_defects)
            union select change_key from former_references where load_id > {self.since.load_id}"""

    def _reached_by_deployments(self) -> str:
        """Changes that a new deployment carried before it was told anew, and those that it may carry now."""
        reach = f"interval {self.settings.deploy_link_days} days"
        return f"""
            select _change_key from kept_change_facts
                where deployment_id in (select deployment_id from new_deployments)
            union select k._change_key from kept_change_facts k join new_carriers n
                on k._service = n._service and k.merged_at <= n.begun_at and k.merged_at >= n.begun_at - {reach}
                where k.merged_at >= (select min(begun_at) - {reach} from new_carriers)
                    and (k.deployed_at is null or k.deploy_link = 'next_deployment' and k.deployed_at >= n.begun_at)"""

    def _between(self, instant: str) -> str:
        """SQL of whether an instant lies between the cuts."""
        if self.cut <= self.since.cut:
            return "false"
        return f"({instant} > {timestamp(self.since.cut)} and {instant} <= {timestamp(self.cut)})"


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    (rows,) = connection.execute(f"select count(*) from {relation}").fetchone() or (0,)
    return int(rows)
