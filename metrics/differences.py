"""What differs between two builds: rows of the facts, and units that a metric's query gives of them.

Belongs here: how units of both sides are compared. Does not: which windows of a metric that reaches (`metrics.reuse`).
"""

from dataclasses import dataclass, field
from datetime import date

import duckdb
import numpy as np
import polars as pl

from metrics.reads import Reads

EARLIEST = 16
"""The part of the units that may have changed, the earliest, among which the first that has is looked for first."""


class MeasuredWhole(Exception):  # noqa: N818 -- no error: it ends an attempt
    """What was given before cannot be used."""


@dataclass(frozen=True)
class Recent:
    """A relation with those rows of a fact of which any instant falls on the last days, in the fact's order."""

    fact: str
    relation: str
    first: date
    """The first of these days."""
    instants: frozenset[str]
    """The fact's columns that were looked at."""

    def has(self, fact: str, time: str, first: date) -> bool:
        """Whether all rows of a fact are here of which `time` falls on the day `first` or later.

        That is one of the instants, or the first there is of some of them.
        """
        instants = time.removeprefix("coalesce(").removesuffix(")").split(", ")
        return fact == self.fact and first >= self.first and self.instants.issuperset(instants)


@dataclass(frozen=True)
class Differences:
    """The rows of the facts that differ between two builds, each side on a connection of its own, under their names.

    And where the engine's connection has it, the fact that most is read of without its older rows.
    """

    before: duckdb.DuckDBPyConnection
    after: duckdb.DuckDBPyConnection
    recent: Recent | None = None
    read: Reads = field(default_factory=Reads, compare=False)
    """What has been read of recent rows: most metrics ask for the same."""

    def of(self, before: str, after: str) -> pl.DataFrame:
        """Units that one side has more of than the other: its columns, and `more`, how many more there are now.

        Args:
            before: gives units of the earlier build, one row each.
            after: gives the same of this one.

        Raises:
            MeasuredWhole: the query needs columns that the rows have not been compared by.
        """
        return more_of(self._both(before, after))

    def first(self, before: str, after: str) -> object:
        """The first instant of such a unit, in microseconds since 1970; None where there is none.

        Units that are alike have the same instant. So the earliest are looked at first, and the others only where these
        are the same on either side: as a rule, most rows that differ are new.
        """
        units = self._both(before, after)
        if units.is_empty():
            return None
        early = np.partition(units["instant"].to_numpy(), units.height // EARLIEST)[units.height // EARLIEST]
        for some in (pl.col("instant") <= early, pl.col("instant") > early):
            if (first := more_of(units.filter(some))["instant"].min()) is not None:
                return first
        return None

    def _both(self, before: str, after: str) -> pl.DataFrame:
        """The units of both builds, of which those of the earlier one count as one less."""
        sides = zip(self.sides(before, after), (-1, 1), strict=True)
        return pl.concat([units.with_columns(more=pl.lit(sign)) for units, sign in sides])

    def sides(self, before: str, after: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What a query gives of the rows of the earlier build, and one of those of this build.

        Raises:
            MeasuredWhole: the query needs columns that the rows have not been compared by.
        """
        try:
            return self.before.sql(before).pl(), self.after.sql(after).pl()
        except duckdb.BinderException as error:
            raise MeasuredWhole from error


def more_of(units: pl.DataFrame) -> pl.DataFrame:
    """Units by all columns but `more`, which is added up; those that come to nothing are left out."""
    names = [name for name in units.columns if name != "more"]
    return units.group_by(names).agg(pl.col("more").sum()).filter(pl.col("more") != 0)
