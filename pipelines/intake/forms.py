"""Forms of files: how Parquet, CSV and NDJSON are read as a relation of the database, each record with its number.

Parquet is read in place. Text is first laid down in a temporary table as it stands (CSV as text, NDJSON as JSON
values), so that each record has its number and a torn file is found before anything is converted.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb

from pipelines.warehouse import translate
from schemas.errors import InputError, StorageFull
from schemas.quoting import literal, quoted

SUFFIXES = tuple(f".{form}{packed}" for form in ("parquet", "csv", "ndjson") for packed in ("", ".gz"))
STAGING = "temp.staging"
LARGEST_RECORD = 64 << 20
"""Bytes of the longest line that is still read as one record."""


@dataclass(frozen=True)
class Reading:
    """A file as a relation.

    Attributes:
        relation: What stands after FROM.
        types: The file's columns with their database types; ``JSON`` for values of NDJSON.
        record: SQL expression of the record's number, from 1.
        rows: How many records there are.
    """

    relation: str
    types: dict[str, str]
    record: str
    rows: int


def suffix_of(path: Path) -> str:
    """The suffix that says how to read a file, such as ``.csv.gz``; empty where it is none of ours."""
    return next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")


def open_reading(connection: duckdb.DuckDBPyConnection, path: Path, shown: Path, columns: tuple[str, ...]) -> Reading:
    """Read a file.

    Args:
        connection: Where to read it; a temporary table may be made there.
        path: The file, whose suffix says how to read it.
        shown: The name under which the user knows it.
        columns: The names that matter, of which NDJSON records are searched.

    Raises:
        InputError: The file cannot be parsed; names file and, for text, line.
    """
    connection.execute(f"DROP TABLE IF EXISTS {STAGING}")
    suffix = suffix_of(path)
    with reading_errors(path, shown):
        if suffix.startswith(".parquet"):
            return _parquet(connection, path, shown)
        # The number of a record in a text file is its row number in the temporary table, so these keep their order.
        connection.execute("SET preserve_insertion_order = true")
        is_csv = suffix.startswith(".csv")
        reading = _csv(connection, path, shown) if is_csv else _ndjson(connection, path, shown, columns)
        connection.execute("SET preserve_insertion_order = false")
        return reading


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path, shown: Path) -> Reading:
    if path.name.endswith(".gz"):
        raise InputError("is Parquet inside gzip", str(shown), "unpack it: Parquet is compressed within")
    source = f"read_parquet({literal(path)})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    count = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    return Reading(
        f"read_parquet({literal(path)}, file_row_number = true)",
        {name: kind for name, kind, *_ in described},
        "file_row_number + 1",
        count[0] if count else 0,
    )


def _csv(connection: duckdb.DuckDBPyConnection, path: Path, shown: Path) -> Reading:
    header = _header(path, shown)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    connection.execute(
        f"CREATE TEMP TABLE staging AS SELECT * FROM read_csv({literal(path)}, auto_detect = false, header = true,"
        f" columns = {{{columns}}}, delim = ',', quote = '\"', escape = '\"', nullstr = '', strict_mode = true,"
        f" null_padding = false, max_line_size = {LARGEST_RECORD})"
    )
    return _staged(connection, dict.fromkeys(header, "VARCHAR"))


def _ndjson(connection: duckdb.DuckDBPyConnection, path: Path, shown: Path, columns: tuple[str, ...]) -> Reading:
    source = f"read_ndjson_objects({literal(path)}, maximum_object_size = {LARGEST_RECORD})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE lines AS SELECT json FROM {source}")
    wrong = connection.execute(
        "SELECT min(rowid) FILTER (json_type(json) <> 'OBJECT') - min(rowid) + 1 FROM temp.lines"
    ).fetchone()
    if wrong and wrong[0] is not None:
        raise InputError("is not a JSON object", f"{shown}:{wrong[0]}", "give one object a line")
    names = connection.execute(
        "SELECT DISTINCT unnest(json_keys(json)) AS name FROM temp.lines ORDER BY name"
    ).fetchall()
    present = [name for (name,) in names]
    known = [name for name in present if name in columns]
    values = (
        ", ".join(f"json_extract(json, {literal('$.' + name)}) AS {quoted(name)}" for name in known) or "1 AS nothing"
    )
    connection.execute(f"CREATE TEMP TABLE staging AS SELECT {values} FROM temp.lines")
    connection.execute("DROP TABLE temp.lines")
    return _staged(connection, dict.fromkeys(present, "JSON"))


def _staged(connection: duckdb.DuckDBPyConnection, types: dict[str, str]) -> Reading:
    # Within a transaction the rows of a new table are numbered from an offset of the database's own.
    rows, first = connection.execute(f"SELECT count(*), coalesce(min(rowid), 0) FROM {STAGING}").fetchone() or (0, 0)
    return Reading(STAGING, types, f"rowid - {first} + 1", rows)


def _open_text(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _header(path: Path, shown: Path) -> list[str]:
    """Names in the first line, which must be there, and be different."""
    try:
        with _open_text(path) as binary:
            # What is no UTF-8 further down is found, with its line, when the whole file is read.
            text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")
            header = next(csv.reader(text, strict=True), [])
            "".join(header).encode()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"is torn ({error})", f"{shown}:{first_bad_line(path)}", "replace the file") from error
    except (csv.Error, UnicodeEncodeError) as error:
        raise InputError("its header cannot be read", f"{shown}:1", "correct that line") from error
    if not any(name.strip() for name in header):
        raise InputError("has no header line", f"{shown}:1", "name the columns in the first line")
    names = [name.strip() for name in header]
    twice = next((name for name in names if names.count(name) > 1 or not name), None)
    if twice is not None:
        what = f"has the column {twice!r} twice" if twice else "has a column without a name"
        raise InputError(what, f"{shown}:1", "give each column a name of its own")
    return names


@contextmanager
def reading_errors(path: Path, shown: Path) -> Iterator[None]:
    """Turn what the database says while it reads a file into one line that names file and line."""
    try:
        yield
    except duckdb.Error as error:
        ours = translate(error, shown)
        if isinstance(ours, StorageFull):
            raise ours from error
        message = str(error).replace(str(path), shown.name)
        found = re.search(r"[Ll]ine:? (\d+)", message)
        # The database counts the lines of NDJSON from two where it reads in blocks, so they are counted here.
        counted = found and not suffix_of(path).startswith(".ndjson")
        line = int(found.group(1)) if found and counted else first_bad_line(path)
        place = f"{shown}:{line}" if line else str(shown)
        raise InputError(f"cannot be parsed ({_reason(message)})", place, "correct or replace the file") from error


def _reason(message: str) -> str:
    """The part of the database's message that tells a reader something."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    telling = (
        "Expected Number of Columns",
        "Value with unterminated quote",
        "Maximum line size",
        "nvalid unicode",
        "byte sequence",
    )
    told = next((line for line in lines[1:] if any(words in line for words in telling)), lines[0])
    return re.sub(r"^[A-Z][A-Za-z ]+Error: |in file .*, at byte \d+ in line \d+", "", told)[:200].replace(" :", ":")


def first_bad_line(path: Path) -> int:
    """The first line of a text file that cannot be read; 0 where there are no lines to count."""
    suffix = suffix_of(path)
    if suffix.startswith(".parquet"):
        return 0
    number, line_end = 0, b""
    try:
        with _open_text(path) as binary:
            for number, line in enumerate(binary, 1):  # noqa: B007 -- the number outlives the loop
                text = line.decode("utf-8")
                if suffix.startswith(".ndjson") and text.strip():
                    json.loads(text)
                this_end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
                if suffix.startswith(".csv") and line_end not in (b"", this_end):
                    return number
                line_end = this_end
    except (OSError, EOFError, zlib.error):
        return number + 1
    except ValueError:  # no UTF-8, or no JSON
        return number
    return max(number, 1)
