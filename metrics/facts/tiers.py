"""Tiers: which one a service or repository bears at an instant.

A service's own tier wins over its repository's, for monorepos. `repo_tiers(_repo, tier, valid_from, valid_to)` and
`service_tiers(_service, …)` hold periods that do not overlap; `valid_to` is exclusive.
"""

from __future__ import annotations

import duckdb

from metrics.facts.sql import create_table
from schemas.errors import ConfigurationError


def create_tiers(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `repo_tiers` and `service_tiers`.

    Raises:
        ConfigurationError: Two assignments of one service or repository overlap; both rows are named.
    """
    period = "tier::integer as tier, valid_from, coalesce(valid_to, timestamp '9999-12-31') as valid_to"
    create_table(
        connection,
        "repo_tiers",
        f"""select _repo, d.repo_id as named, {period}
        from tier_assignments_at_cut a join repo_dimension d using (repo_key) where a.service is null""",
    )
    create_table(
        connection,
        "service_tiers",
        f"""select _service, service as named, {period}
        from tier_assignments_at_cut join service_dimension using (service)""",
    )
    _refuse_overlaps(connection, "repo_tiers", "_repo", "repository")
    _refuse_overlaps(connection, "service_tiers", "_service", "service")


def tier_join(alias: str, instant: str) -> str:
    """SQL joining `repo_tier` and `service_tier` to rows with `_repo` and `_service`, at an instant of theirs.

    Args:
        alias: The relation that the tiers are joined to.
        instant: SQL of the instant.
    """
    return f"""
        left join repo_tiers as repo_tier on repo_tier._repo = {alias}._repo
            and repo_tier.valid_from <= {instant} and repo_tier.valid_to > {instant}
        left join service_tiers as service_tier on service_tier._service = {alias}._service
            and service_tier.valid_from <= {instant} and service_tier.valid_to > {instant}"""


TIER = "coalesce(service_tier.tier, repo_tier.tier)"
"""SQL of the tier where `tier_join` stands."""


def _refuse_overlaps(connection: duckdb.DuckDBPyConnection, table: str, code: str, kind: str) -> None:
    overlap = connection.execute(f"""
        select a.named, a.tier, a.valid_from, a.valid_to, b.tier, b.valid_from, b.valid_to
        from (select *, row_number() over (order by {code}, valid_from, valid_to, tier) as place from {table}) a
        join (select *, row_number() over (order by {code}, valid_from, valid_to, tier) as place from {table}) b
            on a.{code} = b.{code} and a.place < b.place and b.valid_from < a.valid_to
        order by a.place, b.place limit 1""").fetchone()
    if overlap is None:
        return
    named, *rows = overlap
    first, second = (
        f"tier {tier} from {start:%Y-%m-%d %H:%M} {_until(end)}" for tier, start, end in (rows[:3], rows[3:])
    )
    raise ConfigurationError(
        f"the {kind} {named} has two tiers at once: {first}, and {second}",
        "tier_assignments",
        "end the first where the second begins (valid_to)",
    )


def _until(end: object) -> str:
    """The end of a validity in words."""
    moment = f"{end:%Y-%m-%d %H:%M}" if hasattr(end, "year") and end.year < 9999 else ""
    return f"to {moment}" if moment else "on"
