"""Verdicts, figures and registers → stage gates: what each tier has shown, and what the next phase still asks."""

import dagster as dg
import polars as pl

from metrics.facts.cut import cut_query
from metrics.rollout.gates import stage_gate_rows
from metrics.rollout.phases import all_phases
from metrics.rollout.staging import with_staging
from metrics.rollout.state import RolloutFrames, TierState, states
from pipelines.build_store import BuildStore
from schemas.events import all_tables
from schemas.published.stage_gates import StageGates

REGISTERS = (
    "attestations",
    "control_changes",
    "gate_policies",
    "onboardings",
    "phase_decisions",
    "tier_assignments",
)
REPOSITORIES = """
    select repo_id, tier, max(merged_at) > timestamp '{cut}' - interval 90 days as is_active
    from (
        select c.repo_id, coalesce(s.tier, r.tier) as tier, c.merged_at
        from change_facts c
        left join (select repo_id, tier from tiers_now where service is null) r using (repo_id)
        left join (select service, tier from tiers_now where service is not null) s using (service)
        union all
        select o.repo_id, t.tier, null from onboardings_now o join tiers_now t using (repo_id) where t.service is null)
    where tier is not null group by repo_id, tier order by repo_id, tier
"""


@dg.asset(
    deps=["verdicts", "comparisons", "metric_values", "failure_modes", "baselines", *REGISTERS],
    group_name="verdicts",
    description=StageGates.table_grain(),
    kinds={"parquet"},
)
def stage_gates(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
    """Every criterion of every phase in every tier, from facts where they speak, else from attestations."""
    frames = rollout_frames(build)
    found = stage_gate_rows(all_phases(), tier_states(build, frames), frames.attestations)
    table = build.write("stage_gates", found)
    return dg.MaterializeResult(metadata={"rows": table.rows})


def tier_states(build: BuildStore, frames: RolloutFrames) -> dict[str, TierState]:
    """What is known of each tier, the order of risk included."""
    return with_staging(states(frames, build.cut.as_of), frames)


def rollout_frames(build: BuildStore) -> RolloutFrames:
    """Registers as they stood at the cut, and what has been built so far."""
    registers = {name: register(build, name) for name in REGISTERS}
    return RolloutFrames(
        repositories=_repositories(build, registers),
        baselines=build.frame("select * from baselines"),
        verdicts=build.frame("select * from verdicts"),
        comparisons=build.frame("select * from comparisons where grain = 'quarter' and segment_kind = 'all'"),
        metric_values=build.frame(
            "select * from metric_values where grain = 'quarter' and statistic <> 'hist'"
            " and segment_kind in ('all', 'ai_use')"
        ),
        failure_modes=build.frame("select * from failure_modes"),
        **registers,
    )


def register(build: BuildStore, name: str) -> pl.DataFrame:
    """A register as it stood at the cut, with the contract's columns."""
    model = all_tables()[name]
    columns = ", ".join(f'"{column.name}"' for column in model.table_columns() if column.name != "deleted")
    return build.frame(f"select {columns} from ({cut_query(name, model, build.cut.as_of)})")


def _repositories(build: BuildStore, registers: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Repositories with their tiers at the cut, and whether changes were merged in the last 90 days."""
    cut = build.cut.as_of
    tiers = registers["tier_assignments"].filter(
        (pl.col("valid_from") <= cut) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > cut))
    )
    connection = build.connection
    connection.register("tiers_now", tiers.select("repo_id", "service", "tier").to_arrow())
    connection.register("onboardings_now", registers["onboardings"].select("repo_id").to_arrow())
    try:
        return build.frame(REPOSITORIES.format(cut=cut))
    finally:
        connection.unregister("tiers_now")
        connection.unregister("onboardings_now")
