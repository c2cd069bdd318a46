"""Adds `per_engineer_week` to a count, for tiers and teams whose engineers are known (`metrics.capacity`)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Grain, Period
from metrics.capacity import Exposure
from metrics.contrasts import Samples
from metrics.estimators.base import JUDGED_GRAINS, Sampler, Segmentation, Statistic, Target, add_contrasts
from metrics.rows import Notes, Shape
from metrics.stats.clusters import critical
from metrics.stats.dispersion import dispersion_between
from metrics.stats.grouping import Grouping
from metrics.stats.holders import Holders
from metrics.stats.scores import poisson
from metrics.units import MIXED, Units

Floats = NDArray[np.float64]

STATISTIC = Statistic("per_engineer_week", "events", "per engineer-week")
SHARED = "Teams that work in several tiers are split between them by their share of changes."


@dataclass(frozen=True)
class PerEngineer:
    """What a count is divided by, and where its rows go."""

    target: Target
    exposure: Exposure
    sample: Sampler
    """Makes the samples of the count; called with engineer-weeks in place of weeks."""

    @classmethod
    def of(cls, target: Target, units: Units, engineers: Floats, sample: Sampler) -> "PerEngineer":
        """For units with their tiers, and engineers per team and day."""
        source = target.source
        return cls(target, Exposure.of(engineers, units, source.days, source.cut), sample)

    def add(self, holders: Holders, plan: Segmentation) -> None:
        """Adds rows and contrasts of tiers, the mixture, or teams; other segments have no engineers of their own."""
        if plan.kind not in ("all", "team"):
            return
        mixed = list(plan.tiers) == [MIXED]
        by_grain: dict[Grain, list[Samples]] = {}
        for grain in plan.grains:
            shape = self.target.shape(holders, plan, grain)
            weeks = self._weeks(plan, shape.periods, mixed)
            self._add_rows(shape, weeks.reshape(-1), self._notes(plan, shape, mixed))
            if plan.judged and grain in JUDGED_GRAINS:
                by_grain[grain] = self._known(shape.grouping, weeks.reshape(-1))
        if plan.judged:

            def elapsed(periods: Sequence[Period]) -> Floats:
                """Each tier's engineer-weeks in its own period."""
                return np.diagonal(self.exposure.engineer_weeks(periods, mixed=mixed)).copy()

            tiers = plan.tiers
            add_contrasts(self.target, holders, tiers, [STATISTIC], by_grain, self._known, elapsed)

    def _weeks(self, plan: Segmentation, periods: Sequence[Period], mixed: bool) -> Floats:
        """Engineer-weeks of all groups: tiers (and teams) × periods."""
        if plan.kind == "team":
            return self.exposure.engineer_weeks_by_team(periods).reshape(-1, len(periods))
        return self.exposure.engineer_weeks(periods, mixed=mixed)

    def _known(self, grouping: Grouping, weeks: Floats) -> list[Samples]:
        """Samples per engineer-week; where engineers are not known there are none."""
        known = np.isfinite(weeks)
        return [
            replace(one, n=np.where(known, one.n, 0.0), value=np.where(known, one.value, 0.0))
            for one in self.sample(grouping, weeks)
        ]

    def _add_rows(self, shape: Shape, weeks: Floats, notes: Notes | None) -> None:
        """Adds the count per engineer-week of one grain."""
        grouping, windows = shape.grouping, len(shape.periods)
        counts = grouping.over_groups(grouping.units())
        by_holder = counts.reshape(-1, windows)
        dispersion, degrees = dispersion_between(by_holder, np.cumsum(by_holder, axis=1) > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = counts / weeks
            size = weeks / np.repeat(dispersion, windows)
            low, high = poisson(value, size, critical(np.repeat(degrees, windows) + 1))
        columns = {"numerator": counts, "denominator": weeks, "ci_low": low, "ci_high": high}
        keep = np.isfinite(value) & (weeks > 0)
        self.target.values.add(shape, STATISTIC.name, STATISTIC.unit, value, counts, keep, columns, notes)

    def _notes(self, plan: Segmentation, shape: Shape, mixed: bool) -> Notes | None:
        """Says where a team's engineers were split."""
        if plan.kind != "all" or mixed:
            return None
        return Notes([None, SHARED], self.exposure.shared(shape.periods).reshape(-1).astype(np.int64))
