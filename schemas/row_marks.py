"""Some rows of a Parquet file, marked by where they stand: a bit a row, which a query asks while it reads the file.

Belongs here: how marks are kept and asked. Does not: what they are for (`schemas.snapshot`).
"""

import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

BITS = 8
HELD = 16
"""As SQL a set of marks is some hundred kilobytes: those of the parts of a few tables."""


@dataclass(frozen=True)
class RowMarks:
    """How many rows are marked, and which: a bit a row, from the first on, deflated, as base64; '' where none is."""

    count: int = 0
    bits: str = ""

    @classmethod
    def of(cls, count: int, bits: bytes) -> Self:
        """The marks of so many rows, the first of them in the highest bit of the first byte."""
        return cls(count, b64encode(zlib.compress(bits)).decode()) if count else cls()

    def holds(self) -> str:
        """SQL of whether a row of the file is marked, in a query on that file alone."""
        return f"get_bit({_as_sql(self.bits)}, file_row_number::integer) = 1"

    def lacks(self) -> str:
        """SQL of whether it is not."""
        return f"get_bit({_as_sql(self.bits)}, file_row_number::integer) = 0"


@lru_cache(maxsize=HELD)
def _as_sql(bits: str) -> str:
    """The bits as a constant, which DuckDB makes once per query."""
    return f"from_base64('{b64encode(zlib.decompress(b64decode(bits))).decode()}')::bit"


def marking(count: str, position: str, rows: int) -> str:
    """SQL of an aggregate that gives what `RowMarks.of` takes: how many rows, and their bits.

    Args:
        count: SQL of the number of marked rows.
        position: SQL of where a marked row stands, from 0 on.
        rows: how many the file has.
    """
    last = -(-rows // BITS) * BITS - 1
    return f"{count}, bitstring_agg({position}, 0, {last})::blob"
