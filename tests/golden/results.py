"""Results by metric and version: `python -m tests.golden.results` records those of new versions, and refuses others.

`results.json` keeps, per metric, version and statistic, sums over all rows of `metric_values` and `comparisons`, each
row with a weight of its own, so that no two rows can change places unseen. Sums are compared with a tolerance: digests
of rounded numbers would differ between platforms wherever a number lies on the edge of rounding.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.aggregate import Engine
from metrics.calendar import Calendar, Period
from metrics.comparisons import comparisons
from metrics.definitions import all_metrics
from metrics.facts import FactSettings, build_facts, prepare_inputs
from metrics.facts.working_hours import WorkingHours
from metrics.model import Metric

FOLDER = Path(__file__).parent
ORGANISATION, FILE = FOLDER / "organisation", FOLDER / "results.json"
TIMEZONE = "Europe/Berlin"
CUT = datetime(2026, 8, 20, 12)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
"""In the midst of a week, a month and a quarter; what the tables hold after it must not count."""
BASELINE = Period(date(2025, 1, 1), date(2025, 10, 1))
HOURS = WorkingHours(TIMEZONE, (0, 1, 2, 3, 4), time(8), time(18), frozenset({date(2025, 12, 25), date(2026, 1, 1)}))

PLACE = ("tier", "segment_kind", "segment", "grain", "window_start")
VALUES = ("value", "n", "numerator", "denominator", "ci_low", "ci_high", "censored", "bin_low", "is_provisional")
CHANGES = ("baseline_value", "value", "change", "change_ci_low", "change_ci_high")
GOLDEN_ANGLE = (5**0.5 - 1) / 2
TOLERANCE = 1e-7
"""Relative to the sum of absolute values: far below any change of method, far above what platforms differ by."""
DIGITS = 12

Sums = dict[str, dict[str, list[float]]]
"""By statistic (`p50`, `change of p50`) and column: how many rows have it, their weighted sum and that of the sizes."""
Record = dict[str, dict[str, Sums]]
"""Sums by metric and version."""


@cache
def organisation() -> Engine:
    """The engine on the frozen organisation's facts: half a dozen quarters, in a zone that changes its clocks."""
    connection = duckdb.connect(config={"threads": 1})
    prepare_inputs(connection, {path.stem: pl.read_parquet(path) for path in sorted(ORGANISATION.glob("*.parquet"))})
    settings = FactSettings(production_rules=("production", "live"), timezone=TIMEZONE, working_hours=HOURS)
    build_facts(connection, settings, CUT)
    baselines = dict.fromkeys(("1", "2", "3", "4", "all"), BASELINE)
    return Engine.over(connection, Calendar(TIMEZONE), CUT, baselines)


def results(metric: Metric) -> Sums:
    """What the metric's present version makes of the organisation."""
    found = organisation().run(metric)
    compared = comparisons(found.contrasts, {metric.id: metric})
    order = [*PLACE, "bin_low"]
    sums = dict(_sums(found.values, order, VALUES))
    changes = _sums(compared, [*PLACE, "comparator", "baseline_start"], CHANGES)
    return sums | {f"change of {statistic}": columns for statistic, columns in changes}


def _sums(
    frame: pl.DataFrame, order: list[str], columns: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """Per statistic, the weighted sums of its rows in the order of their places."""
    texts = [name for name in ("statistic", *order) if frame.schema[name] in (pl.Categorical, pl.Enum)]
    rows = frame.with_columns(pl.col(texts).cast(pl.String)).sort(order, nulls_last=True)
    for (statistic,), part in sorted(rows.group_by(["statistic"], maintain_order=True), key=lambda item: str(item[0])):
        weights = 0.5 + (np.arange(part.height, dtype=np.float64) * GOLDEN_ANGLE) % 1.0
        yield str(statistic), {name: sums for name in columns if (sums := _sum(part[name], weights))[0]}


def _sum(column: pl.Series, weights: NDArray[np.float64]) -> list[float]:
    numbers = column.cast(pl.Float64).fill_null(0.0).to_numpy() * weights
    exact = column.len() - column.null_count(), float(numbers.sum()), float(np.abs(numbers).sum())
    return [float(f"{number:.{DIGITS}g}") for number in exact]


def recorded() -> Record:
    """What `results.json` holds."""
    record: Record = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return record


def differences(was: Sums, now: Sums) -> Iterator[str]:
    """What has changed, in words; statistics and columns may be added to a version, not taken away."""
    for statistic, columns in was.items():
        if statistic not in now:
            yield f"{statistic} is gone"
            continue
        for name, (rows, total, size) in columns.items():
            rows_now, total_now, _ = now[statistic].get(name, [0, 0.0, 0.0])
            if rows_now != rows:
                yield f"{statistic}: {rows_now:.0f} rows with {name} instead of {rows:.0f}"
            elif abs(total_now - total) > TOLERANCE * size:
                yield f"{statistic}: {name} differs (by {abs(total_now - total) / size:.1g} of its sum)"


def changed(metrics: Iterable[Metric], record: Mapping[str, Mapping[str, Sums]]) -> list[str]:
    """Metrics whose recorded version now gives other results, each with what differs."""
    found = []
    for metric in metrics:
        was = record.get(metric.id, {}).get(metric.version)
        if was is not None and (told := list(differences(was, results(metric)))):
            more = f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
            found.append(
                f"{metric.id} {metric.version} gives other results than before: {'; '.join(told[:SHOWN])}{more}"
            )
    return found


SHOWN = 4
ADVICE = (
    "If that is meant, give each of them a new version (a Revision that says why) and run `make fingerprints`;"
    " if not, the code that they share has changed"
)


def extended(metrics: Iterable[Metric], record: Mapping[str, Mapping[str, Sums]]) -> Record:
    """The record with the versions and statistics that it lacks.

    Raises:
        ValueError: A recorded version gives other results than it did.
    """
    metrics = list(metrics)
    if offences := changed(metrics, record):
        raise ValueError("\n".join([*offences, ADVICE]))
    complete = {name: dict(versions) for name, versions in record.items()}
    for metric in metrics:
        versions = complete.setdefault(metric.id, {})
        now, was = results(metric), versions.get(metric.version, {})
        # What is recorded stays to the digit: tolerances must not add up from one recording to the next.
        versions[metric.version] = {each: now[each] | was.get(each, {}) for each in now}
    return {name: complete[name] for name in sorted(complete)}


def main() -> int:
    """Record the versions that are not yet recorded; refuse where a recorded one gives other results."""
    try:
        record = extended(all_metrics().values(), recorded())
    except ValueError as error:
        print(f"results: {error}", file=sys.stderr)
        return 2
    FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
