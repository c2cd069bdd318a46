"""The constraints that a snapshot judged, in the order in which they are shown: those that ship and declared ones."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from dashboard.snapshots import Snapshot
from metrics.constraints import all_constraints
from metrics.declared_constraints import judged_statistics
from metrics.definitions import all_metrics
from metrics.model import Constraint, Figure, Revision

TABLE = "constraint_definitions"


def constraints_of(snapshot: Snapshot) -> dict[str, Constraint]:
    """Every constraint that was judged, by id; of an earlier version's snapshot those that ship, and others by name."""
    shipped = all_constraints()
    if TABLE in snapshot.manifest.tables:
        rows = snapshot.rows(f"select * from {TABLE} order by position")
        return {row["id"]: shipped.get(row["id"]) or _declared(row) for row in rows.iter_rows(named=True)}
    judged = snapshot.rows('select distinct "constraint" as id, version from verdicts order by id')
    others = [row for row in judged.iter_rows(named=True) if row["id"] not in shipped]
    return {**shipped, **{row["id"]: _declared({**NOT_TOLD, **row, "name": _name(row["id"])}) for row in others}}


NOT_TOLD: Mapping[str, Any] = {
    "question": "Declared by the workspace.",
    "explanation": "An earlier version built this snapshot; it did not keep what was declared.",
    "owner": "not known",
    "is_across_tiers": False,
    "figures": "{}",
}


def _name(identifier: str) -> str:
    words = identifier.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}"


def _declared(row: Mapping[str, Any]) -> Constraint:
    """A constraint of the workspace's own, as the snapshot keeps it."""
    figures = json.loads(row["figures"])
    return Constraint(
        id=row["id"],
        name=row["name"],
        question=row["question"],
        explanation=row["explanation"],
        gains=_figures(figures.get("gains", [])),
        guardrails=_figures(figures.get("guardrails", [])),
        across_tiers=row["is_across_tiers"],
        owner=row["owner"],
        revisions=(
            Revision(version=row["version"], effective_at=date.min, change=row["explanation"], owner=row["owner"]),
        ),
    )


def _figures(figures: list[dict[str, str]]) -> tuple[Figure, ...]:
    found = []
    for each in figures:
        metric = all_metrics().get(each["metric"])
        margins = judged_statistics(metric) if metric else {}
        found.append(
            Figure(
                metric=each["metric"],
                statistic=each["statistic"],
                margin=margins.get(each["statistic"], "count"),
                worse="lower" if metric and metric.direction == "higher" else "higher",
            )
        )
    return tuple(found)
