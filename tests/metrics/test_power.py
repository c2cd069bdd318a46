"""What would decide a verdict that is open: checked by giving the judge a window of that size."""

import json
from typing import Any

import pytest

from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.judge import Judge, Verdict
from metrics.margins import Margins
from metrics.power import Open, power, rounded, units_of
from metrics.verdicts import verdicts
from tests.support.contrasts import Row, contrasts, level, median, share

FASTER = median("pr_cycle_time", 24.0, 18.0)
MANY = {"degrees": 1000.0, "clusters": 1001}


def judged(constraint: str, *rows: Row) -> tuple[Verdict, list[Open]]:
    """A verdict, and what leaves it open."""
    judge = Judge(contrasts(*rows))
    (verdict,) = judge.verdicts([all_constraints()[constraint]])
    return verdict, power([verdict], judge.seen, Margins()).get(verdict.id, [])


def rollbacks(after: float, n: int, before: float = 0.05) -> Row:
    """Rollbacks of a window of `n` deployments against 20,000."""
    return share("rollback_rate", before, after, n=n, before_n=20_000, units_per_week=1.0, baseline_units_per_week=1.0)


@pytest.mark.parametrize(
    ("after", "n", "status", "towards", "decided"),
    [
        (0.056, 300, "at_risk", "holds", "holds"),
        (0.075, 300, "at_risk", "violated", "violated"),
    ],
)
def test_so_many_more_units_decide_it_and_few_less_do_not(
    after: float, n: int, status: str, towards: str, decided: str
) -> None:
    verdict, (left,) = judged("speed_vs_escape", FASTER, rollbacks(after, n) | MANY)
    assert (verdict.status, left.towards) == (status, towards)
    assert left.more is not None
    assert judged("speed_vs_escape", FASTER, rollbacks(after, n + left.more) | MANY)[0].status == decided
    short = n + round(left.more * 0.9)
    assert judged("speed_vs_escape", FASTER, rollbacks(after, short) | MANY)[0].status == status


def test_a_gain_that_points_the_right_way_would_be_one() -> None:
    verdict, (left,) = judged("coverage_vs_signal", level("coverage_delta", 0.1, 0.1, n=400))
    assert (verdict.status, left.towards) == ("not_triggered", "gain")
    assert left.more is not None
    error = 0.1 * (400 / (400 + left.more)) ** 0.5
    assert judged("coverage_vs_signal", level("coverage_delta", 0.1, error))[0].status != "not_triggered"


def test_a_gain_that_points_the_wrong_way_needs_no_more_of_the_same() -> None:
    _, left = judged("coverage_vs_signal", level("coverage_delta", -0.1, 0.1))
    assert left == []


def test_a_baseline_that_is_too_small_decides_nothing_however_large_the_window() -> None:
    row = share("rollback_rate", 0.05, 0.075, n=300, before_n=100, units_per_week=1.0, baseline_units_per_week=1.0)
    found = published("speed_vs_escape", FASTER, row)
    assert found["status"] == "at_risk"
    assert "No larger window would decide it" in found["reason"]
    assert [each["more"] for each in json.loads(found["evidence"])["power"]] == [None]


def published(constraint: str, *rows: Row) -> dict[str, Any]:
    """The published verdict."""
    return verdicts(contrasts(*rows), [all_constraints()[constraint]], all_metrics()).frame.row(0, named=True)


def test_a_verdict_says_it_in_the_units_that_people_count() -> None:
    found = published("speed_vs_escape", FASTER, rollbacks(0.056, 300) | MANY)
    (left,) = json.loads(found["evidence"])["power"]
    assert f"With some {rounded(left['more']):,} more deployments in the window" in found["reason"]
    assert (left["metric"], left["towards"], left["units"]) == ("rollback_rate", "holds", "deployments")


def test_too_few_units_say_how_many_are_missing() -> None:
    found = published("speed_vs_escape", FASTER, rollbacks(0.5, 12))
    assert found["status"] == "inconclusive"
    assert "rollback rate: 12 deployments in the window; 8 more are needed" in found["reason"]
    assert json.loads(found["evidence"])["power"][0]["more"] == 8


def test_what_is_decided_leaves_nothing_open() -> None:
    for after, status in ((0.03, "holds"), (0.2, "violated")):
        verdict, left = judged("speed_vs_escape", FASTER, rollbacks(after, 2000) | MANY)
        assert (verdict.status, left) == (status, [])


def test_units_bear_names_and_numbers_claim_no_precision() -> None:
    assert units_of("escaped_defects") == "changes"
    assert units_of("flaky_test_rate") == "test runs"
    assert units_of("of another version") == "units"
    assert [rounded(n) for n in (7, 72, 143, 1028, 22764)] == [7, 72, 140, 1000, 23000]
