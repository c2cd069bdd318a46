"""What the windows of a metric add to the averages of the year after them, kept from one build for the next.

The variance of a level is averaged over the windows of a year (`metrics.stats.successive`). What a window adds to that
are three numbers a group, made from its units and those a quarter before. As long as those units stay what they are,
the numbers do: kept, they save the next build from reading a year of units to give the interval of a month.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import Grain, Period
from metrics.units import Days

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

SCHEMA: dict[str, pl.DataType] = {
    "page": pl.Categorical(),
    "turn": pl.Int16(),
    "holder": pl.Int32(),
    "window_end": pl.Date(),
    "excess": pl.Float64(),
    "scale": pl.Float64(),
}
"""One row per group that could be differenced. `page` names the grouping, `turn` which of its estimates, `holder` the
segment and tier by number: segment after segment, for a team that is new is the last one."""


@dataclass
class Ledger:
    """The summands of one metric: those that an earlier build knew, and those that this one adds.

    `days` are all days of the data, also where an engine runs on the last of them only. Windows that end by `since`
    are taken from `known`; without it nothing is known.
    """

    days: Days
    since: date | None = None
    known: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    choices: list[list[str]] = field(default_factory=list)
    """What was found of all days, in the order in which it was asked for: categories, which number the holders, and
    which of two kinds of outcome are kept."""
    _pages: dict[str, int] = field(default_factory=dict)
    _added: list["_Added"] = field(default_factory=list)
    _known: dict[tuple[str, int], "_Added"] | None = None

    def page(self, name: str, grain: Grain, periods: Sequence[Period], tiers: int) -> "LedgerPage":
        """Where the summands of a grouping of so many tiers stand; asked for again, it is another estimator's."""
        number = self._pages[name] = self._pages.get(name, 0) + 1
        return LedgerPage(self, f"{name} {grain} {number}", grain, periods, tiers)

    def frame(self) -> pl.DataFrame:
        """All summands: those known of windows that ended by `since`, and those added."""
        frames = [_rows_of(self._added)] if self._added else []
        if self.since is not None:
            frames.append(self.known.filter(pl.col("window_end") <= self.since))
        return pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)

    def known_of(self, page: str, turn: int) -> "_Added | None":
        """What is known of one estimate."""
        if self._known is None:
            self._known = _by_estimate(self.known.filter(pl.col("window_end") <= self.since))
        return self._known.get((page, turn))

    def add(self, page: str, turn: int, ends: NDArray[np.datetime64], summands: Floats) -> None:
        """Keep summands: excess, scale and whether there is any × holders, segment after segment, × windows.

        The ends of the windows are given.
        """
        holder, window = np.nonzero(summands[2])
        if len(holder):
            excess, scale = summands[0][holder, window], summands[1][holder, window]
            self._added.append(_Added(page, turn, holder.astype(np.int32), ends[window], excess, scale))


@dataclass
class LedgerPage:
    """The summands of one grouping, estimate after estimate in the order in which they are made."""

    ledger: Ledger
    name: str
    grain: Grain
    periods: Sequence[Period]
    tiers: int
    turn: int = 0

    def completed(self, summands: Floats) -> Floats:
        """The summands, those of settled windows as they were known, with all windows before the first in front.

        Args:
            summands: excess, scale and whether there is any (1 or 0) × holders, tier after tier, × windows.
        """
        self.turn += 1
        ends = np.array([period.end for period in self.periods], dtype="datetime64[D]")
        since = self.ledger.since
        settled = 0 if since is None else int((ends <= np.datetime64(since)).sum())
        by_tier = np.arange(summands.shape[1]).reshape(self.tiers, -1)
        self.ledger.add(self.name, self.turn, ends[settled:], summands[:, by_tier.T.ravel(), settled:])
        if since is None:
            return summands
        every = [period.end for period in self.ledger.days.windows(self.grain)[0]]
        before = every.index(self.periods[0].end)
        full = np.zeros((3, summands.shape[1], before + len(ends)))
        full[:, :, before + settled :] = summands[:, :, settled:]
        known = self.ledger.known_of(self.name, self.turn)
        if known is not None:
            place = np.searchsorted(np.array(every, dtype="datetime64[D]"), known.ends)
            holder = by_tier.T.ravel()[known.holder]
            full[0, holder, place] = known.excess
            full[1, holder, place] = known.scale
            full[2, holder, place] = 1.0
        return full


@dataclass(frozen=True)
class _Added:
    """Summands of one estimate, as columns."""

    page: str
    turn: int
    holder: Integers
    ends: NDArray[np.datetime64]
    excess: Floats
    scale: Floats


def _rows_of(added: Sequence[_Added]) -> pl.DataFrame:
    """Summands as rows, those of all estimates in one step."""
    estimate = np.repeat(np.arange(len(added)), [len(each.holder) for each in added])
    columns = {
        "page": pl.Series([each.page for each in added], dtype=SCHEMA["page"])[estimate],
        "turn": pl.Series([each.turn for each in added], dtype=pl.Int16)[estimate],
        "holder": np.concatenate([each.holder for each in added]).astype(np.int32),
        "window_end": np.concatenate([each.ends for each in added]).astype("datetime64[D]"),
        "excess": np.concatenate([each.excess for each in added]),
        "scale": np.concatenate([each.scale for each in added]),
    }
    return pl.DataFrame(columns, schema=SCHEMA)


def _by_estimate(rows: pl.DataFrame) -> dict[tuple[str, int], _Added]:
    """What rows tell of each estimate."""
    if rows.is_empty():
        return {}
    codes = rows["page"].to_physical().to_numpy().astype(np.int64) << np.int64(16) | rows["turn"].to_numpy()
    order = np.argsort(codes, kind="stable")
    first = np.flatnonzero(np.diff(codes[order], prepend=-1))
    columns = (rows[name].to_numpy()[order] for name in ("holder", "window_end", "excess", "scale"))
    parts = zip(*(np.split(column, first[1:]) for column in columns), strict=True)
    named = zip(rows["page"][order[first]], rows["turn"][order[first]], strict=True)
    return {(page, turn): _Added(page, turn, *part) for (page, turn), part in zip(named, parts, strict=True)}
