"""Whether the order of risk was kept: lower tiers first, gates before volume, a baseline before expansion."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

import polars as pl

from metrics.rollout.state import RolloutFrames, TierState
from metrics.words import plural

HIGH_TIERS = ("3", "4")
GATE_OF_ORDER = "2"
"""The tier that has to be done before tiers 3 and 4 begin."""
VOLUME_ROSE = 1.5
"""Rise of the AI-assisted changes of a quarter over those of the quarter before onboarding that counts as a rise."""
FEWEST_CHANGES = 20
AI_SEGMENTS = ("assisted", "authored")


def with_staging(states: Mapping[str, TierState], frames: RolloutFrames) -> dict[str, TierState]:
    """The states of all tiers, each with what breaks the order of risk in it."""
    done = _done(states[GATE_OF_ORDER]) if GATE_OF_ORDER in states else None
    return {
        tier: replace(
            state,
            staging=tuple(
                words
                for words in (_early(state, done), _volume_before_gates(state, frames), _without_baseline(state))
                if words
            ),
        )
        for tier, state in states.items()
    }


def _done(state: TierState) -> datetime | None:
    """When tier 2 was let out of its pilot; None while it was not."""
    granted = [row["decided_at"] for row in state.phase_decisions if row["is_approved"]]
    return min(granted, default=None)


def _early(state: TierState, done: datetime | None) -> str | None:
    """Repositories of tiers 3 and 4 that were onboarded before tier 2 was done."""
    if state.tier not in HIGH_TIERS:
        return None
    early = [row for row in state.onboardings if done is None or row["onboarded_at"] < done]
    if not early:
        return None
    first = min(row["onboarded_at"] for row in early)
    until = f"was done on {state.day(done)}" if done else "is done"
    count = plural(len(early), "repository") if len(early) == 1 else f"{len(early)} repositories"
    return f"{count} onboarded from {state.day(first)} on, before tier {GATE_OF_ORDER} {until}"


def _volume_before_gates(state: TierState, frames: RolloutFrames) -> str | None:
    """AI-assisted volume that rose before any gate of the tier was tightened."""
    if not state.onboardings:
        return None
    values = frames.metric_values.filter(
        (pl.col("metric") == "throughput")
        & (pl.col("statistic") == "count")
        & (pl.col("tier") == state.tier)
        & (pl.col("segment_kind") == "ai_use")
        & pl.col("segment").is_in(AI_SEGMENTS)
        & (pl.col("grain") == "quarter")
    )
    quarters = values.group_by("window_start", "window_end").agg(pl.col("value").sum()).sort("window_start").to_dicts()
    begun = state.day(min(row["onboarded_at"] for row in state.onboardings))
    before = [row["value"] for row in quarters if row["window_end"] <= begun]
    usual = before[-1] if before else 0.0
    for row in quarters:
        rose = row["value"] >= FEWEST_CHANGES and row["value"] > VOLUME_ROSE * usual
        if row["window_end"] > begun and rose:
            return _unless_tightened(state, row["window_start"], row["window_end"], row["value"])
    return None


def _unless_tightened(state: TierState, start: date, end: date, volume: float) -> str | None:
    """The words for a rise in a quarter, unless some gate was tightened by its end."""
    tightened = [
        row
        for row in state.control_changes
        if row["layer"] == "gates" and state.day(row["effective_at"]) < end and row["effective_at"] <= state.as_of
    ]
    if tightened:
        return None
    return f"{volume:,.0f} AI-assisted changes in the quarter from {start}, before any gate was tightened"


def _without_baseline(state: TierState) -> str | None:
    """Expansion that was granted while the tier had no frozen baseline."""
    granted = [row for row in state.phase_decisions if row["is_approved"]]
    if not granted:
        return None
    if state.baseline is not None and state.baseline["frozen_at"] is not None:
        return None
    first = min(granted, key=lambda row: row["decided_at"])
    phase, day = first["to_phase"].replace("_", " "), state.day(first["decided_at"])
    return f"{phase} was granted on {day} without a frozen baseline"
