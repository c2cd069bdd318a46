"""What the footers of parts tell of a table's columns: nulls, least and greatest values, without reading a row.

Parts are immutable and written by this program alone, so what the writer noted of them holds. It is not all that one
may ask: a footer knows no distinct words, and polars leaves values that are not numbers out of its extremes, so frames
say of themselves which of their columns are finite (`pipelines.parts.write_frame`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path

import duckdb

from pipelines.parts import FINITE, paths_sql

CUT_FROM = 64
"""Text of so many characters may be cut short in a footer."""

FOOTERS = """
    with chunks as (
        select c.file_name, path_in_schema as name, num_values, stats_null_count as nulls,
            stats_min_value as low, stats_max_value as high,
            f.created_by like 'DuckDB%'
                or list_contains(string_split(decode(m.value), ','), path_in_schema) as is_finite
        from parquet_metadata([{paths}]) c
        join parquet_file_metadata([{paths}]) f using (file_name)
        left join (from parquet_kv_metadata([{paths}]) where decode(key) = '{finite}') m using (file_name))
    select {of_file}, name, count(*) = count(nulls), sum(num_values)::bigint, coalesce(sum(nulls), 0)::bigint,
        list(distinct low) filter (where low is not null), list(distinct high) filter (where high is not null),
        bool_and((low is not null and high is not null) or coalesce(nulls = num_values, false)),
        bool_and(coalesce(is_finite, false))
    from chunks group by all
"""


@dataclass(frozen=True)
class Footer:
    """One column of one part, or of several: extremes as the texts that the chunks of rows give, not in order."""

    knows_nulls: bool
    values: int
    nulls: int
    low: Sequence[str]
    high: Sequence[str]
    knows_extremes: bool
    is_finite: bool
    """Whether not-a-number would have shown."""

    @property
    def constant(self) -> str | None:
        """The one value that all rows have; None where they have several, or the footer does not tell."""
        words = {*self.low, *self.high}
        if not (self.knows_nulls and self.knows_extremes and self.nulls == 0 and len(words) == 1):
            return None
        (word,) = words
        return word if len(word) < CUT_FROM else None

    def is_within(self, low: float = -inf, high: float = inf) -> bool:
        """Whether the footer tells that all numbers are finite and lie within bounds; those that are none aside."""
        if not self.knows_extremes:
            return False
        return all(isfinite(float(each)) and low <= float(each) <= high for each in (*self.low, *self.high))


def footers(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[str, Footer]:
    """Footers of all parts together, by column; columns of lists are left out."""
    return {name: footer for (_, name), footer in _read(connection, paths, "'' as file_name").items()}


def footers_by_part(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, dict[str, Footer]]:
    """Footers by part, and by column."""
    found: dict[Path, dict[str, Footer]] = {}
    for (file, name), footer in _read(connection, paths, "file_name").items():
        found.setdefault(Path(file), {})[name] = footer
    return found


def _read(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], of_file: str) -> dict[tuple[str, str], Footer]:
    query = FOOTERS.format(paths=paths_sql(paths), finite=FINITE, of_file=of_file)
    rows = connection.execute(query).fetchall() if paths else []
    return {
        (file, name): Footer(knows_nulls, values, nulls, low or (), high or (), knows_extremes, finite)
        for file, name, knows_nulls, values, nulls, low, high, knows_extremes, finite in rows
        if ", " not in name
    }
