"""Which changes repair earlier work: reverts, hotfixes, and fixes of defects that had escaped to production.

The first reason that applies is kept.
"""

from __future__ import annotations

import duckdb

from metrics.facts.sql import create_table, word_of

REASONS = ("revert", "hotfix", "defect_fix")
"""In the order in which they are looked for."""


REWORK_REASON = f"""case
        when m.kind = 'revert' or m.reverts_change_key is not null then {word_of("revert", REASONS)}
        when m.kind = 'hotfix' then {word_of("hotfix", REASONS)}
        when e.fixes_escaped_defect then {word_of("defect_fix", REASONS)}
    end"""
"""SQL of the reason, where `milestones` is `m` and `change_effects` is `e`; null for first-hand work."""


def create_defect_fixes(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `defect_fixes(change_key)`: changes that fix a production defect by name."""
    create_table(
        connection,
        "defect_fixes",
        """select change_key from milestones where fixes_defect_key in
        (select defect_key from defects_at_cut where found_in = 'production')""",
    )
