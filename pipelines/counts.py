"""Counts of the rows of a table, carried over from the build before: what is new is added, what is gone taken away.

Where a table lies over the same parts as it did then (`SnapshotFolder.where_differing`), only rows laid over these are
counted, and those in whose place they stand. Whole numbers add up alike in any order: the counts are those of all rows.

Belongs here: how counts are carried over. Does not: what is counted.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from pipelines.build_store import BuildStore
from pipelines.parts import read_record, replace_text
from schemas.snapshot import Part, SnapshotTable

RECORD = "counts.json"
"""By name, what the counts of the last build were made of."""
FIRST = ""
"""The partition that is counted here; others of the table may stand beside it."""


def write_counts(
    build: BuildStore, name: str, source: str, query: str, *, order_by: Sequence[str], count: str = "rows"
) -> None:
    """Write how many rows of a table there are of each kind, as the first partition of an internal table.

    Args:
        build: the build, which has made the table that is counted.
        name: of the table of counts.
        source: the table that is counted.
        query: gives a count beside what is counted, of the relation that is put in place of `{source}`.
        order_by: as for `BuildStore.write`.
        count: the column of counts.
    """
    build.write(name, _counts(build, name, source, query, count), order_by=order_by, partition=FIRST, internal=True)
    tables, record = build.tables(), read_record(build.folder.state / RECORD)
    made_of = {"query": _digest(query), "table": tables[source].json(), "part": asdict(tables[name].parts[0])}
    replace_text(build.folder.state / RECORD, json.dumps(record | {name: made_of}, indent=1))


def _counts(build: BuildStore, name: str, source: str, query: str, count: str) -> str:
    """The SQL of the counts: those of the build before, corrected, where they can be carried over."""
    table, kept = build.tables()[source], read_record(build.folder.state / RECORD).get(name, {})
    whole = query.format(source=build.relation(source))
    if build.is_full or kept.get("query") != _digest(query):
        return whole
    before, part = SnapshotTable.from_json(kept["table"]), Part(**kept["part"])
    differing = build.folder.where_differing(before, table)
    if differing is None or not all((build.folder.parts / each.name).exists() for each in (*before.files, part)):
        return whole
    gone, new = (query.format(source=rows) for rows in differing)
    return f"""
        select * exclude ({count}), sum({count})::bigint as {count} from (
            from {build.folder.scan([part])}
            union all by name select * replace (-{count} as {count}) from ({gone})
            union all by name ({new}))
        group by all having sum({count}) <> 0"""


def _digest(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()
