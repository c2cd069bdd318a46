"""What a snapshot keeps of definitions and settings so that a reader of it needs neither workspace nor code.

Internal tables: the contract publishes none of them.
"""

import json
from collections.abc import Mapping

import polars as pl

from metrics.model import Constraint
from schemas.record_links import RecordLinks

RECORD_LINKS = "record_links"
CONSTRAINT_SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "position": pl.Int64(),
    "name": pl.String(),
    "question": pl.String(),
    "explanation": pl.String(),
    "version": pl.String(),
    "owner": pl.String(),
    "is_always_judged": pl.Boolean(),
    "is_across_tiers": pl.Boolean(),
    "is_declared": pl.Boolean(),
    "figures": pl.String(),
}
LINK_SCHEMA: dict[str, pl.DataType] = {
    "position": pl.Int64(),
    "id": pl.String(),
    "url": pl.String(),
    "kinds": pl.String(),
}


def constraint_rows(constraints: Mapping[str, Constraint], shipped: Mapping[str, Constraint]) -> pl.DataFrame:
    """Every constraint that was judged, in the order given, which is that in which they are shown.

    `figures` is JSON: `gains` and `guardrails`, each with metric and statistic; `is_declared`: of the workspace's own.
    """
    rows = [
        {
            "id": each.id,
            "position": position,
            "name": each.name,
            "question": each.question,
            "explanation": each.explanation,
            "version": each.version,
            "owner": each.owner,
            "is_always_judged": each.always,
            "is_across_tiers": each.across_tiers,
            "is_declared": each.id not in shipped,
            "figures": json.dumps(
                {
                    side: [{"metric": figure.metric, "statistic": figure.statistic} for figure in figures]
                    for side, figures in (("gains", each.gains), ("guardrails", each.guardrails))
                },
                sort_keys=True,
            ),
        }
        for position, each in enumerate(constraints.values())
    ]
    return pl.DataFrame(rows, schema=CONSTRAINT_SCHEMA, orient="row")


def link_rows(links: RecordLinks) -> pl.DataFrame:
    """The patterns of addresses in their order; `RecordLinks.of_rows` reads them back."""
    rows = [
        {"position": position, "id": each.id, "url": each.url, "kinds": ",".join(each.kinds)}
        for position, each in enumerate(links.patterns)
    ]
    return pl.DataFrame(rows, schema=LINK_SCHEMA, orient="row")
