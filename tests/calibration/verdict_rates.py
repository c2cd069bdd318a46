"""How often constraints are found violated where nothing changed, at the margin and beyond: by scenario and constraint.

Everything is judged by `metrics.judge` itself, claims by `metrics.claims`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from metrics.claims import claims
from metrics.constraints import all_constraints
from metrics.judge import Judge, Verdict
from metrics.model import Constraint
from tests.calibration.tiers import REPOSITORIES, Simulator

SEED = 20261121
UNITS, DEPLOYMENTS = 1000, 600
"""Changes and production deployments a quarter and side, where a scenario does not vary them."""
GAIN, SURE_GAIN = 0.75, 0.5
"""Durations fall by a quarter; or by half, so that a gain that is missed hides no error of the guardrails."""


def simulator(sets: int, seed: int, tier: str = "3", repositories: int = REPOSITORIES) -> Simulator:
    """A simulator with a seed of its own."""
    return Simulator(sets, np.random.default_rng([SEED, seed]), tier, repositories)


@dataclass(frozen=True)
class Guarded:
    """How much worse guardrails are in truth: factors on rates, durations and counts; and the gain."""

    gain: float
    rate: float
    duration: float
    count: float


UNCHANGED = Guarded(1.0, 1.0, 1.0, 1.0)
AT_MARGIN = Guarded(SURE_GAIN, 1.25, 1.10, 1.20)


def speed_vs_escape(draw: Simulator, truth: Guarded) -> list[pl.DataFrame]:
    """Cycle time, escapes of 8 %, rollbacks of 5 %."""
    return [
        draw.duration("pr_cycle_time", UNITS, truth.gain, truth.gain),
        draw.share("escaped_defects", 0.08, 0.08 * truth.rate, UNITS),
        draw.share("rollback_rate", 0.05, 0.05 * truth.rate, DEPLOYMENTS),
    ]


def median_vs_tail(draw: Simulator, truth: Guarded) -> list[pl.DataFrame]:
    """Two durations, medians and tails."""
    return [draw.duration(metric, UNITS, truth.gain, truth.duration) for metric in ("pr_cycle_time", "lead_time")]


def stability_regression(draw: Simulator, truth: Guarded) -> list[pl.DataFrame]:
    """All five guardrails."""
    return [
        draw.share("rollback_rate", 0.05, 0.05 * truth.rate, DEPLOYMENTS),
        draw.share("change_failure_rate", 0.12, 0.12 * truth.rate, DEPLOYMENTS),
        draw.share("escaped_defects", 0.08, 0.08 * truth.rate, UNITS),
        draw.per_week("incident_rate", 3.0, 3.0 * truth.count),
        draw.duration("pr_cycle_time", UNITS, 1.0, truth.duration),
    ]


def volume_vs_incidents(draw: Simulator, truth: Guarded) -> list[pl.DataFrame]:
    """Throughput per engineer-week, incidents a week, failures of 12 %."""
    return [
        draw.per_week("throughput", 70.0, 70.0 / truth.gain, "per_engineer_week"),
        draw.per_week("incident_rate", 3.0, 3.0 * truth.count),
        draw.share("change_failure_rate", 0.12, 0.12 * truth.rate, DEPLOYMENTS),
    ]


def throughput_vs_rework(draw: Simulator, truth: Guarded) -> list[pl.DataFrame]:
    """Throughput per engineer-week, rework of 10 % (by the change), hotfixes of 6 %."""
    return [
        draw.per_week("throughput", 70.0, 70.0 / truth.gain, "per_engineer_week"),
        draw.share("rework_share", 0.10, 0.10 * truth.rate, UNITS),
        draw.share("deployment_rework_rate", 0.06, 0.06 * truth.rate, DEPLOYMENTS),
    ]


def speed_vs_review(draw: Simulator, truth: Guarded) -> list[pl.DataFrame]:
    """Pickup time, unreviewed and shallow shares of 6 and 9 %, one in eight turned down."""
    return [
        draw.duration("pickup_time", UNITS, truth.gain, truth.gain),
        draw.share("unreviewed_merge_share", 0.06, 0.06 * truth.rate, UNITS),
        draw.share("shallow_approval_share", 0.09, 0.09 * truth.rate, UNITS),
        draw.share("acceptance_rate", 0.12, 0.12 * truth.rate, UNITS, more_is_better=True),
    ]


def coverage_vs_signal(draw: Simulator, truth: Guarded) -> list[pl.DataFrame]:
    """Coverage per change, flaky runs of 4 %, escapes of 8 %."""
    return [
        draw.level("coverage_delta", 0.3 if truth.gain < 1 else 0.0, 1.0, UNITS),
        draw.share("flaky_test_rate", 0.04, 0.04 * truth.rate, 2 * UNITS),
        draw.share("escaped_defects", 0.08, 0.08 * truth.rate, UNITS),
    ]


def gates_vs_stability(draw: Simulator, truth: Guarded) -> list[pl.DataFrame]:
    """Pass rate of 70 %, 10 % of what passed did not hold, as of what was overridden."""
    passing = 1 - (0.85 if truth.gain < 1 else 0.70)
    return [
        draw.share("ai_gate_pass_rate", 0.30, passing, UNITS, more_is_better=True),
        draw.share("gate_passing_validated_share", 0.10, 0.10 * truth.rate, UNITS, more_is_better=True),
        draw.share("gate_overridden_validated_share", 0.10, 0.10 * truth.rate, 100, more_is_better=True),
    ]


def mixture_vs_tiers(draw: Simulator, truth: Guarded) -> list[pl.DataFrame]:
    """The mixture's median and failures improve; in each tier both are at the margin."""
    mixed = Simulator(draw.sets, draw.rng, "all")
    failures = 0.12 * (truth.gain if truth.gain < 1 else 1.0)
    frames = [
        mixed.duration("pr_cycle_time", 4 * UNITS, truth.gain, truth.gain),
        mixed.share("change_failure_rate", 0.12, failures, 4 * DEPLOYMENTS),
    ]
    for tier in ("1", "2", "3", "4"):
        one = Simulator(draw.sets, draw.rng, tier)
        frames.append(one.duration("pr_cycle_time", UNITS, truth.duration, truth.duration))
        frames.append(one.share("change_failure_rate", 0.12, 0.12 * truth.rate, DEPLOYMENTS))
    return frames


WORLDS: dict[str, Callable[[Simulator, Guarded], list[pl.DataFrame]]] = {
    world.__name__: world
    for world in (
        speed_vs_escape,
        median_vs_tail,
        mixture_vs_tiers,
        stability_regression,
        volume_vs_incidents,
        throughput_vs_rework,
        speed_vs_review,
        coverage_vs_signal,
        gates_vs_stability,
    )
}


def statuses(constraint: str, truth: Guarded, sets: int, seed: int) -> Counter[str]:
    """What became of one constraint over so many tier-quarters."""
    frames = WORLDS[constraint](simulator(sets, seed), truth)
    return Counter(verdict.status for verdict in judged(frames, [all_constraints()[constraint]]))


def judged(frames: list[pl.DataFrame], constraints: list[Constraint]) -> list[Verdict]:
    """Verdicts on simulated contrasts."""
    return Judge(pl.concat(frames)).verdicts(constraints)


def doubled(rate: float, units: int, repositories: int, sets: int, seed: int) -> Counter[str]:
    """A sure gain, and a rollback rate that doubled from `rate`, at so many deployments; escapes unwatched."""
    draw = simulator(sets, seed, repositories=repositories)
    frames = [
        draw.duration("pr_cycle_time", UNITS, SURE_GAIN, SURE_GAIN),
        draw.share("rollback_rate", rate, 2 * rate, units),
    ]
    return Counter(verdict.status for verdict in judged(frames, [all_constraints()["speed_vs_escape"]]))


def tail(units: int, factor: float, sets: int, seed: int) -> Counter[str]:
    """A median that halves, and a 95th percentile that rises by a factor."""
    frames = [simulator(sets, seed).duration("pr_cycle_time", units, SURE_GAIN, factor)]
    return Counter(verdict.status for verdict in judged(frames, [all_constraints()["median_vs_tail"]]))


def simpson(slower: float, units: int, sets: int, seed: int) -> Counter[str]:
    """The mixture's median halved, tier 1 slower by a factor, the other tiers as they were."""
    draw = simulator(sets, seed, "all")
    frames = [draw.duration("pr_cycle_time", 4 * units, SURE_GAIN, SURE_GAIN)]
    for tier in ("1", "2", "3", "4"):
        factor = slower if tier == "1" else 1.0
        frames.append(Simulator(sets, draw.rng, tier).duration("pr_cycle_time", units, factor, factor))
    return Counter(verdict.status for verdict in judged(frames, [all_constraints()["mixture_vs_tiers"]]))


def honest(units: int, deployments: int, sets: int, seed: int) -> Counter[str]:
    """A tier that became faster by a quarter over the whole distribution, a sixth more stable, and no less reviewed."""
    draw = simulator(sets, seed, "4")
    stable = 0.85
    frames = [
        *(draw.duration(metric, units, GAIN, GAIN) for metric in ("pr_cycle_time", "lead_time")),
        draw.duration("pickup_time", units, GAIN, GAIN),
        draw.share("rollback_rate", 0.05, 0.05 * stable, deployments),
        draw.share("change_failure_rate", 0.11, 0.11 * stable, deployments),
        draw.share("deployment_rework_rate", 0.06, 0.06 * stable, deployments),
        draw.share("escaped_defects", 0.08, 0.08 * stable, units),
        draw.per_week("incident_rate", deployments * 0.07 / 13, deployments * 0.07 / 13 * stable),
        draw.share("unreviewed_merge_share", 0.06, 0.06 * stable, units),
        draw.share("shallow_approval_share", 0.09, 0.09 * stable, units),
        draw.share("acceptance_rate", 0.12, 0.12 * stable, units, more_is_better=True),
    ]
    found = claims(judged(frames, list(all_constraints().values())))
    return Counter(found.values())
