"""What moved beyond noise, and what looks as if it had."""

from metrics.briefs.document import Figure
from metrics.briefs.figures import figures
from metrics.briefs.movements import MOVED_SHOWN, chance_note, moved, not_moved
from tests.support.brief_frames import MONTH, Row, comparison, frame, value


def compared(*rows: tuple[Row, Row]) -> list[Figure]:
    return list(
        figures(frame("comparisons", [row for row, _ in rows]), frame("metric_values", [row for _, row in rows]), MONTH)
    )


def one(metric: str, statistic: str, before: float, after: float, direction: str, **more: object) -> tuple[Row, Row]:
    keys = ("unit", "is_provisional", "n")
    row = comparison(metric, statistic, before, after, direction=direction)
    return row | {k: v for k, v in more.items() if k not in keys}, value(metric, statistic, after) | {
        k: v for k, v in more.items() if k in keys
    }


def test_a_movement_is_told_with_both_values_the_change_its_interval_and_n() -> None:
    found = moved(
        compared(
            one("pr_cycle_time", "p50", 24.0, 18.0, "improved", n=1271),
            one("rollback_rate", "rate", 0.05, 0.12, "worsened", unit="fraction"),
        )
    )
    assert [(each.direction_text, each.sentence) for each in found] == [
        ("Worse", "rollback rate: 5.00 % → 12.0 % (+7.00 points; +5.60 to +8.40 points), n = 100."),
        ("Better", "cycle time of changes, median: 24.0 h → 18.0 h (−25 %; −30 to −20 %), n = 1,271."),
    ]


def test_what_may_be_chance_is_not_told_as_moved() -> None:
    figures = compared(one("rollback_rate", "rate", 0.05, 0.06, "inconclusive", unit="fraction", change_ci_low=-0.02))
    assert moved(figures) == ()
    assert [each.direction_text for each in not_moved(figures)] == ["Unclear"]


def test_a_fall_that_outcomes_may_still_undo_is_not_told_as_moved() -> None:
    figures = compared(one("escaped_defects", "rate", 6.0, 4.0, "improved", is_provisional=True, unit="per 100"))
    assert moved(figures) == ()
    assert [each.direction_text for each in not_moved(figures)] == ["May still rise"]


def test_a_provisional_rise_stands() -> None:
    figures = compared(one("rollback_rate", "rate", 0.05, 0.12, "worsened", is_provisional=True, unit="fraction"))
    assert [each.direction_text for each in moved(figures)] == ["Worse"]


def test_a_small_difference_looks_like_none() -> None:
    assert not_moved(compared(one("rollback_rate", "rate", 0.100, 0.109, "inconclusive", unit="fraction"))) == ()


def test_stages_of_the_lead_time_are_told_elsewhere() -> None:
    assert moved(compared(one("lead_time_pickup", "p50", 5.0, 3.0, "improved"))) == ()


def test_beyond_the_first_few_only_the_names_are_given() -> None:
    names = ("pr_cycle_time", "lead_time", "pickup_time", "review_time", "time_to_restore", "change_size")
    found = moved(compared(*(one(name, "p50", 5.0, 3.0, "improved") for name in names)))
    assert len(found) == MOVED_SHOWN + 1
    assert found[-1].sentence.endswith(" too.")
    told = " ".join(each.sentence for each in found)
    assert all(name in told for name in ("cycle time of changes", "lead time", "pickup time", "change size"))


def test_the_note_counts_what_chance_alone_would_move() -> None:
    rows = [one("pickup_time", f"p{number}", 5.0, 3.0, "improved") for number in (50, 75, 90, 95)]
    unbounded = one("review_time", "p95", 5.0, 3.0, "inconclusive", change_ci_low=None, change_ci_high=None)
    assert chance_note(compared(*rows, unbounded)) == (
        "4 figures of the tiers were compared with their baselines; 4 of them moved beyond the 95 % interval. "
        "If nothing at all had changed, about 1 would have (5.0 %)."
    )
    assert "do not know" in chance_note([])
