"""Every version of the rows of a register that a merge would overwrite: back-dated tiers are found out by them."""

import duckdb

from metrics.facts.origins import STATEMENTS
from metrics.facts.sql import create_view

REGISTER = "tier_assignments"
CONTENT = ("repo_id", "service", "tier", "valid_from", "valid_to", "deleted")


def note_statements(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Keep the rows of the register of tiers as they are now, where they differ from what they said last.

    Args:
        connection: with the warehouse attached for writing, after a merge.
        table: the table that was merged; nothing is kept of others.
    """
    if table != REGISTER:
        return
    same = " and ".join(f"l.{column} is not distinct from r.{column}" for column in CONTENT)
    connection.execute(
        f"""insert into warehouse.{STATEMENTS}
            select r.repo_id, r.service, r.tier, r.valid_from, r.valid_to, r.observed_at, r.deleted
            from warehouse.{REGISTER} r where not exists (
                select 1 from (select * from warehouse.{STATEMENTS} qualify row_number() over
                    (partition by repo_id, service, valid_from order by observed_at desc, deleted) = 1) l
                where {same})"""
    )


def show_statements(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the versions a view of their own name.

    Of a warehouse from before they were kept, the rows and tombstones.
    """
    kept = connection.execute(
        f"select 1 from duckdb_tables() where database_name = 'warehouse' and table_name = '{STATEMENTS}'"
    ).fetchone()
    columns = "repo_id, service, tier, valid_from, valid_to, observed_at, deleted"
    any_kept = kept and connection.execute(f"select 1 from warehouse.{STATEMENTS} limit 1").fetchone()
    source = STATEMENTS if any_kept else REGISTER
    create_view(connection, STATEMENTS, f"select {columns} from warehouse.{source}")
