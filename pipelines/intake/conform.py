"""Conversion and screening of incoming columns, as SQL generated from the table's model.

Nothing is altered to fit: a value is converted only where the result says exactly the same (``3.0`` for 3, an instant
in UTC for one with another offset), and everything else is an offence with a reason in words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.intake.forms import Reading
from schemas.quoting import literal, quoted
from schemas.sql import DUCKDB_TYPES, default_sql, hashed_key_sql
from schemas.tables import Column, EventTable

_INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "HUGEINT",
    "UHUGEINT",
)
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
_INSTANT = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|z|[+-]\d{2}(:?\d{2})?)"
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_REASONS = {
    "text": "is not text",
    "integer": "is not a whole number",
    "float": "is not a finite number",
    "boolean": "is not true or false",
    "instant": "is not an instant with a time zone, such as 2026-10-31T12:00:00Z",
    "date": "is not a date, such as 2026-10-01",
    "list": "is not a list of texts",
}


@dataclass(frozen=True)
class Offence:
    """One way in which a row can break its schema.

    Attributes:
        column: The column at fault.
        holds: SQL condition that is true (never null) for a good row.
        reason: What is wrong otherwise, in words.
    """

    column: str
    holds: str
    reason: str


@dataclass(frozen=True)
class Screen:
    """A reading as rows of an event table, before and after the offences are told apart.

    Attributes:
        typed: Query of all rows: the table's columns, ``_raw_<column>`` where a conversion can fail, ``_given``
        (whether
            the row says itself when it was observed), and ``record``.
        offences: What makes a row bad.
        unknown: Columns of the reading that the table does not name.
        fallible: Columns whose conversion can fail, so that ``_raw_<column>`` exists.
    """

    typed: str
    offences: tuple[Offence, ...]
    unknown: tuple[str, ...]
    fallible: frozenset[str]

    @property
    def good(self) -> str:
        """Condition of a good row."""
        return " AND ".join(f"({offence.holds})" for offence in self.offences) or "true"

    def shown(self, column: str) -> str:
        """What stood in a column, as text for a reader."""
        return quoted("_raw_" + column) if column in self.fallible else f"CAST({quoted(column)} AS VARCHAR)"

    def with_given_instants(self) -> Screen:
        """The same, with every row's instant of observation taken as said by its source."""
        return replace(self, typed=f"SELECT * REPLACE (true AS _given) FROM ({self.typed})")

    def known_at(self, instant: str) -> Screen:
        """The same without the rows that were observed after an instant."""
        return replace(self, typed=f"SELECT * FROM ({self.typed}) WHERE coalesce(observed_at <= {instant}, true)")


def screen(
    table: type[EventTable], reading: Reading, *, observed_at: str, zone: str, reserved: tuple[str, ...] = ()
) -> Screen:
    """Generate the screen of a reading.

    Args:
        table: The model of the event table.
        reading: What came in.
        observed_at: SQL of the instant taken for rows that do not say when they were observed.
        zone: Time zone in which a bare date of a register is midnight; ignored for other tables.
        reserved: Names of the reading's columns that are ours and not unknown.
    """
    bare_dates = zone if table.table_about().is_register else ""
    selected: list[str] = []
    offences: list[Offence] = []
    failing: set[str] = set()
    given = "false"
    for column in table.table_columns():
        name, kind = quoted(column.name), reading.types.get(column.name)
        if kind is None:
            default = "NULL" if column.default_column else default_sql(column)
            absent = observed_at if column.name == "observed_at" else f"CAST({default} AS {DUCKDB_TYPES[column.type]})"
            selected.append(f"{absent} AS {name}")
            if not column.has_default:
                offences.append(Offence(column.name, "false", "is missing: the file has no such column"))
            continue
        value, can_fail = convert(column, kind, bare_dates)
        value = _with_default(column, kind, value)
        if column.name == "observed_at":
            given = _present(column, kind)
            value = f"CASE WHEN {given} THEN {value} ELSE {observed_at} END"
        selected.append(f"{value} AS {name}")
        if can_fail:
            failing.add(column.name)
            shown = f"CASE WHEN {_present(column, kind)} THEN {_as_text(column, kind)} END"
            selected.append(f"{shown} AS {quoted('_raw_' + column.name)}")
        offences += _column_offences(column, can_fail=can_fail)
    offences += [
        Offence(rule.column, f"coalesce({rule.holds}, true)", rule.reason) for rule in table.table_about().rules
    ]
    known = {column.name for column in table.table_columns()} | set(reserved)
    unknown = tuple(name for name in reading.types if name not in known)
    typed = f"SELECT {', '.join(selected)}, {given} AS _given, {reading.record} AS record FROM {reading.relation}"
    return Screen(_fill_from_other_columns(table, typed, failing), tuple(offences), unknown, frozenset(failing))


def stored_columns(table: type[EventTable]) -> list[str]:
    """Expressions of the stored columns over the typed query, provenance apart."""
    columns = table.table_columns()
    keys = [f"{hashed_key_sql(column)} AS {column.hashed_name}" for column in columns if column.hashed_name]
    return [quoted(column.name) for column in columns] + keys


def _column_offences(column: Column, *, can_fail: bool) -> list[Offence]:
    name = quoted(column.name)
    raw = quoted("_raw_" + column.name)
    found = []
    if can_fail:
        found.append(Offence(column.name, f"{raw} IS NULL OR {name} IS NOT NULL", _REASONS[column.type]))
    if not column.nullable:
        present = f"{name} IS NOT NULL" + (f" OR {raw} IS NOT NULL" if can_fail else "")
        found.append(Offence(column.name, present, "is missing"))
    if column.is_identifier:
        found.append(Offence(column.name, f"{name} IS NULL OR {name} <> ''", "is empty"))
    if column.allowed:
        allowed = ", ".join(literal(value) for value in column.allowed)
        listed = ", ".join(column.allowed)
        found.append(Offence(column.name, f"{name} IS NULL OR {name} IN ({allowed})", f"is not one of {listed}"))
    if column.type == "float":
        found.append(Offence(column.name, f"{name} IS NULL OR isfinite({name})", _REASONS["float"]))
    for bound, sign, word in ((column.minimum, ">=", "less"), (column.maximum, "<=", "more")):
        if bound is not None:
            condition = f"{name} IS NULL OR {name} {sign} {bound:g}"
            found.append(Offence(column.name, condition, f"is {word} than {bound:g}"))
    return found


def _with_default(column: Column, kind: str, value: str) -> str:
    """The default where a record has no such entry: in NDJSON records differ in what they name."""
    if kind == "JSON" and not column.nullable and column.has_default:
        default = f"CAST({default_sql(column)} AS {DUCKDB_TYPES[column.type]})"
        return f"CASE WHEN {quoted(column.name)} IS NULL THEN {default} ELSE {value} END"
    return value


def _fill_from_other_columns(table: type[EventTable], typed: str, failing: set[str]) -> str:
    """Columns whose default is another column of the same row, once that one is converted."""
    filled = []
    for column in table.table_columns():
        if column.default_column:
            own = quoted(column.name)
            is_absent = f"{own} IS NULL" + (
                f" AND {quoted('_raw_' + column.name)} IS NULL" if column.name in failing else ""
            )
            filled.append(f"CASE WHEN {is_absent} THEN {quoted(column.default_column)} ELSE {own} END AS {own}")
    return f"SELECT * REPLACE ({', '.join(filled)}) FROM ({typed})" if filled else typed


def _present(column: Column, kind: str) -> str:
    name = quoted(column.name)
    return f"({name} IS NOT NULL AND json_type({name}) <> 'NULL')" if kind == "JSON" else f"({name} IS NOT NULL)"


def _as_text(column: Column, kind: str) -> str:
    name = quoted(column.name)
    return f"json_extract_string({name}, '$')" if kind == "JSON" else f"CAST({name} AS VARCHAR)"


def convert(column: Column, kind: str, bare_dates: str) -> tuple[str, bool]:
    """Expression that converts a value of database type ``kind``, and whether it can fail (by becoming null)."""
    name = quoted(column.name)
    if kind == DUCKDB_TYPES[column.type]:
        return name, False
    if kind == "JSON":
        return _from_json(column, name, bare_dates), True
    if kind == "VARCHAR":
        return _from_text(column, name, bare_dates), True
    return _from_typed(column, name, kind, bare_dates), True


def _from_json(column: Column, name: str, bare_dates: str) -> str:
    text = f"json_extract_string({name}, '$')"
    if column.type == "list":
        as_list = f"CAST({name} AS VARCHAR[])"
        split = _from_text(column, text, bare_dates)
        return f"CASE json_type({name}) WHEN 'ARRAY' THEN {as_list} WHEN 'VARCHAR' THEN {split} END"
    plain = f"json_type({name}) NOT IN ('OBJECT', 'ARRAY')"
    return f"CASE WHEN {plain} THEN {text if column.type == 'text' else _from_text(column, text, bare_dates)} END"


def _from_text(column: Column, text: str, bare_dates: str) -> str:
    if column.type == "integer":
        return f"CASE WHEN regexp_full_match({text}, '[+-]?\\d+(\\.0+)?') THEN TRY_CAST({text} AS BIGINT) END"
    if column.type == "float":
        return f"CASE WHEN regexp_full_match({text}, {literal(_NUMBER)}) THEN TRY_CAST({text} AS DOUBLE) END"
    if column.type == "boolean":
        yes, no = "'true', 't', 'yes', '1'", "'false', 'f', 'no', '0'"
        return f"CASE WHEN lower({text}) IN ({yes}) THEN true WHEN lower({text}) IN ({no}) THEN false END"
    if column.type == "instant":
        return _instant_from_text(text, bare_dates)
    if column.type == "date":
        return f"CASE WHEN regexp_full_match({text}, '\\d{{4}}-\\d{{2}}-\\d{{2}}') THEN TRY_CAST({text} AS DATE) END"
    if column.type == "list":
        return f"list_filter(list_transform(string_split({text}, ';'), lambda v: trim(v)), lambda v: v <> '')"
    return text


def _instant_from_text(text: str, bare_dates: str) -> str:
    # Spellings that ISO-8601 allows and the database does not read: a space before the zone, no seconds, a comma,
    # a small z.
    zone_at_end = f"regexp_replace({text}, '\\s*([Zz]|[+-]\\d{{2}}:?(\\d{{2}})?)$', '\\1')"
    seconds = f"regexp_replace({zone_at_end}, '([T ]\\d{{2}}:\\d{{2}})([Zz+-])', '\\1:00\\2')"
    tidy = f"upper(replace({seconds}, ',', '.'))"
    instant = f"TRY_CAST({tidy} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    cases = f"WHEN regexp_full_match({text}, {literal(_INSTANT)}) THEN {instant}"
    if bare_dates:
        midnight = (
            f"(CAST(TRY_CAST({text} AS DATE) AS TIMESTAMP) AT TIME ZONE {literal(bare_dates)}) AT TIME ZONE 'UTC'"
        )
        cases += f" WHEN regexp_full_match({text}, '\\d{{4}}-\\d{{2}}-\\d{{2}}') THEN {midnight}"
    return f"CASE {cases} END"


def _from_typed(column: Column, name: str, kind: str, bare_dates: str) -> str:
    family = kind.partition("(")[0]
    nothing = f"CAST(NULL AS {DUCKDB_TYPES[column.type]})"
    whole = f"{name} = trunc({name})"
    if column.type == "text":
        if kind.endswith("[]") or family in ("STRUCT", "MAP", "UNION", "BLOB"):
            return nothing
        if family in _FRACTIONS:
            return (
                f"CASE WHEN {whole} THEN CAST(TRY_CAST({name} AS HUGEINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
            )
        return f"CAST({name} AS VARCHAR)"
    if column.type in ("integer", "float") and family in (*_INTEGERS, *_FRACTIONS):
        target = DUCKDB_TYPES[column.type]
        cast = f"TRY_CAST({name} AS {target})"
        return f"CASE WHEN {whole} THEN {cast} END" if column.type == "integer" and family in _FRACTIONS else cast
    if column.type == "boolean" and family in _INTEGERS:
        return f"CASE {name} WHEN 0 THEN false WHEN 1 THEN true END"
    if column.type == "list" and kind.endswith("[]"):
        return f"CAST({name} AS VARCHAR[])"
    return _time_from_typed(column, name, kind, bare_dates) or nothing


def _time_from_typed(column: Column, name: str, kind: str, bare_dates: str) -> str:
    is_instant = kind.startswith("TIMESTAMP")
    utc = f"({name} AT TIME ZONE 'UTC')" if kind == "TIMESTAMP WITH TIME ZONE" else f"CAST({name} AS TIMESTAMP)"
    if column.type == "instant" and is_instant:
        return utc
    if column.type == "instant" and kind == "DATE" and bare_dates:
        return f"(CAST({name} AS TIMESTAMP) AT TIME ZONE {literal(bare_dates)}) AT TIME ZONE 'UTC'"
    if column.type == "date" and is_instant:
        return f"CASE WHEN date_trunc('day', {utc}) = {utc} THEN CAST({utc} AS DATE) END"
    return ""
