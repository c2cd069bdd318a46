"""Sums over the rows of a table, carried over from the build before: what is new is added, what is gone taken away.

Where a table lies over the same parts as it did then (`SnapshotFolder.where_differing`), only rows laid over these are
added up, and those in whose place they stand. Whole numbers add up alike in any order: the sums are those of all rows.

Belongs here: how sums are carried over. Does not: what is added up.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pipelines.build_store import BuildStore
from pipelines.parts import read_record, replace_text
from schemas.snapshot import Part, SnapshotTable

RECORDS = "sums"
"""The folder of records: of each table of sums, what those of the last build were made of."""
FIRST = ""
"""The partition of the sums; others of the table may stand beside it."""


@dataclass(frozen=True)
class CarriedSums:
    """A table of sums, of whole numbers, by what its other columns say.

    Attributes:
        name: of the table.
        source: the table that is added up.
        query: gives sums by kind, of the relation that is put in place of `{source}`.
        rows: the sum that says how many rows there are: a kind without any is left out.
        others: columns of further sums.
        order_by: as for `BuildStore.write`.
        build_only: as there.
    """

    name: str
    source: str
    query: str
    order_by: Sequence[str]
    rows: str = "rows"
    others: Sequence[str] = ()
    build_only: bool = False

    def write(self, build: BuildStore) -> None:
        """Write the sums over the source, which has been made, as the first partition of an internal table."""
        content, order = self.content(build), self.order_by
        build.write(self.name, content, order_by=order, partition=FIRST, internal=True, build_only=self.build_only)
        tables, record = build.tables(), build.folder.state / RECORDS / f"{self.name}.json"
        made_of = {"query": self._digest, "table": tables[self.source].json()}
        record.parent.mkdir(exist_ok=True)
        replace_text(record, json.dumps(made_of | {"part": asdict(tables[self.name].parts[0])}, indent=1))

    def content(self, build: BuildStore) -> str:
        """The SQL of the sums: those of the build before, corrected, where they can be carried over."""
        table, kept = build.tables()[self.source], read_record(build.folder.state / RECORDS / f"{self.name}.json")
        whole = self.query.format(source=build.relation(self.source))
        if build.is_full or kept.get("query") != self._digest:
            return whole
        before, part = SnapshotTable.from_json(kept["table"]), Part(**kept["part"])
        differing = build.folder.where_differing(before, table)
        if differing is None or not all((build.folder.parts / each.name).exists() for each in (*before.files, part)):
            return whole
        gone, new = (self.query.format(source=rows) for rows in differing)
        sums = (self.rows, *self.others)
        taken = ", ".join(f"-{name} as {name}" for name in sums)
        added = ", ".join(f"sum({name})::bigint as {name}" for name in sums)
        return f"""
            select * exclude ({", ".join(sums)}), {added} from (
                from {build.folder.scan([part])}
                union all by name select * replace ({taken}) from ({gone})
                union all by name ({new}))
            group by all having sum({self.rows}) <> 0"""

    @property
    def _digest(self) -> str:
        return hashlib.sha256(self.query.encode()).hexdigest()
