"""The facts of the changes that new events reach: the steps' own SQL on their events, and what was kept of all others.

Stands on what `metrics.facts.reach` has found, with the same relations on the connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from metrics.facts.assemble import change_facts_among, defect_facts
from metrics.facts.controls import REVIEW_FACTS, REVIEWED_CHANGES, REVIEWERS, numbered_people, reviewed_changes
from metrics.facts.cut import cut_query
from metrics.facts.links import LINKS, links_of_carriers
from metrics.facts.reach import OF_A_CHANGE
from metrics.facts.settings import FactSettings
from metrics.facts.sql import create_table, create_view, drop, text
from schemas.events import all_tables
from schemas.sql import text_hash_sql

LINKING = ("changes", "change_events", "commits")
"""Those of a change on which its link to a deployment rests, and so what deployments come to."""
UNREAD: dict[str, tuple[str, ...]] = {
    "changes": ("number", "title", "ai_evidence", "base_branch", "changed_files", "labels", "intent_id"),
    "reviews": ("review_id", "change_id", "comment_count"),
    "change_events": ("event_id", "change_id", "actor"),
    "commits": ("change_id", "author", "additions", "deletions", "rework_lines"),
    "gate_results": ("gate_result_id", "change_id", "duration_seconds", "coverage_delta", "exception_id", "reason"),
}
"""Columns that no step reads."""
AUDITED = 1_000
"""Changes that nothing should have reached, drawn anew by each refresh, whose facts are made all the same: a rule that
lets one in a hundred slip is found out but for a chance of one in twenty thousand."""
AUDITED_REPOSITORIES = 3
"""They are drawn from so many repositories, whose facts lie together: to read kept facts all over would take longer
than to make them."""


@dataclass(frozen=True)
class Scope:
    """The changes on which the steps of a refresh run.

    Attributes:
        settings: the workspace's choices.
        cut: as for `build_facts`.
    """

    settings: FactSettings
    cut: datetime

    def restrict_to_links(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Do what `restrict` does, without what no link and no deployment rests on, and without the few beside.

        That is: without reviews, results of gates and audited changes.
        """
        self._restrict(connection, LINKING, "reached_changes")

    def restrict(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let the events of changes at the cut be those of the reached, and of what must be known beside them.

        That is: changes that incidents name, whose deployments these are put down to; changes that revert one of
        these; and a few that nothing reaches, `audited_changes`.
        """
        self._draw_audited(connection)
        self._restrict(connection, OF_A_CHANGE, "reached_changes", "audited_changes")

    def _restrict(self, connection: duckdb.DuckDBPyConnection, shown: Sequence[str], *wanted: str) -> None:
        whole = {name: cut_query(name, all_tables()[name], self.cut) for name in OF_A_CHANGE}
        create_table(
            connection,
            "looked_at",
            f"""{" union ".join(f"select change_key from {name}" for name in wanted)}
            union select caused_by_change_key from incidents_at_cut where caused_by_change_key is not null""",
        )
        create_table(
            connection,
            "scope",
            f"""select change_key from looked_at
            union select change_key from ({whole["changes"]})
                where reverts_change_key in (select change_key from looked_at)""",
        )
        for name, query in whole.items():
            some = "change_key in (select change_key from scope)" if name in shown else "false"
            columns = f"* exclude ({', '.join(UNREAD[name])})"
            create_table(connection, f"{name}_at_cut", f"select {columns} from ({query}) where {some}")

    def _draw_audited(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make `audited_repositories(_repo)` and `audited_changes(change_key)`."""
        drawn = f"select _repo from kept_repo_dimension using sample {AUDITED_REPOSITORIES} rows"
        create_table(connection, "audited_repositories", drawn)
        create_table(
            connection,
            "audited_changes",
            f"""select change_key from (
                select _change_key as change_key from kept_change_facts where {_is_audited(connection)}
                    and _change_key not in (select change_key from reached_changes))
            using sample {AUDITED} rows""",
        )

    def is_any_gone(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether a change of the build before is no more, so that nothing can be laid over its facts."""
        gone = """select 1 from kept_change_facts where _change_key in (select change_key from reached_changes)
            and _change_key not in (select change_key from changes_at_cut) limit 1"""
        return connection.execute(gone).fetchone() is not None

    def known_changes(self) -> str:
        """SQL of the keys of all changes."""
        return f"select change_key from ({cut_query('changes', all_tables()['changes'], self.cut)})"

    def carrier_links(self) -> str:
        """SQL of what deployments carry: as it was kept, with the links of reached changes as they are now."""
        key = text_hash_sql("deployment_id")
        by_sha, by_time = (f"-count(*) filter (where deploy_link = {text(way)})" for way in LINKS[1:])
        return f"""
            select deployment_key, sum(by_sha)::bigint as by_sha, sum(by_time)::bigint as by_time from (
                select deployment_key, by_sha, by_time from kept_carrier_links
                union all
                select {key}, by_sha, by_time from (
                    select deployment_id, {by_sha} as by_sha, {by_time} as by_time from kept_change_facts
                    where _change_key in (select change_key from reached_changes) and deployment_id is not null
                    group by deployment_id)
                union all {links_of_carriers("change_key in (select change_key from reached_changes)")})
            group by deployment_key having sum(by_sha) + sum(by_time) > 0"""

    def defect_facts(self) -> str:
        """SQL of the facts of defects: made of what is new or names a change of the scope, else kept."""
        again = """
            select defect_key, defect_id from new_defects
            union select defect_key, defect_id from defects_told
                where caused_by_change_key in (select change_key from scope)"""
        made = defect_facts(f"(select * from defects_at_cut where defect_key in (select defect_key from ({again})))")
        return f"""
            {made}
            union all by name
            select * from kept_defect_facts where defect_id not in (select defect_id from ({again}))"""

    def create_reviews(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Make `told_again(review_key)`, the reviews of reached changes, and what `review_facts` rests on.

        Returns:
            Whether they can be laid over what was kept: not where one of them counts no longer.
        """
        create_table(
            connection,
            "told_again",
            "select review_key from reviews_told where change_key in (select change_key from reached_changes)",
        )
        create_table(connection, REVIEWERS, numbered_people("kept_reviewer_numbers"))
        create_view(connection, REVIEWED_CHANGES, reviewed_changes(are_steps_there=True))
        create_table(connection, "new_review_facts", self._review_facts())
        gone = """select 1 from kept_review_facts where _review_key in (select review_key from told_again)
            and _review_key not in (select _review_key from new_review_facts) limit 1"""
        return connection.execute(gone).fetchone() is None

    def _review_facts(self) -> str:
        """SQL of the facts of the reviews of reached changes."""
        return f"{REVIEW_FACTS} and change_key in (select change_key from reached_changes)"

    def facts_of(self, changes: str) -> str:
        """SQL of the facts of the changes whose keys a relation holds, as they are now."""
        return change_facts_among(self.settings, self.cut, changes)

    def slipped(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        """Audited changes, by id, whose facts are not those that were kept, although nothing has reached them."""
        now = self.facts_of("audited_changes")
        kept = f"""select * from kept_change_facts
            where {_is_audited(connection)} and _change_key in (select change_key from audited_changes)"""
        found = connection.execute(f"select change_id from (({now}) except ({kept}))").fetchall()
        return sorted(change for (change,) in found)

    def let_go(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let go of what a refresh has made, once its facts are written."""
        names = ("looked_at", "scope", "audited_changes", "audited_repositories", "told_again", "new_review_facts")
        drop(connection, *names, REVIEWED_CHANGES, REVIEWERS)


def _is_audited(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL of whether a row is of a repository that is audited: said with constants, a scan passes over all others."""
    drawn = connection.execute("select _repo from audited_repositories").fetchall()
    return f"_repo in ({', '.join(str(repo) for (repo,) in drawn)})" if drawn else "false"
