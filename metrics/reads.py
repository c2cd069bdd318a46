"""What an engine has read of the facts, kept while it is small: metrics, views and spans ask for the same again."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

KEPT_ROWS = 4_000_000
"""Rows kept in all: some 300 MB. A larger organisation's are read anew, column by column, which costs it little."""

Columns = dict[str, NDArray[Any]]
Wanted = NDArray[np.bool_] | None


@dataclass
class Reads:
    """Results by query, and the columns of relations. Facts do not change under an engine."""

    kept: dict[str, Columns] = field(default_factory=dict)
    shared: dict[str, Columns] = field(default_factory=dict)
    arrays: dict[Hashable, NDArray[Any]] = field(default_factory=dict)
    described: dict[str, frozenset[str]] = field(default_factory=dict)
    size: int = 0

    def rows(self, connection: duckdb.DuckDBPyConnection, query: str, only: Wanted = None) -> Columns:
        """The columns that a query gives, as arrays that nobody may write; where one has none, `nulls_of` it says.

        `only` says which rows are wanted, where these are not all; of one query always the same.
        """
        if query in self.kept:
            return self.kept[query]
        found = self.once(connection, query, only)
        rows = len(next(iter(found.values())))
        if self.size + rows <= KEPT_ROWS:
            self.kept[query] = found
            self.size += rows
        return found

    def always(self, connection: duckdb.DuckDBPyConnection, query: str, only: Wanted = None) -> Columns:
        """The same of columns that many definitions need: kept however many rows there are."""
        if query not in self.shared:
            self.shared[query] = self.once(connection, query, only)
        return self.shared[query]

    def once(self, connection: duckdb.DuckDBPyConnection, query: str, only: Wanted = None) -> Columns:
        """The same of columns that nobody will ask for again."""
        return _plain(connection.execute(query).fetchnumpy(), only)

    def made(self, key: Hashable, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """An array made of what was read, once."""
        if key not in self.arrays:
            self.arrays[key] = make()
        return self.arrays[key]

    def columns(self, connection: duckdb.DuckDBPyConnection, relation: str) -> frozenset[str]:
        """The names of a relation's columns."""
        if relation not in self.described:
            names = connection.execute(f"describe {relation}").fetchall()
            self.described[relation] = frozenset(row[0] for row in names)
        return self.described[relation]


def nulls_of(column: str) -> str:
    """The name of the column that says where another has none; a column that is complete has no such other."""
    return f"{column} is null"


def _plain(found: Columns, only: Wanted) -> Columns:
    """Columns as plain arrays, each with the one that says where it has none, if it has not everywhere."""
    columns: Columns = {}
    for name in list(found):
        # One after another: what has been looked at makes room.
        column = found.pop(name)
        if isinstance(column, np.ma.MaskedArray):
            nulls = np.ma.getmaskarray(column)
            columns[nulls_of(name)] = nulls if only is None else nulls[only]
        columns[name] = np.asarray(column) if only is None else np.asarray(column)[only]
    return columns
