"""The published table `verdicts`: every constraint in every tier and window, with claim, reason and evidence."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl

from metrics.claims import claims
from metrics.exceptions_in_force import ExceptionsInForce
from metrics.explain import reason
from metrics.facts.withdrawals import RecordKeeping, outcome_kinds
from metrics.judge import Guardrail, Judge, Verdict
from metrics.margins import Margins
from metrics.model import Constraint, Metric
from metrics.power import Open, power, units_of
from metrics.readings import Place, Reading
from schemas.record_links import RecordLinks

WORST = 10
"""Records named per guardrail: enough to look into, few enough to read."""

Worst = Callable[[Metric, Sequence[Place], int], dict[Place, list[dict[str, object]]]]

SCHEMA: dict[str, pl.DataType] = {
    "verdict_id": pl.String(),
    "constraint": pl.String(),
    "version": pl.String(),
    "tier": pl.String(),
    "grain": pl.String(),
    "is_provisional": pl.Boolean(),
    "window_start": pl.Date(),
    "window_end": pl.Date(),
    "baseline_start": pl.Date(),
    "baseline_end": pl.Date(),
    "status": pl.String(),
    "claim": pl.String(),
    "not_judged": pl.String(),
    "reason": pl.String(),
    "evidence": pl.String(),
}


@dataclass(frozen=True)
class Verdicts:
    """Everything judged from one set of contrasts."""

    verdicts: list[Verdict]
    frame: pl.DataFrame


def verdicts(
    contrasts: pl.DataFrame,
    constraints: Sequence[Constraint],
    metrics: Mapping[str, Metric],
    margins: Margins | None = None,
    worst: Worst | None = None,
    today: date | None = None,
    keeping: RecordKeeping | None = None,
    exceptions: ExceptionsInForce | None = None,
    links: RecordLinks | None = None,
) -> Verdicts:
    """Judges, claims, explains, and names the worst records behind what is violated or at risk (`worst` finds them).

    Windows that may still change on `today`, the local day of the cut, are judged as ones that are looked at every day.
    `keeping` tells what is watched or required no more. `exceptions` stand beside what was triggered and hide nothing.
    `links` tell where the records can be looked at.
    """
    margins = margins or Margins()
    kept = keeping or RecordKeeping()
    excepted = exceptions or ExceptionsInForce()
    kinds = {metric.id: outcome_kinds(metric) for metric in metrics.values()}
    judge = Judge(contrasts, margins, today, kept.withdrawn, kinds, kept.loosened)
    found = judge.verdicts(constraints)
    claimed = claims(found)
    with ThreadPoolExecutor(1) as beside:  # the database looks for records while what would decide is searched for
        looked_for = beside.submit(_records, found, metrics, worst, links or RecordLinks()) if worst else None
        left_open = power(found, judge.seen, margins)
        records = looked_for.result() if looked_for else {}
    rows = []
    for verdict in found:
        figures = (*verdict.constraint.gains, *verdict.constraint.guardrails)
        # A place is judged because some figure was read there, if only to find too few units.
        first = next(reading for figure in figures if (reading := judge.reading(figure).get(verdict.place)))
        unwatched = sorted({guardrail.figure.metric for guardrail in verdict.unwatched})
        span = (verdict.place.tier, verdict.place.window_start, verdict.place.window_end)
        meanwhile = excepted.sentence(*span) if verdict.is_triggered else ""
        rows.append(
            {
                "verdict_id": verdict.id,
                "constraint": verdict.constraint.id,
                "version": verdict.constraint.version,
                "tier": verdict.place.tier,
                "grain": verdict.place.grain,
                "is_provisional": verdict.is_provisional,
                "window_start": verdict.place.window_start,
                "window_end": verdict.place.window_end,
                "baseline_start": first.baseline_start,
                "baseline_end": first.baseline_end,
                "status": verdict.status,
                "claim": claimed[verdict.place],
                "not_judged": ", ".join(unwatched) if verdict.is_triggered and unwatched else None,
                "reason": " ".join(
                    filter(None, [reason(verdict, left_open.get(verdict.id, ()), dict(metrics), margins), meanwhile])
                ),
                "evidence": json.dumps(
                    _evidence(verdict, records, left_open.get(verdict.id, ()))
                    | {"exceptions": [row["exception_id"] for row in excepted.within(*span)]},
                    sort_keys=True,
                ),
            }
        )
    return Verdicts(found, pl.DataFrame(rows, schema=SCHEMA, orient="row"))


def _records(
    found: Sequence[Verdict], metrics: Mapping[str, Metric], worst: Worst, links: RecordLinks
) -> dict[tuple[str, Place], list[dict[str, object]]]:
    """The worst records per metric and place, for every guardrail that is or may be worse: one query a metric."""
    wanted: dict[str, set[Place]] = {}
    for verdict in found:
        if verdict.status in ("violated", "at_risk"):
            for guardrail in _worse(verdict):
                if guardrail.reading:
                    wanted.setdefault(guardrail.figure.metric, set()).add(guardrail.reading.place)
    address = cache(links.address)  # a record stands behind several windows
    records = {}
    for metric, places in sorted(wanted.items()):
        for place, rows in worst(metrics[metric], sorted(places), WORST).items():
            records[(metric, place)] = [row | {"url": address(str(row["kind"]), str(row["id"]))} for row in rows]
    return records


def _worse(verdict: Verdict) -> list[Guardrail]:
    """The guardrails that made a verdict what it is."""
    return [
        g for g in verdict.judged if g.reading and (g.is_violated or g.reading.exceeds or verdict.status == "at_risk")
    ]


def _evidence(
    verdict: Verdict, records: Mapping[tuple[str, Place], list[dict[str, object]]], left_open: Sequence[Open]
) -> dict[str, object]:
    """The numbers of a verdict, what would decide it, and the records behind it."""
    return {
        "power": [
            {
                "metric": each.reading.figure.metric,
                "statistic": each.reading.figure.statistic,
                "tier": each.reading.place.tier,
                "towards": each.towards,
                "more": each.more,
                "units": units_of(each.reading.figure.metric),
            }
            for each in left_open
        ],
        "gains": [_numbers(reading) | {"improved": reading in verdict.improved} for reading in verdict.gains],
        "guardrails": [
            {
                "metric": guardrail.figure.metric,
                "statistic": guardrail.figure.statistic,
                "tier": guardrail.tier,
                "per_week": guardrail.per_week,
                "violated": guardrail.is_violated,
                "judged": guardrail.is_judged,
            }
            | (_numbers(guardrail.reading) if guardrail.reading else {})
            for guardrail in verdict.guardrails
        ],
        "records": [
            {"metric": guardrail.figure.metric, "tier": guardrail.tier, "worst": records[key]}
            for guardrail in (_worse(verdict) if verdict.status in ("violated", "at_risk") else ())
            if guardrail.reading and (key := (guardrail.figure.metric, guardrail.reading.place)) in records
        ],
    }


def _numbers(reading: Reading) -> dict[str, object]:
    """A reading's numbers; what is not a number is null."""
    numbers: dict[str, object] = {
        "metric": reading.figure.metric,
        "statistic": reading.figure.statistic,
        "unit": reading.unit,
        "n": reading.n,
        "baseline_n": reading.baseline_n,
        "repositories": reading.clusters,
        "shortfall": reading.shortfall,
    }
    for name in ("value", "baseline_value", "change", "certainty_better", "certainty_worse", "design_effect"):
        value = getattr(reading, name)
        numbers[name] = None if math.isnan(value) else value
    return numbers
