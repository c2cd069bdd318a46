"""Windows that stay provisional beyond their follow-up, while too many of their units wait for an outcome."""

from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.estimators.base import Source
from metrics.model import Metric
from metrics.units import MIXED, TIERS, Days

MOST_PENDING = 0.01
"""Share of a window's units that may be open in a figure that is called final."""
PLACE = ["tier", "window_start", "window_end"]


@dataclass(frozen=True)
class PendingUnits:
    """Units and those of them that are open, up to each day: tiers × (days + 1). None where nothing is waited for."""

    days: Days
    units: NDArray[np.float64] | None = None
    open: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, source: Source, metric: Metric) -> Self:
        """What a metric's outcomes wait for, at the cut."""
        declared = metric.pending
        if declared is None:
            return cls(source.days)
        is_open = f"coalesce(({declared.until}) > timestamp '{source.cut}', false)::integer"
        daily = source.daily(declared.fact, declared.among, declared.time, [is_open])
        units, still_open = np.cumsum(daily, axis=2)
        return cls(source.days, _from_zero(units), _from_zero(still_open))

    def keep_provisional(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows (tier, window_start, window_end, is_provisional), those of windows with too many open ones provisional.

        Args:
            frame: rows of `metric_values`, or contrasts.
        """
        if self.units is None or frame.is_empty():
            return frame
        places = frame.select(PLACE).unique(maintain_order=True)
        waits = [self._share(*place) > MOST_PENDING for place in places.iter_rows()]
        marked = places.with_columns(waits=pl.Series(waits))
        waiting = frame.select(PLACE).join(marked, on=PLACE, how="left", maintain_order="left")["waits"]
        return frame.with_columns(is_provisional=pl.col("is_provisional") | waiting)

    def _share(self, tier: str, start: date, end: date) -> float:
        """Share of a window's units that is open; zero where there are none."""
        assert self.units is not None
        assert self.open is not None
        which = slice(None) if tier == MIXED else slice(TIERS.index(tier), TIERS.index(tier) + 1)
        first, last = (min(max((day - self.days.first).days, 0), len(self.days.all)) for day in (start, end))
        units, still_open = ((each[which, last] - each[which, first]).sum() for each in (self.units, self.open))
        return float(still_open / units) if units else 0.0


def _from_zero(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros((len(sums), 1)), sums], axis=1)
