"""From simulated arrays to typed columns: instants, ids, people."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from sample_data.changes import UNIT_TEAM
from sample_data.company import FIRST_DAY, REPOSITORIES, TEAMS, UNITS
from sample_data.random_effects import CUT_SECONDS, Booleans, Floats, Integers

FIRST_SECONDS = float(np.datetime64(FIRST_DAY, "s").astype(np.int64))
UNIT_REPOSITORY = np.array([REPOSITORIES.index(unit.repository) for unit in UNITS])
REPO_IDS = pl.Series("repo_id", list(dict.fromkeys(unit.repo_id for unit in UNITS)))
UNIT_NAMES = pl.Series("service", [unit.service for unit in UNITS])
SHARED = [unit.repository for unit in UNITS if [each.repository for each in UNITS].count(unit.repository) > 1]
# Only changes of a monorepo need to say which service they belong to.
UNIT_SERVICE_IF_SHARED = pl.Series("service", [unit.service if unit.repository in SHARED else None for unit in UNITS])
FIRST_NAMES = ("amber", "brisk", "calm", "dusky", "early", "fair", "gentle", "hazel", "ivory", "jolly", "keen", "lunar")
LAST_NAMES = ("heron", "otter", "finch", "lynx", "marten", "plover", "raven", "stoat", "tern", "vole", "wren", "ibex")
LARGEST_TEAM = max(team.engineers_last for team in TEAMS)
# Pseudonyms, one for each engineer of each team.
LOGINS = pl.Series(
    "login", [f"{FIRST_NAMES[team]}-{LAST_NAMES[rank]}" for team in range(len(TEAMS)) for rank in range(LARGEST_TEAM)]
)


def instants(name: str, seconds: Floats) -> pl.Series:
    """A zone-less UTC datetime column in whole seconds; null where it did not happen before the cut."""
    happened = seconds < CUT_SECONDS
    micros = np.where(happened, np.floor(np.where(happened, seconds, 0.0)) * 1e6, 0.0).astype(np.int64)
    return pl.Series(name, np.where(happened, micros, np.iinfo(np.int64).min).astype("datetime64[us]"))


def gather(values: pl.Series, rows: Integers, name: str) -> pl.Series:
    """Values by row number under a new name; null where the row number is negative."""
    return values.gather(pl.Series(rows).set(pl.Series(rows < 0), None)).alias(name)


def choose(names: Sequence[str | None], rows: Integers, name: str) -> pl.Series:
    """Names by number as a text column."""
    return pl.Series(name, names, dtype=pl.String).gather(rows).alias(name)


def blank(column: pl.Series, is_blank: Booleans) -> pl.Series:
    """The column with nulls where told."""
    return column.set(pl.Series(is_blank), None)


def logins(unit: Integers, rank: Integers, name: str) -> pl.Series:
    """Pseudonyms of people by their unit's team and their rank in it."""
    return LOGINS.gather(UNIT_TEAM[unit] * LARGEST_TEAM + rank).alias(name)


def hexadecimal(random: np.random.Generator, count: int, name: str) -> pl.Series:
    """Random commit ids of forty digits."""
    text = random.bytes(20 * count).hex()
    return pl.Series(name, [text[start : start + 40] for start in range(0, 40 * count, 40)], dtype=pl.String)


def numbered(prefix: str, count: int, name: str) -> pl.Series:
    """Ids prefix-1, prefix-2, and so on."""
    return pl.select(pl.format(prefix + "-{}", pl.int_range(1, count + 1)).alias(name)).to_series()


def known_rows(frame: pl.DataFrame, instant: str, *required: str) -> pl.DataFrame:
    """The rows that happened between the first day and the cut, parents known, ordered by that instant."""
    first = pl.lit(FIRST_DAY).cast(pl.Datetime("us"))
    return frame.filter(pl.col(instant) >= first, *(pl.col(name).is_not_null() for name in required)).sort(
        instant, maintain_order=True
    )
