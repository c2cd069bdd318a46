"""What teams' deployed changes spent in each stage, by month: counted over all changes, or from what it was before.

These are sums of whole numbers. So a refresh need not read the facts for them: it takes the sums of the build before,
adds the rows that are new, and takes away those that are gone (`pipelines.changed_rows`). To the last number they are
those of all rows. They are used only where they were made of the very rows that these differences are taken from.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from metrics.facts.sql import create_table, drop
from metrics.recommendations import STAGE_NAMES
from pipelines.build_engine import days_of_build
from pipelines.build_store import BuildStore
from pipelines.local_months import local_month
from pipelines.parts import read_record, replace_text, scan
from pipelines.reuse import program
from schemas.snapshot import SnapshotTable

TABLE = "team_months"
RECORD = "team_months.json"
"""What the table was made of."""
LASTS = ("lead", *STAGE_NAMES)
RESTS_ON = ("change_facts", "team_dimension")
KEY = ("tier", "_team", "month")
TOTALS = """
    select tier, _team, {month} as month, {sign} * count(*)::bigint as n, {sums} from {changes}
    where lead_seconds is not null and _in_change_metrics and _team is not null and tier is not null group by all
"""
"""Whole microseconds add up alike in any order; months are local ones."""
MERGED = "select tier, _team, month, sum(n)::bigint as n, {sums} from ({all}) group by all having sum(n) > 0"
BEFORE = "team_months_before"


def team_months(build: BuildStore) -> str:
    """The name of a relation with a row per tier, team and month.

    Columns: tier, _team, month (its first day), n (changes), and microseconds of lead time and of each stage.
    """
    rests_on = _digest({name: build.tables()[name] for name in RESTS_ON}, build)
    if TABLE not in build.tables() or _made_of(build) != rests_on:
        _write(build, _totals(build, "change_facts"), rests_on)
    return TABLE


def carry_over(build: BuildStore, before: Mapping[str, SnapshotTable], changed: tuple[Path, Path]) -> None:
    """Make the table from that of the build before, if that was made of the rows that have changed since.

    Args:
        build: this build.
        before: the tables of the build before, in which the teams of then had the codes that they have.
        changed: the changes that only that one has, and those that only this one has, in files.
    """
    now = {name: build.tables()[name] for name in RESTS_ON}
    known = read_record(build.folder.state / RECORD)
    if known.get("made_of") != _digest(before, build):
        return
    table = SnapshotTable.from_json(known["table"])
    if not all((build.folder.parts / part.name).exists() for part in table.files):
        return
    create_table(build.connection, BEFORE, f"select * from {build.folder.relation(table)}")
    sides = [_totals(build, scan([file]), sign) for file, sign in zip(changed, (-1, 1), strict=True)]
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in LASTS)
    _write(
        build,
        MERGED.format(all=" union all ".join([f"select * from {BEFORE}", *sides]), sums=sums),
        _digest(now, build),
    )
    drop(build.connection, BEFORE)


def _totals(build: BuildStore, changes: str, sign: int = 1) -> str:
    days = days_of_build(build)
    sums = ", ".join(f"{sign} * coalesce(sum(({name}_seconds * 1e6)::bigint), 0)::bigint as {name}" for name in LASTS)
    month = local_month(days.calendar, "deployed_at", days.first, days.last)
    return TOTALS.format(month=month, sign=sign, sums=sums, changes=changes)


def _write(build: BuildStore, query: str, made_of: str) -> None:
    table = build.write(TABLE, query, order_by=KEY, build_only=True)
    replace_text(build.folder.state / RECORD, json.dumps({"made_of": made_of, "table": table.json()}))


def _made_of(build: BuildStore) -> object:
    return read_record(build.folder.state / RECORD).get("made_of")


def _digest(tables: Mapping[str, SnapshotTable], build: BuildStore) -> str:
    """What sums over changes rest on, as a digest."""
    rests_on = [program(), build.workspace.timezone, *(tables[name].json() for name in RESTS_ON)]
    return hashlib.sha256(json.dumps(rests_on).encode()).hexdigest()
