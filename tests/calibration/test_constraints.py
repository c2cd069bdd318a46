"""The simulations behind docs/calibration.md, at a size at which gross errors show: they judge with the real judge."""

import numpy as np

from metrics.constraints import all_constraints
from tests.calibration.daily_looks import LOOKS_PER_SET, Looks, Stream, look_by_look, streams
from tests.calibration.tiers import BASELINE, Simulator, window_of
from tests.calibration.verdict_rates import AT_MARGIN, UNCHANGED, WORLDS, doubled, honest, statuses

SETS = 60


def test_every_constraint_has_a_world_of_its_own() -> None:
    assert set(WORLDS) == set(all_constraints())


def test_nothing_changed_and_at_the_margin() -> None:
    for name in ("speed_vs_review", "coverage_vs_signal"):
        assert statuses(name, UNCHANGED, SETS, 1)["violated"] <= 2
        at_margin = statuses(name, AT_MARGIN, SETS, 2)
        assert at_margin["violated"] <= 8
        assert at_margin["not_triggered"] <= 6, "the gain is sure"


def test_what_is_large_is_found_and_what_is_honest_may_be_claimed() -> None:
    assert doubled(0.05, 5000, 40, SETS, 3)["violated"] >= 50
    claimed = honest(3000, 2000, SETS, 6)
    assert claimed["claimable"] + claimed["with_reservation"] >= 45


def test_a_simulated_gain_has_the_size_that_was_asked_for() -> None:
    draw = Simulator(200, np.random.default_rng(5))
    frame = draw.duration("pr_cycle_time", 1000, 0.5, 1.1)
    for statistic, factor in (("p50", 0.5), ("p95", 1.1)):
        rows = frame.filter(frame["statistic"] == statistic)
        grown = np.log(rows["value"].to_numpy() / rows["baseline_value"].to_numpy())
        assert abs(grown.mean() - np.log(factor)) < 0.03


def test_looks_hold_what_happened_so_far() -> None:
    kinds = [each for each in streams(3, np.random.default_rng(1)) if each.metric == "rollback_rate"]
    (rollbacks,) = kinds
    assert isinstance(rollbacks, Stream)
    rows = look_by_look(kinds, Looks(30, 61))
    assert rows["baseline_start"].unique().to_list() == [BASELINE.start]
    of_first_set = rows.filter((rows["statistic"] == "rate") & (rows["window_start"] < window_of(LOOKS_PER_SET).start))
    counted = of_first_set.sort("window_start")["n"].to_list()
    assert counted == sorted(counted)
    assert counted[-1] == rollbacks.units[0, 1, :, 30:61].sum()
    assert of_first_set["baseline_n"].unique().to_list() == [rollbacks.units[0, 0].sum()]
