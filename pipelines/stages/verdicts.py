"""Comparisons → verdicts: every constraint judged in every tier and window."""

from functools import partial

from metrics.behind import worst
from metrics.definitions import all_metrics
from metrics.exceptions_in_force import ExceptionsInForce
from metrics.facts.withdrawals import record_keeping
from metrics.verdicts import verdicts as judged
from metrics.views import JUDGED
from pipelines.build_engine import engine_of
from pipelines.build_store import BuildStore
from pipelines.constraints_of import constraints_of
from pipelines.rollout_frames import most_critical_tiers, register, repositories
from pipelines.stage import Made, asset
from schemas.published.verdicts import Verdicts


@asset(
    deps=["comparisons", "exceptions", "tier_assignments"],
    group_name="verdicts",
    description=Verdicts.table_grain(),
    kinds={"parquet"},
)
def verdicts(build: BuildStore) -> Made:
    """Whether a gain was paid for, with the claim that it bears, the reason and the evidence."""
    contrasts = build.frame(f"select * from contrasts where segment_kind in {JUDGED}")
    engine = engine_of(build)
    found = judged(
        contrasts,
        list(constraints_of(build.workspace).values()),
        all_metrics(),
        worst=partial(worst, engine),
        today=engine.calendar.local_day(build.cut.as_of),
        keeping=record_keeping(build.connection, all_metrics(), engine.baselines),
        exceptions=ExceptionsInForce.of(
            register(build, "exceptions"), most_critical_tiers(repositories(build)), engine.calendar.instant
        ),
        links=build.workspace.links_to_records,
    )
    return Made({"rows": build.write("verdicts", found.frame, order_by=["verdict_id"]).rows})
