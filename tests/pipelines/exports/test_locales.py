"""Briefs in other locales: the same words, numbers and days as they are written there, in every form."""

import json
import re
from datetime import date

import pytest

from metrics import words
from metrics.briefs.monthly import monthly_brief
from pipelines.exports import rendered
from tests.support.brief_frames import MONTH, origin, paid_for


@pytest.mark.parametrize(
    ("locale", "number", "percent", "day", "money"),
    [
        ("en", "1,234", "12.3 %", "2026-10-31", "USD −52,300"),
        ("en_GB", "1,234", "12.3 %", "31 Oct 2026", "USD −52,300"),
        ("de_DE", "1.234", "12,3 %", "31.10.2026", "USD −52.300"),
        ("fr_FR", "1\u00a0234", "12,3 %", "31 oct. 2026", "USD −52\u00a0300"),
    ],
)
def test_numbers_days_and_amounts_follow_the_locale(
    locale: str, number: str, percent: str, day: str, money: str
) -> None:
    with words.written_in(locale):
        assert words.number(1234.4) == number
        assert words.quantity(0.1234, "fraction") == percent
        assert words.day(date(2026, 10, 31)) == day
        assert words.money(-52_340, "USD") == money
    assert words.number(1234.4) == "1,234"


@pytest.mark.parametrize("form", ["html", "md", "pdf"])
def test_the_same_brief_in_german_differs_in_numbers_and_days_only(form: str) -> None:
    english, german = (monthly_brief(paid_for(), origin(locale=locale), MONTH) for locale in ("en", "de_DE"))
    assert len(english.figures) == len(german.figures)
    made = rendered(german, form)
    assert made == rendered(german, form)
    assert made != rendered(english, form)
    if form == "pdf":
        return
    said = made.decode()
    assert "18,0 h" in said
    assert "18.0 h" not in said
    assert "01.10.2026" in said
    prose = re.sub(r"<code>.*?</code>|`[^`]*`|<footer>.*|\n---\n.*", "", said, flags=re.DOTALL)
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", prose)


def test_json_keeps_days_and_numbers_as_data() -> None:
    german = monthly_brief(paid_for(), origin(locale="de_DE"), MONTH)
    told = json.loads(rendered(german, "json"))
    assert told["month"] == "2026-10-01"
    assert told["identity"]["locale"] == "de_DE"
    assert all(isinstance(figure["value"], float) for figure in told["figures"])
