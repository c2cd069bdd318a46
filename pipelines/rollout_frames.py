"""What the stages of gates, findings and verdicts read beside published tables: registers as they stood at the cut."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from metrics.calendar import Calendar
from metrics.facts.cut import cut_query
from metrics.rollout.staging import with_staging
from metrics.rollout.state import RolloutFrames, TierState, states
from pipelines.build_store import BuildStore
from pipelines.merges_by_service import merges_by_service
from schemas.events import all_tables

REGISTERS = (
    "attestations",
    "control_changes",
    "gate_policies",
    "onboardings",
    "phase_decisions",
    "tier_assignments",
)
BUILT = ("baselines", "verdicts", "comparisons", "metric_values", "failure_modes")
REPOSITORIES = """
    with tiers_now as (
        select repo_id, service, tier from ({tiers})
        where valid_from <= timestamp '{cut}' and (valid_to is null or valid_to > timestamp '{cut}'))
    select repo_id, tier, coalesce(max(merged_at) filter (where merged_at <= timestamp '{cut}')
        > timestamp '{cut}' - interval 90 days, false) as is_active
    from (
        select c.repo_id, coalesce(s.tier, r.tier) as tier, c.merged_at
        from ({changes}) c
        left join (select repo_id, tier from tiers_now where service is null) r using (repo_id)
        left join (select service, tier from tiers_now where service is not null) s using (service)
        union all
        select repo_id, tier, null from tiers_now where service is null)
    where tier is not null and repo_id is not null group by repo_id, tier order by repo_id, tier
"""


def tier_states(build: BuildStore, frames: RolloutFrames) -> dict[str, TierState]:
    """What is known of each tier, the order of risk included."""
    return with_staging(states(frames, build.cut.as_of), frames)


def rollout_frames(build: BuildStore) -> RolloutFrames:
    """Registers as they stood at the cut, and what has been built so far: read once for all stages that ask for it."""
    stand = [build.tables().get(name) for name in (*BUILT, "change_facts")]
    return build.shared("rollout", (id(build.connection), *stand), lambda: _rollout_frames(build))


def _rollout_frames(build: BuildStore) -> RolloutFrames:
    return RolloutFrames(
        repositories=repositories(build),
        baselines=build.frame("select * from baselines"),
        verdicts=build.frame("select * from verdicts"),
        comparisons=quarterly_comparisons(build),
        metric_values=quarterly_values(build).filter(pl.col("segment_kind").is_in(["all", "ai_use"])),
        failure_modes=build.frame("select * from failure_modes"),
        local_day=Calendar(build.workspace.timezone, build.workspace.week_start).local_day,
        **{name: register(build, name) for name in REGISTERS},
    )


def quarterly_values(build: BuildStore) -> pl.DataFrame:
    """The quarters of whole tiers, of their uses of AI and of categories: read once for all stages that judge them."""
    query = """select * from metric_values where grain = 'quarter' and statistic <> 'hist'
        and segment_kind in ('all', 'ai_use', 'category')"""
    return _shared_rows(build, "metric_values", query)


def quarterly_comparisons(build: BuildStore) -> pl.DataFrame:
    """The quarters of whole tiers against their baselines: read once, as `quarterly_values`."""
    query = "select * from comparisons where grain = 'quarter' and segment_kind = 'all'"
    return _shared_rows(build, "comparisons", query)


def _shared_rows(build: BuildStore, table: str, query: str) -> pl.DataFrame:
    stand = (id(build.connection), build.tables().get(table))
    return build.shared(f"quarters of {table}", stand, lambda: build.frame(query))


def registers_then(build: BuildStore, frames: RolloutFrames, then: datetime) -> RolloutFrames:
    """The frames with every register, and the tiers of repositories, as they stood at an instant before the cut."""
    registers: dict[str, Any] = {name: register(build, name, then) for name in REGISTERS}
    return replace(frames, repositories=repositories(build, then), **registers)


def register(build: BuildStore, name: str, then: datetime | None = None) -> pl.DataFrame:
    """A register as it stood at the cut, or at an instant before it, with the contract's columns."""
    model = all_tables()[name]
    columns = ", ".join(f'"{column.name}"' for column in model.table_columns() if column.name != "deleted")
    return build.frame(f"select {columns} from ({cut_query(name, model, then or build.cut.as_of)})")


def repositories(build: BuildStore, then: datetime | None = None) -> pl.DataFrame:
    """Repositories with their tiers at the cut, or an instant before it, and whether changes were merged in 90 days."""
    if then is not None:
        return _repositories(build, then, "select repo_id, service, merged_at from change_facts")
    stand = (id(build.connection), build.tables().get("change_facts"))
    changes = f"select repo_id, service, last_merged_at as merged_at from {merges_by_service(build)}"
    return build.shared("repositories", stand, lambda: _repositories(build, build.cut.as_of, changes))


def _repositories(build: BuildStore, cut: datetime, changes: str) -> pl.DataFrame:
    tiers = cut_query("tier_assignments", all_tables()["tier_assignments"], cut)
    return build.frame(REPOSITORIES.format(cut=cut, tiers=tiers, changes=changes))


def most_critical_tiers(repositories: pl.DataFrame) -> dict[str, str]:
    """The most critical tier of each repository."""
    return {row["repo_id"]: str(row["tier"]) for row in repositories.sort("tier").iter_rows(named=True)}
