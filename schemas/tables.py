"""How a table is declared once: a pandera model whose columns and rules also yield SQL, links and documentation.

A model states its grain in its docstring, each column with :func:`column`, and what concerns the whole table in a
private attribute ``_about``. Everything else (the warehouse's DDL, the screening of incoming rows, the links between
tables, the reference in the docs) is read from :meth:`Table.table_columns` and :meth:`Table.table_about`.
"""

from __future__ import annotations

import inspect
import typing
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

import polars as pl

from schemas.pandera_of_polars import without_pandas

with without_pandas():
    import pandera.polars as pa
    from pandera.api.polars.container import DataFrameSchema
    from pandera.api.polars.types import PolarsData
    from pandera.errors import SchemaErrors as SchemaErrors

ColumnType = Literal["text", "integer", "float", "boolean", "instant", "date", "list"]

COLUMN_TYPES: dict[Any, ColumnType] = {
    str: "text",
    int: "integer",
    float: "float",
    bool: "boolean",
    datetime: "instant",
    date: "date",
    list[str]: "list",
}
NO_DEFAULT: Any = object()


@dataclass(frozen=True)
class Rule:
    """A rule between the columns of one row.

    Attributes:
        holds: An SQL expression that DuckDB and polars read alike; a null result counts as held.
        column: The column at which a reader should look first.
        reason: What is wrong with a row that breaks the rule, in words.
    """

    holds: str
    column: str
    reason: str


@dataclass(frozen=True)
class About:
    """What concerns a table as a whole.

    Attributes:
        born: SQL expression of the instant from which a row exists, for cuts in time; empty where its parent decides.
        is_register: Whether people keep the table by hand, in a file that every build reads again.
        rules: Rules between columns.
        source: Where a published table comes from.
        set_column: Column of the parent whose rows one reading can hold whole, such as the commits of a change.
    """

    born: str = ""
    is_register: bool = False
    rules: tuple[Rule, ...] = ()
    source: str = ""
    set_column: str = ""


@dataclass(frozen=True)
class Column:
    """One column as declared, with what the type annotation adds to it."""

    name: str
    type: ColumnType
    key: bool = False
    nullable: bool = False
    default: Any = field(default=NO_DEFAULT)
    default_column: str = ""
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    parent: str = ""
    unit: str = ""
    about: str = ""

    @property
    def has_default(self) -> bool:
        """Whether an absent column can be filled in."""
        return self.default is not NO_DEFAULT or bool(self.default_column) or self.nullable

    @property
    def is_identifier(self) -> bool:
        """Whether the column holds ids: opaque text that may arrive as integers and is never empty."""
        return self.type == "text" and (self.name.endswith("_id") or self.name == "sha" or self.key)

    @property
    def hashed_name(self) -> str:
        """Name of the 64-bit integer that stands for this id in joins; empty where the column has none."""
        names_a_row = self.name.endswith("_id") or self.name == "sha"
        if not names_a_row or not (self.key or self.parent):
            return ""
        return f"{self.name.removesuffix('_id')}_key"

    @property
    def parent_table(self) -> str:
        """Table that the column refers to; empty where it refers to none."""
        return self.parent.partition(".")[0]

    @property
    def parent_column(self) -> str:
        """Column of the parent table; empty where there is no parent."""
        return self.parent.partition(".")[2]


def column(
    about: str = "",
    *,
    key: bool = False,
    nullable: bool = False,
    default: Any = NO_DEFAULT,  # noqa: ANN401 -- as many types as there are column types
    default_column: str = "",
    allowed: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    parent: str = "",
    unit: str = "",
) -> Any:  # noqa: ANN401 -- stands where an annotated type is declared, as pandera's own Field does
    """Declare a column of a table.

    Args:
        about: One clause for the reference.
        key: Part of the table's key.
        nullable: Whether null is a value.
        default: Taken where the whole column (or the record's own entry) is absent.
        default_column: Column of the same row whose value is taken instead where this one is absent or null.
        allowed: The closed list of values, if there is one.
        minimum: Smallest value, inclusive.
        maximum: Largest value, inclusive.
        parent: ``table.column`` that the value refers to.
        unit: A :class:`schemas.units.Unit`, for what is measured.

    Returns:
        A pandera field that also carries all of this.
    """
    bounds = {name: bound for name, bound in (("ge", minimum), ("le", maximum)) if bound is not None}
    if allowed:
        bounds["isin"] = list(allowed)  # type: ignore[assignment]
    facts = {
        "key": key,
        "nullable": nullable,
        "default": default,
        "default_column": default_column,
        "allowed": allowed,
        "minimum": minimum,
        "maximum": maximum,
        "parent": parent,
        "unit": str(unit),
        "about": about,
    }
    return pa.Field(nullable=nullable, metadata={"plumbline": facts}, **bounds)  # type: ignore[arg-type]


def _not_empty(name: str) -> pa.Check:
    return pa.Check(
        lambda data: data.lazyframe.select(pl.col(data.key) != ""), name=f"{name}_not_empty", error="must not be empty"
    )


def _finite(name: str) -> pa.Check:
    return pa.Check(
        lambda data: data.lazyframe.select(pl.col(data.key).is_finite()), name=f"{name}_finite", error="must be finite"
    )


def _row_check(rule: Rule) -> pa.Check:
    def holds(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.sql_expr(rule.holds).fill_null(True))

    return pa.Check(holds, name=rule.column, error=rule.reason)


class Table(pa.DataFrameModel):
    """Base of all tables. Methods are named ``table_…`` because columns are attributes of the model as well."""

    _about = About()

    @classmethod
    def table_name(cls) -> str:
        """Name of the table, which is that of its file."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def table_about(cls) -> About:
        """What concerns the table as a whole."""
        return cls._about

    @classmethod
    def table_grain(cls) -> str:
        """First line of the docstring: what one row is."""
        return inspect.getdoc(cls).splitlines()[0]  # type: ignore[union-attr]

    @classmethod
    def table_columns(cls) -> tuple[Column, ...]:
        """The columns in the order of their declaration, the base class's last."""
        return _columns_of(cls)

    @classmethod
    def table_closed_lists(cls) -> dict[str, tuple[str, ...]]:
        """The words of each column that holds one of a closed list, by the column's name."""
        return {each.name: each.allowed for each in cls.table_columns() if each.allowed}

    @classmethod
    def table_key(cls) -> tuple[str, ...]:
        """Names of the key's columns."""
        return tuple(each.name for each in cls.table_columns() if each.key)

    @classmethod
    def build_schema_(cls, **kwargs: Any) -> DataFrameSchema:  # noqa: ANN401 -- pandera's own signature
        """Add what the columns imply and the rules between columns to the checks that pandera reads itself."""
        schema = super().build_schema_(**kwargs)
        for each in cls.table_columns():
            if each.is_identifier:
                schema.columns[each.name].checks.append(_not_empty(each.name))
            if each.type == "float":
                schema.columns[each.name].checks.append(_finite(each.name))
        schema.checks = [*schema.checks, *(_row_check(rule) for rule in cls._about.rules)]
        return schema


@cache
def _columns_of(model: type[Table]) -> tuple[Column, ...]:
    annotations = typing.get_type_hints(model)
    fields = model.__fields__
    own = [name for name in fields if name in model.__annotations__]
    inherited = [name for name in fields if name not in own]
    return tuple(
        Column(name=name, type=COLUMN_TYPES[annotations[name]], **(fields[name][1].metadata or {})["plumbline"])
        for name in [*own, *inherited]
    )


class EventTable(Table):
    """Base of the tables that go in: every one also says when a version was seen, and may be a tombstone."""

    observed_at: datetime = column("when the source showed this version; the time of loading if absent", nullable=True)
    deleted: bool = column("a tombstone: the row was taken back", default=False)


class PublishedTable(Table):
    """Base of the tables that come out."""
