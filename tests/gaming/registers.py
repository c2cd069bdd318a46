"""Tampering with the registers that people keep by hand: gates and tiers."""

from datetime import datetime, timedelta

import polars as pl

from tests.gaming.tables import SINCE, Tables, appended

WORST_SERVICES = 3
LEARNT = datetime(2026, 9, 1)  # noqa: DTZ001 -- UTC, zone-less, as all tables are


def drop_a_gate(tables: Tables) -> Tables:
    """In every tier the required gate that fails most often is required no more."""
    policies, results = tables["gate_policies"], tables["gate_results"]
    failures = results.filter(pl.col("outcome") != "passed").group_by("gate").len("failures")
    ranked = policies.join(failures, on="gate", how="left").with_columns(pl.col("failures").fill_null(0))
    worst = (
        ranked.filter(pl.col("control_point") != "post_merge")
        .sort("tier", "failures", "gate", descending=[False, True, False])
        .group_by("tier", maintain_order=True)
        .first()
        .select("tier", "control_point", "gate", dropped=True)
    )
    marked = policies.join(worst, on=["tier", "control_point", "gate"], how="left")
    ended = pl.when(pl.col("dropped")).then(pl.max_horizontal(pl.col("valid_from"), pl.lit(SINCE)) + timedelta(days=1))
    return tables | {"gate_policies": marked.with_columns(valid_to=pl.coalesce(ended, "valid_to")).drop("dropped")}


def _worst_repositories(tables: Tables, tier: int) -> list[str]:
    """The repositories of a tier with the most rollbacks since the baseline."""
    mine = tables["tier_assignments"].filter((pl.col("tier") == tier) & pl.col("repo_id").is_not_null())["repo_id"]
    counted = tables["rollbacks"].filter((pl.col("occurred_at") >= SINCE) & pl.col("repo_id").is_in(mine.implode()))
    return counted["repo_id"].value_counts().sort("count", "repo_id", descending=True)["repo_id"].head(3).to_list()


def move_between_tiers(tables: Tables) -> Tables:
    """The three repositories of tier 3 that are rolled back most, and of tier 2 likewise, move one tier down."""
    assignments = tables["tier_assignments"]
    moved = [*_worst_repositories(tables, 3), *_worst_repositories(tables, 2)]
    is_moved = pl.col("repo_id").is_in(moved).fill_null(False)
    fresh = assignments.filter(is_moved).with_columns(tier=pl.col("tier") - 1, valid_from=pl.lit(SINCE))
    ended = assignments.with_columns(valid_to=pl.when(is_moved).then(pl.lit(SINCE)).otherwise(pl.col("valid_to")))
    return tables | {"tier_assignments": appended(ended, fresh)}


def back_date_a_tier(tables: Tables) -> Tables:
    """The same repositories move, and the register comes to say, in September 2026, that they always were there.

    As a warehouse would show it: the old rows are gone but for their tombstones, the new ones were first seen then.
    """
    assignments = tables["tier_assignments"]
    moved = [*_worst_repositories(tables, 3), *_worst_repositories(tables, 2)]
    is_moved = pl.col("repo_id").is_in(moved).fill_null(False)
    known = assignments.with_columns(observed_at=pl.lit(datetime(2024, 1, 2)), deleted=pl.lit(False))  # noqa: DTZ001
    fresh = known.filter(is_moved).with_columns(
        tier=pl.col("tier") - 1, valid_from=pl.col("valid_from") - timedelta(days=1), observed_at=pl.lit(LEARNT)
    )
    struck = known.with_columns(
        deleted=is_moved, observed_at=pl.when(is_moved).then(pl.lit(LEARNT)).otherwise(pl.col("observed_at"))
    )
    return tables | {"tier_assignments": appended(struck, fresh)}
