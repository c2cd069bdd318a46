"""All steps in their order, and the facts' way to Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from pathlib import Path

import duckdb

from metrics.facts import assemble
from metrics.facts.cut import create_cut_views
from metrics.facts.dimensions import create_dimensions
from metrics.facts.gates import create_gates
from metrics.facts.incidents import create_incidents, create_latest_carriers
from metrics.facts.links import create_deployments, create_links
from metrics.facts.milestones import create_milestones
from metrics.facts.outcomes import create_outcomes
from metrics.facts.rework import create_defect_fixes
from metrics.facts.settings import FactSettings
from metrics.facts.sql import create_table, create_view, drop, text
from metrics.facts.tiers import create_tiers
from metrics.facts.validation import create_change_effects
from metrics.facts.watching import create_watching
from metrics.facts.within_reach import Scope
from metrics.facts.working_hours import create_working_waits

FACTS = ("change_facts", "deployment_facts", "incident_facts", "defect_facts")
"""The facts' names; the last is for definitions only, the contract does not publish it."""

ROWS_PER_GROUP = 122_880
CHANGES_PER_PIECE = 2_800_000
"""Their rows, sorted, take some 800 MiB. Each piece hashes the links of all changes anew."""
STEPS = (
    "milestones",
    "change_links",
    "change_effects",
    "gate_summary",
    "gate_requirements",
    "required_gates",
    "deployment_outcomes",
    "carrier_links",
    "known_changes",
    "deployment_base",
    "carriers",
    "latest_carriers",
    "latest_releases",
    "incident_base",
    "rollback_base",
    "defect_fixes",
    "working_waits",
    "repo_names",
)


def build_facts(
    connection: duckdb.DuckDBPyConnection, settings: FactSettings, cut: datetime, *, materialise: bool = True
) -> None:
    """Make the facts and their dimensions as temporary relations of the connection.

    Afterwards there are `change_facts`, `deployment_facts`, `incident_facts`, `defect_facts`, the dimensions
    `repo_dimension`, `team_dimension`, `service_dimension`, and every event table as of the cut as `<table>_at_cut`.

    Args:
        connection: Has the event tables under the contract's names, with all columns and keys.
        settings: The workspace's choices.
        cut: What happened after this instant is not known; naive means UTC.
        materialise: Whether the facts become tables. Otherwise they are views on the steps: for `write_facts`, which
            then streams them to files without holding them in memory.

    Raises:
        ConfigurationError: Tier assignments overlap.
    """
    create_surroundings(connection, settings, cut)
    create_steps(connection, settings, cut)
    create_facts(connection, settings, cut, materialise=materialise)
    if materialise:
        drop(connection, *STEPS)


def create_surroundings(
    connection: duckdb.DuckDBPyConnection,
    settings: FactSettings,
    cut: datetime,
    numbered: Mapping[str, str] | None = None,
) -> None:
    """Make what changes are seen against: the events at the cut, codes, tiers, what is watched, deployments.

    Args:
        connection: as for `build_facts`.
        settings: as there.
        cut: as there.
        numbered: as for `create_dimensions`.

    Raises:
        ConfigurationError: Tier assignments overlap.
    """
    create_cut_views(connection, cut)
    create_dimensions(connection, numbered)
    create_tiers(connection)
    create_watching(connection, settings.timezone)
    create_deployments(connection, settings)
    create_latest_carriers(connection)


def create_steps(connection: duckdb.DuckDBPyConnection, settings: FactSettings, cut: datetime) -> None:
    """Make what the facts are joined from, of all changes."""
    create_linked_changes(connection, settings, cut)
    create_steps_of_deployments(connection, settings)
    create_steps_of_changes(connection, settings)


def create_linked_changes(connection: duckdb.DuckDBPyConnection, settings: FactSettings, cut: datetime) -> None:
    """Make the milestones of the changes at the cut, and their links to deployments."""
    create_milestones(connection, cut)
    create_links(connection, settings)


def create_steps_of_deployments(
    connection: duckdb.DuckDBPyConnection, settings: FactSettings, scope: Scope | None = None
) -> None:
    """Make incidents and what became of deployments; of changes out of scope, what was kept tells."""
    create_incidents(connection, settings)
    create_outcomes(connection, settings, scope)


def create_steps_of_changes(connection: duckdb.DuckDBPyConnection, settings: FactSettings) -> None:
    """Make what changes are joined with beside milestones, links and what became of deployments."""
    create_gates(connection)
    create_defect_fixes(connection)
    create_change_effects(connection)
    create_working_waits(connection, settings.working_hours)


def create_facts(
    connection: duckdb.DuckDBPyConnection,
    settings: FactSettings,
    cut: datetime,
    scope: Scope | None = None,
    *,
    materialise: bool = False,
) -> None:
    """Make the facts, as tables or views, from the steps."""
    queries = {
        "change_facts": assemble.change_facts(settings, cut),
        "deployment_facts": assemble.deployment_facts(cut),
        "incident_facts": assemble.incident_facts(),
        "defect_facts": scope.defect_facts() if scope else assemble.defect_facts(),
    }
    for name, query in queries.items():
        (create_table if materialise else create_view)(connection, name, query)


def pieces_of_changes(
    connection: duckdb.DuckDBPyConnection, settings: FactSettings, cut: datetime, most: int = CHANGES_PER_PIECE
) -> list[str]:
    """Queries that give `change_facts` in order, piece by piece, so that no more is ever sorted than memory holds.

    Args:
        connection: Where `build_facts` made the steps, not materialised.
        settings: The workspace's choices.
        cut: As for `build_facts`.
        most: How many changes a piece may have, beyond those of its last repository; all have about as many.

    Returns:
        At least one query, each of a stretch of repositories.
    """
    (changes,) = connection.execute("select count(*) from milestones").fetchone() or (0,)
    stretches = connection.execute(
        f"""select min(_repo), max(_repo) from (
            select _repo, (sum(changes) over (order by _repo) - changes) * {ceil(changes / most)} // {changes} as piece
            from (select _repo, count(*) as changes from milestones group by _repo))
        group by piece order by piece"""
    ).fetchall()
    return [assemble.change_facts_in_order(settings, cut, *stretch) for stretch in stretches or [(0, 0)]]


def write_facts(connection: duckdb.DuckDBPyConnection, directory: Path) -> dict[str, Path]:
    """Write each fact to a Parquet file (zstd), and let its name stand for the file from then on.

    Args:
        connection: Where `build_facts` made the facts.
        directory: An existing folder; files of the same names are replaced.

    Returns:
        The file of each fact.
    """
    files = {name: directory / f"{name}.parquet" for name in FACTS}
    for name, file in files.items():
        connection.execute(
            f"copy {name} to {text(str(file))} (format parquet, compression zstd, row_group_size {ROWS_PER_GROUP})"
        )
    drop(connection, *FACTS, *STEPS)
    for name, file in files.items():
        create_view(connection, name, f"select * from read_parquet({text(str(file))})")
    return files
