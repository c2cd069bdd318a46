"""The published table `failure_modes`: every failure mode in every tier, with what was seen and what prevents it."""

import json
from collections.abc import Collection, Mapping, Sequence

import polars as pl

from metrics.definitions import all_metrics
from metrics.failure_mode_model import FailureMode, FailureStatus
from metrics.signals import Evidence, Seen, Signal, evidence_by_tier

TIERS = ("1", "2", "3", "4")
SCHEMA: dict[str, pl.DataType] = {
    "failure_mode": pl.String(),
    "tier": pl.String(),
    "status": pl.String(),
    "signals": pl.String(),
    "controls": pl.String(),
}


def failure_mode_rows(
    modes: Mapping[str, FailureMode],
    verdicts: pl.DataFrame,
    comparisons: pl.DataFrame,
    metric_values: pl.DataFrame,
    empty_tables: Collection[str] = (),
    tiers: Sequence[str] = TIERS,
) -> pl.DataFrame:
    """A row per mode and tier.

    Args:
        modes: those to look for.
        verdicts: the published table's columns.
        comparisons: the published table's columns.
        metric_values: the published table's columns.
        empty_tables: event tables in which there is nothing.
        tiers: those to look at.
    """
    rows = []
    for tier, evidence in evidence_by_tier(verdicts, comparisons, metric_values, tiers):
        for mode in modes.values():
            seen = [(signal, signal.see(evidence)) for signal in mode.signals]
            rows.append(
                {
                    "failure_mode": mode.id,
                    "tier": tier,
                    "status": status_of([each for _, each in seen if each]),
                    "signals": json.dumps([_told(signal, each, empty_tables) for signal, each in seen], sort_keys=True),
                    "controls": "; ".join(f"{layer}: {control}" for layer, control in mode.controls),
                }
            )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("failure_mode", "tier")


def status_of(seen: Sequence[Seen]) -> FailureStatus:
    """What became of a mode, from the signals that had anything to look at."""
    if not seen:
        return "no_data"
    strengths = {each.strength for each in seen}
    return "present" if "shows" in strengths else "watch" if "hints" in strengths else "clear"


def status_on(mode: FailureMode, evidence: Evidence) -> FailureStatus:
    """What becomes of a mode on some evidence."""
    return status_of([seen for signal in mode.signals if (seen := signal.see(evidence))])


def _told(signal: Signal, seen: Seen | None, empty_tables: Collection[str]) -> dict[str, object]:
    """A signal for the reader: what was seen, or which table is missing."""
    told: dict[str, object] = {"signal": type(signal).__name__.lower(), "metrics": list(signal.metrics)}
    if seen is not None:
        return told | {"seen": seen.strength, "says": seen.words}
    known = all_metrics()
    needed = {table for metric in signal.metrics if metric in known for table in known[metric].inputs}
    missing = sorted(needed & set(empty_tables))
    says = f"nothing in {', '.join(missing)}" if missing else "too little data in this tier"
    return told | {"seen": "no_data", "missing": missing, "says": says}
