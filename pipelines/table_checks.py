"""One asset check per published table, made from its schema: what breaks its declaration never reaches a reader.

Tables are screened where they lie, by SQL that says the same as the pandera model (nulls, closed lists, bounds, rules
between columns), so that nothing is copied: first by the extremes of each column, which cost little more than reading
it, and only where those tell of a fault by counting its rows. Where a small table is found to be broken the model
itself has the word: it names the value. Keys that stand twice are looked for among hashes of them, and where two are
equal among the keys.
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from pipelines.build_store import BuildStore
from schemas.sql import DUCKDB_TYPES, literal, quoted
from schemas.tables import Column, PublishedTable, SchemaErrors

ROWS_BY_MODEL = 50_000
"""Up to so many rows a table that the screen found broken is handed to pandera, which names the value."""

NARROWER = {"BIGINT": ("TINYINT", "SMALLINT", "INTEGER"), "DOUBLE": ("FLOAT",)}
"""Types that hold fewer values and take less room; a reader sees the same numbers."""


def check_of(table: type[PublishedTable]) -> dg.AssetChecksDefinition:
    """The check of a table: blocks whatever comes after it when a row breaks the schema."""

    @dg.asset_check(
        asset=table.table_name(), name="schema", blocking=True, description=f"Every row: {table.table_grain()}"
    )
    def schema(build: dg.ResourceParam[BuildStore]) -> dg.AssetCheckResult:
        fault = next(faults(build, table), None)
        return dg.AssetCheckResult(passed=fault is None, description=fault or "every row keeps the schema")

    return schema


def faults(build: BuildStore, table: type[PublishedTable]) -> Iterator[str]:
    """What is wrong with a built table, in words, worst first; nothing if all is well."""
    name = table.table_name()
    stored = dict(build.connection.execute(f"select column_name, column_type from (describe {name})").fetchall())
    for column in table.table_columns():
        wanted = DUCKDB_TYPES[column.type]
        if column.name not in stored:
            yield f"{name}: the column {column.name} is missing"
        elif stored[column.name] not in {wanted, *NARROWER.get(wanted, ())}:
            yield f"{name}.{column.name}: is {stored[column.name]}, must be {wanted}"
    if not all(column.name in stored for column in table.table_columns()):
        return
    found = list(_by_screen(build, table))
    is_small = build.tables()[name].rows <= ROWS_BY_MODEL
    yield from (list(_by_model(build, table)) or found) if found and is_small else found
    if table.table_key() and _may_stand_twice(build, table):
        keys = ", ".join(quoted(key) for key in table.table_key())
        twice = build.connection.execute(
            f"select {keys} from {name} group by all having count(*) > 1 limit 1"
        ).fetchone()
        if twice:
            yield f"{name}: the key {', '.join(map(str, twice))} stands twice"


def _may_stand_twice(build: BuildStore, table: type[PublishedTable]) -> bool:
    """Whether two rows have one 64-bit hash of their keys: true wherever a key stands twice, and hardly ever else."""
    keys, paths = list(table.table_key()), build.paths(table.table_name())
    types = {tuple(pl.read_parquet_schema(path)[key] for key in keys) for path in paths}
    if len(types) > 1:  # the same value of another type has another hash
        return True
    hashes = pl.concat([pl.read_parquet(path, columns=keys).hash_rows() for path in paths]).sort()
    return bool((hashes == hashes.shift()).any())


def _by_model(build: BuildStore, table: type[PublishedTable]) -> Iterator[str]:
    columns = ", ".join(
        f"{quoted(column.name)}::{DUCKDB_TYPES[column.type]} as {quoted(column.name)}"
        for column in table.table_columns()
    )
    frame = build.frame(f"select {columns} from {table.table_name()}")
    try:
        table.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.with_columns(pl.col("failure_case").cast(pl.String))
        for case in cases.iter_rows(named=True):
            yield f"{table.table_name()}.{case['column']}: {case['check']} does not hold for {case['failure_case']}"


def _by_screen(build: BuildStore, table: type[PublishedTable]) -> Iterator[str]:
    if _extremes_hold(build, table):
        return
    conditions = [(column.name, words, sql) for column in table.table_columns() for words, sql in _conditions(column)]
    conditions += [(rule.column, rule.reason, f"({rule.holds})") for rule in table.table_about().rules]
    counts = ", ".join(f"count(*) filter (where not coalesce({sql}, true))" for _, _, sql in conditions)
    found = build.connection.execute(f"select {counts} from {table.table_name()}").fetchone() or ()
    for (column_name, words, _), broken in zip(conditions, found, strict=True):
        if broken:
            yield f"{table.table_name()}.{column_name}: {words} does not hold for {broken} rows"


def _extremes_hold(build: BuildStore, table: type[PublishedTable]) -> bool:
    """Whether the least and greatest values, the counts and the distinct words of the columns rule out every fault."""
    rules = " and ".join(f"coalesce(({rule.holds}), true)" for rule in table.table_about().rules) or "true"
    asked = [each for column in table.table_columns() for each in _extremes(column)]
    query = f"select {', '.join([*asked, f'bool_and({rules})'])} from {table.table_name()}"
    found = build.connection.execute(query).fetchone() or (False,)
    return all(each is not False for each in found)


def _extremes(column: Column) -> Iterator[str]:
    """What `_conditions` asks, of a whole column at once: SQL that is false where a row may break it."""
    name = quoted(column.name)
    if not column.nullable:
        yield f"count({name}) = count(*)"
    if column.allowed:
        words = ", ".join(literal(value) for value in column.allowed)
        yield f"list_has_all([{words}, null], list(distinct {name}))"
    if column.minimum is not None:
        yield f"min({name}) >= {literal(column.minimum)}"
    if column.maximum is not None:
        yield f"max({name}) <= {literal(column.maximum)}"
    if column.is_identifier:
        yield f"min({name}) <> ''"
    if column.type == "float":  # not-a-number is greater than every number
        yield f"isfinite(min({name})) and isfinite(max({name}))"


def _conditions(column: Column) -> Iterator[tuple[str, str]]:
    """What the declaration asks of one column: words, and SQL that holds for a good row (null counts as held)."""
    name = quoted(column.name)
    if not column.nullable:
        yield "not null", f"{name} is not null"
    if column.allowed:
        yield "the closed list of values", f"{name} in ({', '.join(literal(value) for value in column.allowed)})"
    if column.minimum is not None:
        yield f"at least {column.minimum}", f"{name} >= {literal(column.minimum)}"
    if column.maximum is not None:
        yield f"at most {column.maximum}", f"{name} <= {literal(column.maximum)}"
    if column.is_identifier:
        yield "not empty", f"{name} <> ''"
    if column.type == "float":
        yield "finite", f"isfinite({name})"
