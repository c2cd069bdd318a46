"""An organisation taken through facts, aggregator and judge, and what of its judgement a manipulation improved."""

from dataclasses import dataclass

import duckdb
import polars as pl

from metrics.aggregate import Engine
from metrics.calendar import Calendar, Period
from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.facts import FactSettings, build_facts, prepare_inputs
from metrics.facts.withdrawals import record_keeping
from metrics.model import STATUSES
from metrics.splitting import SIZE_METRIC
from metrics.verdicts import verdicts
from sample_data.company import CUT
from sample_data.truths import BASELINE_END, BASELINE_START
from tests.gaming.tables import Tables

CLAIM_RANKS = {"none": 0, "not_claimable": 0, "with_reservation": 1, "claimable": 2}
"""To claim nothing and to have nothing to claim are alike: neither is worth tampering for."""
RANKS = {"violated": 0, "at_risk": 1, "inconclusive": 2, "holds": 3, "not_triggered": 3}
"""Worst first. Where a gain cannot be judged and where there is none, there is as little to show."""
BORDER = 0.02
"""Statuses next to each other differ by the chance of exceeding a margin; one that moved by less has not moved."""
PLACE = ["tier", "grain", "window_start"]
KEY = ["constraint", *PLACE]


def judged(tables: Tables) -> pl.DataFrame:
    """Status and claim of every constraint, tier and window of an organisation, from the figures they read."""
    cut = CUT.replace(tzinfo=None)
    connection = duckdb.connect(config={"threads": 1})
    prepare_inputs(connection, tables)
    build_facts(connection, FactSettings(production_rules=("production", "live")), cut)
    tiers = ("1", "2", "3", "4", "all")
    engine = Engine.over(connection, Calendar(), cut, dict.fromkeys(tiers, Period(BASELINE_START, BASELINE_END)))
    constraints = all_constraints().values()
    figures = {figure.metric for c in constraints for figure in (*c.gains, *c.guardrails)} | {SIZE_METRIC}
    beside = {figure.beside for c in constraints for figure in c.guardrails if figure.beside}
    metrics = [all_metrics()[metric] for metric in sorted(figures | beside)]
    contrasts = pl.concat([engine.run(metric).contrasts for metric in metrics])
    records = record_keeping(connection, all_metrics(), engine.baselines)
    found = verdicts(contrasts, list(constraints), all_metrics(), today=CUT.date(), keeping=records)
    chances = pl.Series("chance", [verdict.chance for verdict in found.verdicts], dtype=pl.Float64)
    return found.frame.with_columns(chances).select(*KEY, "status", "claim", "chance", "reason")


@dataclass(frozen=True)
class Outcome:
    """What a manipulation did to the judgement: the verdicts whose status or claim improved, and how many got worse."""

    improved: pl.DataFrame
    worsened: int
    before: dict[str, int]
    after: dict[str, int]

    @property
    def line(self) -> str:
        """Before and after, in one line."""
        return f"before: {_counted(self.before)} | after: {_counted(self.after)} | improved: {self.improved.height}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def outcome(before: pl.DataFrame, after: pl.DataFrame) -> Outcome:
    """Compares two judgements verdict by verdict.

    A verdict that is gone counts as improved, unless nothing spoke against it. One whose gain is gone has improved
    only where its tier and window look better as a whole for it: whoever has lost the gain has nothing to show.
    """
    both = before.join(after, on=KEY, how="left", suffix="_after").with_columns(
        rank=pl.col("status").replace_strict(RANKS),
        rank_after=pl.col("status_after").replace_strict(RANKS).fill_null(RANKS["not_triggered"]),
        claim_rank=pl.col("claim").replace_strict(CLAIM_RANKS),
        claim_rank_after=pl.col("claim_after").replace_strict(CLAIM_RANKS).fill_null(0),
    )
    both = both.with_columns(
        place_improved=pl.col("rank_after").min().over(PLACE) > pl.col("rank").min().over(PLACE),
        has_lost_its_gain=pl.col("status_after").fill_null("not_triggered") == "not_triggered",
    )
    one_step = pl.col("rank_after") == pl.col("status").replace_strict({"violated": 1, "at_risk": 3}, default=-1)
    at_border = one_step & (pl.col("chance") - pl.col("chance_after") < BORDER)
    is_better = (
        (pl.col("rank_after") > pl.col("rank"))
        & ~(at_border & (pl.col("status_after").fill_null("") != "not_triggered"))
        & (~pl.col("has_lost_its_gain") | pl.col("place_improved"))
    )
    better = is_better | (pl.col("claim_rank_after") > pl.col("claim_rank"))
    worse = (pl.col("rank_after") < pl.col("rank")) | (pl.col("claim_rank_after") < pl.col("claim_rank"))
    appeared = after.join(before, on=KEY, how="anti").filter(pl.col("claim").replace_strict(CLAIM_RANKS) > 0)
    renamed = appeared.select(*KEY, status_after="status", claim_after="claim")
    improved = pl.concat([both.filter(better), renamed], how="diagonal")
    return Outcome(improved, both.filter(worse & ~better).height, _counts(before), _counts(after))


def _counts(frame: pl.DataFrame) -> dict[str, int]:
    counts = dict(frame["status"].value_counts().iter_rows())
    claims = dict(frame.unique(["tier", "grain", "window_start"])["claim"].value_counts().iter_rows())
    named = {status: counts.get(status, 0) for status in STATUSES}
    return named | {claim: claims.get(claim, 0) for claim in ("claimable", "with_reservation")}
