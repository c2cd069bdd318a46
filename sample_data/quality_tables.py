"""Tables of checks on changes: gate_results, test_runs, context_signals; and the policies that require the gates."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from sample_data.behaviour import TierBehaviour
from sample_data.changes import ASSISTED, AUTHORED, BOT
from sample_data.columns import (
    FIRST_SECONDS,
    REPO_IDS,
    UNIT_REPOSITORY,
    choose,
    gather,
    instants,
    numbered,
)
from sample_data.company import TIERS, UNITS
from sample_data.known_changes import KnownChanges, end_of, known_rows_of_changes
from sample_data.random_effects import CUT_SECONDS, DAY, UNIT_TIER, WEEK, Floats, Integers, adoption

IS_WATCHED = np.array([unit.is_watched for unit in UNITS])
# Gate, control point, lowest tier that requires it, since when, median duration in seconds.
GATES: tuple[tuple[str, str, int, date, float], ...] = (
    ("secret_scan", "pre_commit", 4, date(2024, 9, 1), 8.0),
    ("static_analysis", "pre_pr", 2, date(2024, 9, 1), 150.0),
    ("unit_tests", "pre_merge", 1, date(2024, 9, 1), 480.0),
    ("security_scan", "pre_merge", 3, date(2024, 9, 1), 360.0),
    ("critical_path_coverage", "pre_merge", 3, date(2025, 10, 6), 300.0),
    ("contract_tests", "pre_merge", 4, date(2026, 1, 12), 540.0),
    ("smoke_tests", "post_merge", 4, date(2024, 9, 1), 240.0),
)
OVERRIDABLE = ("unit_tests", "security_scan")
PASSED, FAILED, OVERRIDDEN, SKIPPED = range(4)
OUTCOMES = ("passed", "failed", "overridden", "skipped")
OVERRIDE_REASONS = ("known flaky test", "scanner false positive", "urgent customer fix", "covered by an exception")
SIGNAL_KINDS = ("context_mismatch", "version_misalignment", "stale_doc", "boundary_violation")
SIGNALS_PER_AI_CHANGE = np.array([0.01, 0.025, 0.06, 0.015])


def gate_policies_table() -> pl.DataFrame:
    """The table gate_policies: what each tier requires, and since when."""
    rows = [
        {"tier": tier, "control_point": point, "gate": gate, "is_required": True, "valid_from": since, "valid_to": None}
        for gate, point, lowest, since, _ in GATES
        for tier in TIERS
        if tier >= lowest
    ]
    return pl.DataFrame(rows).with_columns(pl.col("valid_from", "valid_to").cast(pl.Datetime("us")))


def gate_results_table(random: np.random.Generator, known: KnownChanges, exceptions: pl.DataFrame) -> pl.DataFrame:
    """The table gate_results: the last run of each gate, and a failed one before it now and then."""
    changes, ended = known.changes, end_of(known)
    eligible = known.is_known & IS_WATCHED[changes.unit]
    overridden_gate = random.integers(len(OVERRIDABLE), size=len(changes))
    parts = []
    for index, (gate, point, lowest, since, seconds) in enumerate(GATES):
        in_force = changes.opened > np.datetime64(since, "s").astype(np.int64)
        reported = random.random(len(changes)) > 0.01
        wanted = eligible & (UNIT_TIER[changes.unit] >= lowest) & in_force & reported
        if point == "post_merge":
            wanted &= changes.merged > 0
        rows = np.flatnonzero(wanted)
        duration = seconds * random.lognormal(0.0, 0.5, len(rows))
        ran = _ran_at(random, point, changes.opened[rows], ended[rows])
        outcome = np.where((changes.closed[rows] > 0) & (random.random(len(rows)) < 0.15), FAILED, PASSED)
        if gate in OVERRIDABLE:
            gates_of_tier = UNIT_TIER[changes.unit[rows]] >= 3
            chosen = np.where(gates_of_tier, overridden_gate[rows], 0) == OVERRIDABLE.index(gate)
            outcome = np.where(changes.is_overridden[rows] & chosen, OVERRIDDEN, outcome)
        skipped = (changes.author_kind[rows] == BOT) & (random.random(len(rows)) < 0.05)
        outcome = np.where(skipped, SKIPPED, outcome)
        first = rows[(outcome == PASSED) & (random.random(len(rows)) < 0.08)]
        first_ran = _ran_at(random, point, changes.opened[first], ended[first])
        rows, ran = np.concatenate([rows, first]), np.concatenate([ran, first_ran])
        duration = np.concatenate([duration, seconds * random.lognormal(-0.3, 0.5, len(first))])
        # The run that failed came before the one that passed.
        last = np.zeros(len(changes))
        last[rows[: len(outcome)]] = ran[: len(outcome)]
        ran[len(outcome) :] = np.minimum(first_ran, last[first] - 60)
        outcome = np.concatenate([outcome, np.full(len(first), FAILED)])
        parts.append((np.full(len(rows), index), rows, ran, duration, outcome))
    gate_index, rows, ran, duration, outcome = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _gate_frame(random, known, exceptions, gate_index, rows, ran, duration, outcome)


def _ran_at(random: np.random.Generator, point: str, opened: Floats, ended: Floats) -> Floats:
    last = np.where(np.isinf(ended), opened + 2 * DAY, ended)
    if point == "pre_commit":
        return opened - random.uniform(60, 1800, len(opened))
    if point == "pre_pr":
        return np.minimum(opened + random.uniform(-600, 300, len(opened)), last)
    if point == "post_merge":
        return last + random.uniform(300, 3600, len(opened))
    return opened + random.uniform(0.3, 0.98, len(opened)) * (last - opened)


def _gate_frame(
    random: np.random.Generator,
    known: KnownChanges,
    exceptions: pl.DataFrame,
    gate: Integers,
    rows: Integers,
    ran: Floats,
    duration: Floats,
    outcome: Integers,
) -> pl.DataFrame:
    count = len(rows)
    is_overridden = outcome == OVERRIDDEN
    reason = np.where(is_overridden, random.integers(3, size=count), -1)
    granted = exceptions["granted_at"].to_numpy().astype("datetime64[s]").astype(np.int64)
    usable = np.searchsorted(granted, ran) - 1
    excepted = is_overridden & (random.random(count) < 0.4) & (usable >= 0)
    coverage = np.round(random.normal(0.04, 0.9, count), 2)
    has_coverage = np.array([name == "critical_path_coverage" for name, *_ in GATES])[gate]
    frame = pl.DataFrame(
        [
            known.ids_of(rows),
            choose([name for name, *_ in GATES], gate, "gate"),
            choose([point for _, point, *_ in GATES], gate, "control_point"),
            choose(OUTCOMES, outcome, "outcome"),
            instants("ran_at", ran),
            pl.Series("duration_seconds", np.round(duration, 1)),
            pl.Series("coverage_delta", coverage).set(pl.Series(~has_coverage), None),
            gather(exceptions["exception_id"], np.where(excepted, usable, -1), "exception_id"),
            gather(pl.Series(OVERRIDE_REASONS), np.where(excepted, 3, reason), "reason"),
        ]
    )
    frame = known_rows_of_changes(frame, "ran_at")
    return frame.insert_column(0, numbered("gate", frame.height, "gate_result_id"))


def test_runs_table(
    random: np.random.Generator, known: KnownChanges, behaviour: Mapping[int, TierBehaviour]
) -> pl.DataFrame:
    """The table test_runs: two suites on changes, one nightly; of two units in three."""
    changes, ended = known.changes, end_of(known)
    tested = IS_WATCHED & (np.arange(len(UNITS)) % 3 != 2)
    rows = np.flatnonzero(known.is_known & tested[changes.unit])
    twice = rows[random.random(len(rows)) < 0.35]
    nights = np.arange(FIRST_SECONDS + 2 * 3600, CUT_SECONDS, WEEK)
    nightly_unit = np.repeat(np.flatnonzero(tested), len(nights))
    nightly_at = np.tile(nights, int(tested.sum())) + random.uniform(0, 3600, len(nightly_unit))
    row = np.concatenate([rows, twice, np.full(len(nightly_unit), -1)])
    last = np.where(np.isinf(ended), changes.opened + 2 * DAY, ended)
    on_change = np.concatenate([rows, twice])
    span = (last - changes.opened)[on_change]
    at = np.concatenate([changes.opened[on_change] + random.uniform(0.05, 0.98, len(on_change)) * span, nightly_at])
    unit = np.concatenate([changes.unit[on_change], nightly_unit])
    suite = np.repeat([0, 1, 2], [len(rows), len(twice), len(nightly_unit)])
    count = len(row)
    at_full_adoption = np.array([behaviour[tier].adopted_flakiness for tier in UNIT_TIER])[unit]
    factor = 1 + (at_full_adoption - 1) * adoption(unit, np.nan_to_num(at))
    frame = pl.DataFrame(
        [
            REPO_IDS.gather(UNIT_REPOSITORY[unit]).alias("repo_id"),
            known.ids_of(row),
            choose(("unit", "integration", "nightly"), suite, "suite"),
            choose(("passed", "failed"), (random.random(count) < 0.11).astype(np.int64), "outcome"),
            pl.Series("is_flaky", random.random(count) < np.array([0.02, 0.05, 0.05])[suite] * factor),
            instants("ran_at", at),
            pl.Series(
                "duration_seconds", np.round(np.array([400, 1100, 3300])[suite] * random.lognormal(0, 0.4, count), 1)
            ),
        ]
    )
    frame = frame.filter(pl.col("ran_at").is_not_null()).sort("ran_at", maintain_order=True)
    return frame.insert_column(0, numbered("test-run", frame.height, "test_run_id"))


def context_signals_table(random: np.random.Generator, known: KnownChanges) -> pl.DataFrame:
    """The table context_signals: most of them in tier 3, whose context packages were not kept up."""
    changes = known.changes
    share = SIGNALS_PER_AI_CHANGE[UNIT_TIER[changes.unit] - 1] * IS_WATCHED[changes.unit]
    is_ai = np.isin(changes.ai_use, (ASSISTED, AUTHORED))
    rows = np.flatnonzero(known.is_known & is_ai & (random.random(len(changes)) < share))
    frame = pl.DataFrame(
        [
            REPO_IDS.gather(UNIT_REPOSITORY[changes.unit[rows]]).alias("repo_id"),
            known.ids_of(rows),
            choose(SIGNAL_KINDS, random.choice(4, len(rows), p=[0.4, 0.25, 0.2, 0.15]), "kind"),
            instants("occurred_at", changes.opened[rows] + 1800),
        ]
    )
    frame = known_rows_of_changes(frame, "occurred_at")
    return frame.insert_column(0, numbered("signal", frame.height, "signal_id"))
