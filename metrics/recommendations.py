"""The published table `recommendations`: the stage that holds most of a tier's lead time, and the remedy for it.

A stage's share is its total over the changes deployed in the window, divided by their total lead time: stages that some
changes lack count as nothing there, so that the shares add up to one.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from metrics.calendar import Grain
from metrics.margins import FEWEST_UNITS
from metrics.words import quantity, sentence, share

WHOLE = "lead_time"
PREFIX = f"{WHOLE}_"

STAGE_NAMES = {
    "coding": "coding",
    "draft": "draft",
    "pickup": "waiting for the first review",
    "review": "review",
    "merge_wait": "waiting for the merge",
    "deploy_wait": "waiting for deployment",
}
REMEDIES = {
    "coding": "Smaller, clearer intents: agree what is wanted before the first commit.",
    "draft": "Split the work, so that drafts become ready sooner.",
    "pickup": "Name owners and agree standards, so that reviews scale with the changes.",
    "review": "Shared context for reviewers, and smaller changes.",
    "merge_wait": "Stabilise the tests before the merge, and shift them earlier.",
    "deploy_wait": "Automate the release, so that merged work does not wait for one.",
}
QUEUES = ("pickup", "review", "merge_wait", "deploy_wait")
NO_MORE_SPEED = "Buy no more speed upstream of this queue."

BESIDE = {
    ("change_failure_rate", "rate"): (
        "change failure rate",
        "More checks before the merge, and tighter release criteria.",
    ),
    ("rework_share", "rate"): ("rework share", "Slow the intake until quality holds."),
}
"""Findings that stand beside the stage where they got worse beyond noise, and what to do about them."""

IN_WHOLE_PERCENT = 0.1
"""From this share on `metrics.words.share` leaves decimals out."""
GRAINS: tuple[Grain, ...] = ("month", "quarter")
SCHEMA: dict[str, pl.DataType] = {
    "tier": pl.String(),
    "grain": pl.String(),
    "window_start": pl.Date(),
    "window_end": pl.Date(),
    "segment_kind": pl.String(),
    "segment": pl.String(),
    "constraint_stage": pl.String(),
    "share_of_lead_time": pl.Float64(),
    "finding": pl.String(),
    "next_step": pl.String(),
}
KEY = ["tier", "grain", "window_start"]


def recommendations(
    metric_values: pl.DataFrame, comparisons: pl.DataFrame, team_totals: pl.DataFrame | None = None
) -> pl.DataFrame:
    """A row per tier, month and quarter in which at least 20 changes were deployed; and by team where totals are given.

    Args:
        metric_values: means of `lead_time` and of its stages, among others; the published table's columns.
        comparisons: the published table's columns.
        team_totals: columns tier, grain, window_start, window_end, team, n, whole, and a total per stage, in seconds,
            of the changes deployed in the window.
    """
    means = metric_values.filter(
        (pl.col("statistic") == "mean")
        & (pl.col("segment_kind") == "all")
        & pl.col("grain").is_in(GRAINS)
        & ((pl.col("metric") == WHOLE) | pl.col("metric").is_in([PREFIX + stage for stage in STAGE_NAMES]))
    ).with_columns((pl.col("value") * pl.col("n")).alias("total"))
    whole = means.filter((pl.col("metric") == WHOLE) & (pl.col("n") >= FEWEST_UNITS) & (pl.col("total") > 0))
    stages = means.filter(pl.col("metric") != WHOLE).select(*KEY, "metric", "total")
    joined = whole.select(*KEY, "window_end", "n", pl.col("total").alias("whole")).join(stages, on=KEY)
    largest = joined.sort([*KEY, "total", "metric"], descending=[False, False, False, True, False]).group_by(
        KEY, maintain_order=True
    )
    beside = _beside(comparisons)
    rows = [_row(row, beside) for row in largest.first().iter_rows(named=True)]
    of_tiers = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return of_tiers if team_totals is None else pl.concat([of_tiers, _by_team(team_totals)])


def _by_team(totals: pl.DataFrame) -> pl.DataFrame:
    """The same by team: without what stands beside it, which is not given by team."""
    enough = totals.filter((pl.col("n") >= FEWEST_UNITS) & (pl.col("whole") > 0)).sort(*KEY, "team")
    names = sorted(STAGE_NAMES, reverse=True)  # of equal stages the first found is the last by name, as above
    largest = enough.select(names).to_numpy().argmax(axis=1)
    stages = [names[index] for index in largest]
    fractions = enough.select(pl.min_horizontal(pl.max_horizontal(names) / pl.col("whole"), 1.0)).to_series()
    next_steps = {stage: " ".join(_steps(stage)) for stage in names}
    return enough.with_columns(
        pl.lit("team").alias("segment_kind"),
        pl.col("team").alias("segment"),
        pl.Series("constraint_stage", stages, dtype=pl.String),
        fractions.alias("share_of_lead_time"),
        pl.Series("finding", _findings(stages, fractions.to_list(), enough["n"].to_list()), dtype=pl.String),
        pl.Series("next_step", [next_steps[stage] for stage in stages], dtype=pl.String),
    ).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def _findings(stages: Sequence[str], fractions: Sequence[float], sizes: Sequence[int]) -> list[str]:
    """The finding of each team; of a large organisation most teams share theirs, which is put in words once."""
    words: dict[tuple[str, float, int], str] = {}
    found = []
    for stage, fraction, n in zip(stages, fractions, sizes, strict=True):
        key = (stage, round(fraction * 100) / 100 if fraction >= IN_WHOLE_PERCENT else fraction, n)
        if key not in words:
            words[key] = _finding(*key)
        found.append(words[key])
    return found


def _finding(stage: str, fraction: float, n: int) -> str:
    """The share alone: hours a change would be a mean, and a mean does not stand without its distribution."""
    return sentence(f"{STAGE_NAMES[stage]} holds {share(fraction)} of the lead time ({n:,} changes deployed)")


def _steps(stage: str) -> list[str]:
    return [REMEDIES[stage], *([NO_MORE_SPEED] if stage in QUEUES else [])]


def _row(row: dict[str, Any], beside: dict[tuple[str, str, date], list[tuple[str, str]]]) -> dict[str, object]:
    stage = str(row["metric"]).removeprefix(PREFIX)
    fraction = min(row["total"] / row["whole"], 1.0)
    steps, findings = _steps(stage), [_finding(stage, fraction, row["n"])]
    for found, step in beside.get((row["tier"], row["grain"], row["window_start"]), []):
        findings.append(found)
        steps.append(step)
    return {
        **{name: row[name] for name in (*KEY, "window_end")},
        "segment_kind": "all",
        "segment": "all",
        "constraint_stage": stage,
        "share_of_lead_time": fraction,
        "finding": " ".join(findings),
        "next_step": " ".join(steps),
    }


def _beside(comparisons: pl.DataFrame) -> dict[tuple[str, str, date], list[tuple[str, str]]]:
    """By tier, grain and window: what got worse beyond noise, in words, and the step that follows."""
    found: dict[tuple[str, str, date], list[tuple[str, str]]] = {}
    worse = comparisons.filter(
        (pl.col("direction") == "worsened")
        & (pl.col("segment_kind") == "all")
        & (pl.col("comparator") == "baseline")
        & pl.col("metric").is_in([metric for metric, _ in BESIDE])
    ).sort("metric", "statistic")
    for row in worse.iter_rows(named=True):
        named = BESIDE.get((row["metric"], row["statistic"]))
        if named:
            before, after = quantity(row["baseline_value"], "fraction"), quantity(row["value"], "fraction")
            words = sentence(f"{named[0]} rose from {before} to {after}")
            found.setdefault((row["tier"], row["grain"], row["window_start"]), []).append((words, named[1]))
    return found


__all__ = ["REMEDIES", "SCHEMA", "STAGE_NAMES", "recommendations"]
