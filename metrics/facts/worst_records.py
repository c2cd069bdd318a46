"""The records behind a figure: of each window those with the largest values, and of equal ones the newest.

Facts are read once, and only the records of a tier and a stretch of time that some window asks for are kept.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import duckdb

from metrics.facts.sql import by_halves, relation, timestamp
from metrics.units import MIXED

Span = tuple[int, str, datetime, datetime]
"""The number of a window, its tier, its first instant and the first after it."""

WORST = """
    with behind as materialized (
        select * from (select *, {stretch} as stretch from ({records})
            where happened_at >= {first} and happened_at < {last})
        where coalesce(tier, 0) * {stretches} + stretch in ({asked})
    ), least as (
        select tier, stretch, list_min(max({rank}, {limit})) as least from behind group by all
    ), candidates as (
        select behind.* from behind join least on behind.stretch = least.stretch
            and behind.tier is not distinct from least.tier and {rank} >= least.least
    )
    select place, kind, id, repo_id, strftime(happened_at, '%Y-%m-%dT%H:%M:%SZ') as "at", value
    from candidates as r join (from {spans}) as p
        on (p.tier_name = '{mixed}' or r.tier = try_cast(p.tier_name as integer))
        and r.happened_at >= p.start and r.happened_at < p.stop
    qualify row_number() over (partition by place order by value desc, happened_at desc, id) <= {limit}
    order by place, value desc, happened_at desc, id
"""
"""Windows consist of stretches, so what comes first in a window comes first in its stretches: few rows are put in
order. Ties that `least` lets through are settled by the id."""
RANK = "{'value': value, 'happened_at': happened_at}"
UNTIERED_TO_HIGHEST = range(5)


def worst_records(
    connection: duckdb.DuckDBPyConnection, records: str, spans: Sequence[Span], limit: int
) -> list[tuple[Any, ...]]:
    """At most `limit` records of each window, worst first: place, kind, id, repo_id, at (ISO instant), value.

    Args:
        connection: where the records are read.
        records: a query for kind, id, repo_id, tier, happened_at and value.
        spans: the windows.
        limit: how many of each.
    """
    bounds = sorted({instant for _, _, *span in spans for instant in span})
    asked = sorted(set(_asked(spans, bounds)))
    if not asked:
        return []
    query = WORST.format(
        stretch=by_halves("happened_at", [(start, str(number)) for number, start in enumerate(bounds)]),
        records=records,
        first=timestamp(bounds[0]),
        last=timestamp(bounds[-1]),
        stretches=len(bounds),
        asked=", ".join(map(str, asked)),
        rank=RANK,
        limit=limit,
        spans=relation(["place", "tier_name", "start", "stop"], spans),
        mixed=MIXED,
    )
    return connection.execute(query).fetchall()


def _asked(spans: Sequence[Span], bounds: Sequence[datetime]) -> Iterator[int]:
    """The stretches of tiers that windows consist of, as one number each."""
    for _, name, start, stop in spans:
        tiers = UNTIERED_TO_HIGHEST if name == MIXED else [int(name)] if name.isdigit() else []
        for tier in tiers:
            for stretch in range(bounds.index(start), bounds.index(stop)):
                yield tier * len(bounds) + stretch
