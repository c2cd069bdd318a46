"""Waits on a clock that stands still outside working hours, weeks with a clock change included."""

from datetime import date, datetime, time

import polars as pl
import pytest

from metrics.facts import FactSettings
from metrics.facts.working_hours import WorkingHours
from tests.support.events import Events

BERLIN = WorkingHours("Europe/Berlin", holidays=frozenset({date(2026, 5, 1)}))


def waits(
    ready: str, reviewed: str, merged: str, hours: WorkingHours | None = BERLIN
) -> tuple[float | None, float | None]:
    """Pickup and review in working hours of a change, given in UTC."""
    events = Events()
    opened, review, end = (datetime.fromisoformat(text) for text in (ready, reviewed, merged))
    change = events.add("changes", repo_id="r", state="merged", author="a", opened_at=opened, merged_at=end)
    events.add("reviews", change_id=change, reviewer="b", state="commented", submitted_at=review)
    row = events.build(settings=FactSettings(working_hours=hours), cut=datetime(2027, 1, 1)).change(change)  # noqa: DTZ001
    found = row["_pickup_working_seconds"], row["_review_working_seconds"]
    return tuple(None if seconds is None else seconds / 3600 for seconds in found)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("ready", "reviewed", "merged", "expected"),
    [
        # Wednesday in winter: work is from 8 to 16 UTC.
        ("2026-01-14 09:00", "2026-01-14 11:30", "2026-01-14 15:00", (2.5, 3.5)),
        # Out of hours nothing passes; over a night one evening and one morning do.
        ("2026-01-14 17:00", "2026-01-14 20:00", "2026-01-15 07:59", (0.0, 0.0)),
        ("2026-01-14 15:00", "2026-01-15 09:00", "2026-01-15 18:00", (2.0, 7.0)),
        # Friday evening to Monday morning.
        ("2026-01-16 15:00", "2026-01-19 09:00", "2026-01-19 09:00", (2.0, 0.0)),
        # The clock goes forward on 29 March: on Friday work ended at 16 UTC, on Monday it begins at 7.
        ("2026-03-27 15:00", "2026-03-30 08:00", "2026-03-30 15:00", (2.0, 7.0)),
        # It goes back on 25 October: Monday begins at 8 UTC, Friday's work ended at 15.
        ("2026-10-23 14:00", "2026-10-26 09:00", "2026-10-26 16:00", (2.0, 7.0)),
        # A holiday on a Friday: Thursday to Monday.
        ("2026-04-30 14:00", "2026-05-04 08:00", "2026-05-04 08:00", (2.0, 0.0)),
    ],
)
def test_only_working_time_counts(ready: str, reviewed: str, merged: str, expected: tuple[float, float]) -> None:
    assert waits(ready, reviewed, merged) == pytest.approx(expected)


def test_without_such_a_clock_there_is_nothing() -> None:
    assert waits("2026-01-14 09:00", "2026-01-14 11:30", "2026-01-14 15:00", None) == (None, None)


@pytest.mark.parametrize("week", [date(2026, 3, 23), date(2026, 10, 19), date(2026, 1, 12)])
def test_a_week_has_forty_hours_whatever_the_clock_does(week: date) -> None:
    days = BERLIN.days(week, date.fromordinal(week.toordinal() + 7))
    assert days["before_us"][-1] == 40 * 3600 * 1_000_000


def test_working_nights_into_the_clock_change_have_the_hours_that_they_have() -> None:
    always = WorkingHours("Europe/Berlin", tuple(range(7)), time(0), time(23, 59, 59))
    lengths = always.days(date(2026, 3, 28), date(2026, 3, 30)).select(pl.col("close_us") - pl.col("open_us"))
    hours = [round(us / 3.6e9) for us in lengths["close_us"]]
    assert hours == [24, 23, 24]


@pytest.mark.parametrize("wrong", [{"start": time(17), "end": time(9)}, {"weekdays": ()}])
def test_hours_in_which_nothing_is_done_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="working hours"):
        WorkingHours(**wrong)  # type: ignore[arg-type]
