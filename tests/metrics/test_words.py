"""One way of rounding, and of saying a change."""

import pytest

from metrics import words


@pytest.mark.parametrize(
    ("value", "unit", "is_relative", "text"),
    [
        (-0.271, "hours", True, "−27 %"),
        (0.042, "hours", True, "+4.2 %"),
        (16.19, "hours", True, "+1,619 %"),
        (0.083, "fraction", False, "+8.30 points"),
        (-1.234, "per 100 merged changes", False, "−1.23"),
        (0.0, "fraction", False, "0.00 points"),
        (-0.00001, "hours", True, "0.0 %"),
    ],
)
def test_a_change_has_its_sign_unless_it_rounds_to_none(value: float, unit: str, is_relative: bool, text: str) -> None:
    assert words.difference(value, unit, is_relative) == text


def test_an_interval_says_its_unit_once_and_what_is_not_known() -> None:
    assert words.interval(-0.43, -0.061, "hours", True) == "−43 to −6.1 %"
    assert words.interval(-0.02, 0.0545, "fraction", False) == "−2.00 to +5.45 points"
    assert words.interval(-1.2, 3.0, "per 100", False) == "−1.20 to +3.00"
    assert words.interval(0.1, None, "hours", True) == "+10 % to not known"
    assert words.interval(None, None, "hours", True) == "not known"


def test_names_within_a_sentence_keep_acronyms() -> None:
    assert words.within_sentence("Cycle time of changes") == "cycle time of changes"
    assert words.within_sentence("AI gate pass rate") == "AI gate pass rate"


def test_sentences_end_once() -> None:
    assert words.sentence("it fell") == "It fell."
    assert words.sentence("Did it?") == "Did it?"


def test_counts_take_the_plural_but_one() -> None:
    assert [words.plural(count, "change") for count in (0, 1, 1200)] == ["0 changes", "1 change", "1,200 changes"]


def test_two_values_say_a_long_unit_once() -> None:
    assert words.from_to(24.0, 96.0, "hours") == ("24.0 h", "4.00 days")
    assert words.from_to(6.0, 9.0, "per 100 merged changes") == ("6.00", "9.00 per 100 merged changes")
