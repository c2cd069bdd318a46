"""Which quarter a report is about, and over which window its claims are judged."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from metrics.briefs.tables import Origin
from metrics.calendar import MONTHS_PER_QUARTER, Period, add_months
from schemas.errors import InputError

QUARTER = re.compile(r"([0-9]{4})-?[Qq]([1-4])")
TRAILING_YEAR, QUARTER_GRAIN = "trailing_year", "quarter"


@dataclass(frozen=True)
class ClaimWindow:
    """The window over which claims are judged and value is counted: four quarters where they were judged.

    The rule is fixed, so that no window is chosen for what it shows.
    """

    grain: str
    period: Period


def quarter_name(quarter: date) -> str:
    """`2026Q3`."""
    return f"{quarter.year}Q{(quarter.month - 1) // MONTHS_PER_QUARTER + 1}"


def parsed_quarter(text: str) -> date | None:
    """The first day of a quarter written as 2026Q3; None if it is not written so."""
    found = QUARTER.fullmatch(text.strip())
    if not found or int(found[1]) < 1:
        return None
    return date(int(found[1]), (int(found[2]) - 1) * MONTHS_PER_QUARTER + 1, 1)


def quarters_with_data(quarters: pl.DataFrame, origin: Origin) -> list[date]:
    """The quarters of which anything was measured and that were over at the cut, oldest first.

    Args:
        quarters: one column, window_start.
        origin: whose cut.
    """
    if quarters.is_empty():
        return []
    today = origin.calendar.local_day(origin.as_of)
    return sorted(day for day in quarters["window_start"].unique() if add_months(day, MONTHS_PER_QUARTER) <= today)


def chosen_quarter(quarters: Sequence[date], wanted: date | None) -> date:
    """The quarter wanted, else the newest that is over.

    Raises:
        InputError: there are no data of that quarter, or it still runs.
    """
    if not quarters:
        raise InputError("the snapshot has no data of any whole quarter", "", "load events and run `plumbline build`")
    chosen = wanted or quarters[-1]
    if chosen in quarters:
        return chosen
    span = f"{quarter_name(quarters[0])} to {quarter_name(quarters[-1])}"
    runs = chosen > quarters[-1] and chosen <= add_months(quarters[-1], MONTHS_PER_QUARTER)
    what = "is not over at the snapshot's cut" if runs else "has no data"
    raise InputError(f"{quarter_name(chosen)} {what}", "", f"the snapshot has whole quarters from {span}")


def baseline_periods(comparisons: pl.DataFrame, window: ClaimWindow) -> dict[str, Period]:
    """The baseline of every tier that the claim window was compared with, named or not."""
    if comparisons.is_empty():
        return {}
    rows = comparisons.filter(
        (pl.col("grain") == window.grain)
        & (pl.col("window_end") == window.period.end)
        & (pl.col("comparator") == "baseline")
        & (pl.col("segment_kind") == "all")
    )
    spans = rows.group_by("tier").agg(pl.col("baseline_start").min(), pl.col("baseline_end").max()).sort("tier")
    return {tier: Period(start, end) for tier, start, end in spans.iter_rows() if start is not None and end is not None}


def claim_window(verdicts: pl.DataFrame, quarter: date) -> ClaimWindow:
    """The four quarters that end with this one if any tier was judged over them, else the quarter."""
    end = add_months(quarter, MONTHS_PER_QUARTER)
    year = Period(add_months(end, -12), end)
    if not verdicts.is_empty():
        judged = verdicts.filter((pl.col("grain") == TRAILING_YEAR) & (pl.col("window_end") == end))
        if not judged.is_empty():
            return ClaimWindow(TRAILING_YEAR, Period(min(judged["window_start"]), end))
    return ClaimWindow(QUARTER_GRAIN, Period(quarter, year.end))
