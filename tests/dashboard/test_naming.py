import pytest

from dashboard.naming import between, bounds, change, change_interval, figure, figure_in_sentence, figure_name


def test_a_figure_is_named_with_the_statistic_where_it_is_one_of_several() -> None:
    assert figure_name("pr_cycle_time", "p50") == "Cycle time of changes, median"
    assert figure_in_sentence("pr_cycle_time", "p95") == "95th percentile of cycle time of changes"
    assert figure_in_sentence("pr_cycle_time", "p50") == "median cycle time of changes"
    assert figure_in_sentence("rollback_rate", "rate") == "rollback rate"
    assert figure_name("incident_rate", "per_week") == "Incident rate, per week"
    assert figure_name("of_a_newer_version", "rate") == "of_a_newer_version"


@pytest.mark.parametrize(
    ("before", "after", "unit", "words"),
    [
        (0.0452, 0.131, "fraction", "4.52 → 13.1 %"),
        (24.3, 14.6, "hours", "24.3 → 14.6 h"),
        (58.8, 408.0, "hours", "58.8 h → 17.0 days"),
        (7.06, 6.76, "per 100 merged changes", "7.06 → 6.76 per 100"),
        (None, 5.0, "hours", "– → 5.00 h"),
    ],
)
def test_two_values_say_their_unit_once(before: float | None, after: float, unit: str, words: str) -> None:
    assert between(before, after, unit) == words


def test_a_value_that_is_none_is_a_dash() -> None:
    assert figure(None, "hours") == figure(float("nan"), "hours") == change(None, "p50", "hours") == "–"


def test_changes_are_relative_for_durations_and_absolute_for_rates() -> None:
    assert change(-0.4, "p50", "hours") == "−40 %"
    assert change(0.0859, "rate", "fraction") == "+8.59 points"
    assert change(-0.3, "rate", "per 100 merged changes") == "−0.30"
    assert change_interval(-0.54, -0.25, "p50", "hours") == "−54 to −25 %"
    assert change_interval(None, None, "p50", "hours") == ""
    assert "not known" in change_interval(-0.54, None, "p50", "hours")


def test_an_interval_says_its_unit_once() -> None:
    assert bounds(0.0418, 0.0994, "fraction") == "4.18 to 9.94 %"
    assert bounds(59.3, 91.0, "hours") == "59.3 h to 3.79 days"
