"""What clustering and censoring do to the sample organisation's last quarter, in numbers.

`python -m tests.calibration.clustering_and_censoring` writes docs/clustering-and-censoring.md. Intervals that take
units as independent come out of the same engine and estimators, from the same units: each is put into a repository of
its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path

import duckdb
import polars as pl

from metrics.aggregate import Engine
from metrics.calendar import Calendar, Period
from metrics.comparisons import comparisons
from metrics.definitions import all_metrics
from metrics.facts import FactSettings, build_facts, prepare_inputs
from metrics.model import Distribution, Metric, Ratio, Unfinished
from sample_data.company import CUT
from sample_data.organisation import generate
from sample_data.truths import BASELINE_END, BASELINE_START
from tests.calibration.clustering_document import Censoring, Clustering, Interval, document

DOCUMENT = Path(__file__).parents[2] / "docs" / "clustering-and-censoring.md"
QUARTER = Period(date(2026, 7, 1), date(2026, 10, 1))
"""The last quarter that is complete at the sample's cut."""
TIERS = ("1", "2", "3", "4")
STATISTICS = ("p50", "p90", "rate")
PLACE = ["metric", "tier", "statistic"]
BOUNDS = ("value", "low", "high")
UNIT_OF = {"measured_defects": "_change_id"}
"""The column that names the unit, where it is not the fact's first: a defect speaks of its change."""


@dataclass(frozen=True)
class Widths:
    """Intervals of levels and of changes against the baseline: metric, tier, statistic, value, low, high."""

    levels: pl.DataFrame
    changes: pl.DataFrame


def engine_at(tables: dict[str, pl.DataFrame], cut: datetime) -> Engine:
    """The sample organisation's facts as of a cut, with its baselines."""
    connection = duckdb.connect(config={"threads": 1})
    prepare_inputs(connection, tables)
    build_facts(connection, FactSettings(production_rules=("production", "live")), cut)
    return Engine.over(connection, Calendar(), cut, dict.fromkeys(TIERS, Period(BASELINE_START, BASELINE_END)))


def clustered_metrics() -> list[Metric]:
    """Headlines whose intervals are clustered by repository: distributions and ratios."""
    chosen = (metric for metric in all_metrics().values() if metric.headline and metric.clustered_by == "repository")
    return [metric for metric in chosen if isinstance(metric.estimators[0], Distribution | Ratio)]


def each_alone(engine: Engine, metric: Metric) -> Metric:
    """The same definition over the same units, each in a repository of its own: none is like another."""
    first = metric.estimators[0]
    if isinstance(first, Distribution):
        fact = _apart(engine, metric, [first.fact])[0]
        return replace(metric, estimators=(replace(first, fact=fact, unfinished=None),), core=False, watched=())
    assert isinstance(first, Ratio)
    facts = _apart(engine, metric, [part.fact for part in first.parts])
    parts = tuple(replace(part, fact=fact) for part, fact in zip(first.parts, facts, strict=True))
    return replace(metric, estimators=(replace(first, parts=parts),), core=False, watched=())


def _apart(engine: Engine, metric: Metric, facts: list[str]) -> list[str]:
    """Names of copies of the facts in which `_repo` numbers the units: equal where rows speak of the same one."""
    execute = engine.connection.execute
    ids = [UNIT_OF.get(fact) or execute(f"describe {fact}").fetchall()[0][0] for fact in facts]
    units = " union ".join(f"select {id_} as unit from {fact}" for fact, id_ in zip(facts, ids, strict=True))
    numbers, names = f"{metric.id}_units", [f"{metric.id}_part_{number}" for number in range(len(facts))]
    execute(f"create or replace temp table {numbers} as select unit, row_number() over () as number from ({units})")
    for name, fact, id_ in zip(names, facts, ids, strict=True):
        execute(
            f"create or replace temp table {name} as select f.* replace (u.number::integer as _repo)"
            f" from {fact} f join {numbers} u on u.unit = f.{id_}"
        )
    return names


def widths(engine: Engine, metrics: Iterable[Metric]) -> Widths:
    """Levels and changes of the quarter, per tier and statistic."""
    results = [engine.run(metric) for metric in metrics]
    here = (pl.col("tier").is_in(TIERS)) & (pl.col("statistic").is_in(STATISTICS)) & (pl.col("segment_kind") == "all")
    here &= (pl.col("grain") == "quarter") & (pl.col("window_start") == QUARTER.start)
    names = pl.col(PLACE).cast(pl.String)
    levels = pl.concat([result.values for result in results]).filter(here)
    compared = comparisons(pl.concat([result.contrasts for result in results]), all_metrics()).filter(here)
    compared = compared.filter(pl.col("comparator") == "baseline")
    return Widths(
        levels.select(names, "n", "value", low="ci_low", high="ci_high"),
        compared.select(names, value="change", low="change_ci_low", high="change_ci_high"),
    )


def clustering(engine: Engine) -> Iterator[Clustering]:
    """Each figure with its interval by repository and with that of independent units."""
    metrics = clustered_metrics()
    together = widths(engine, metrics)
    alone = widths(replace(engine, onboardings={}), [each_alone(engine, metric) for metric in metrics])
    both = together.levels.join(alone.levels, on=PLACE, suffix="_alone")
    for frame, prefix in ((together.changes, "change_"), (alone.changes, "change_alone_")):
        both = both.join(frame.rename({name: prefix + name for name in BOUNDS}), on=PLACE, how="left")
    order = {metric.id: number for number, metric in enumerate(metrics)}
    for row in sorted(both.iter_rows(named=True), key=lambda r: (order[r["metric"]], r["statistic"], r["tier"])):
        metric = all_metrics()[row["metric"]]
        intervals = [
            Interval(*(row[prefix + name + suffix] for name in BOUNDS))
            for prefix, suffix in (("", ""), ("", "_alone"), ("change_", ""), ("change_alone_", ""))
        ]
        yield Clustering(metric.name, metric.unit, row["statistic"], row["tier"], row["n"], *intervals)


def cohorts() -> list[tuple[Metric, Unfinished]]:
    """Definitions that follow unfinished work, with the cohort that they follow."""
    found = []
    for metric in all_metrics().values():
        for estimator in metric.estimators:
            if isinstance(estimator, Distribution) and estimator.unfinished is not None:
                found.append((metric, estimator.unfinished))
    return found


def finished_median(engine: Engine, cohort: Unfinished, tier: str) -> tuple[int, float | None]:
    """Of the cohort that entered in the quarter: how many have not ended at the cut, and the median of those that have.

    Taken from the facts by SQL, apart from the engine, in the metric's unit.
    """
    start, stop = (engine.calendar.instant(day) for day in (QUARTER.start, QUARTER.end))
    row = engine.connection.execute(
        f"""with cohort as (
                select {cohort.start} as entered, {cohort.end} as ended from {cohort.fact}
                where ({cohort.where}) and tier = {tier} and {cohort.start} >= ? and {cohort.start} < ?),
            lasted as (select (epoch_us(ended) - epoch_us(entered)) / {3.6e9 * cohort.hours_per_unit} as value
                from cohort where ended <= ?)
            select (select count(*) from cohort) - (select count(*) from lasted),
                (select quantile_cont(value, 0.5) from lasted)""",
        [start, stop, engine.cut],
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def censoring(engine: Engine) -> Iterator[Censoring]:
    """The median of finished work against the product-limit one, of the cohorts that entered in the quarter."""
    for metric, cohort in cohorts():
        values = engine.run(metric).values.filter(
            (pl.col("segment_kind") == "all")
            & (pl.col("grain") == "quarter")
            & (pl.col("window_start") == QUARTER.start)
            & (pl.col("statistic") == "km_p50")
        )
        known = {row["tier"]: row for row in values.iter_rows(named=True)}
        for tier in TIERS:
            if tier not in known:
                continue
            still_open, median = finished_median(engine, cohort, tier)
            assert still_open == known[tier]["censored"]
            yield Censoring(metric.name, metric.unit, tier, known[tier]["n"], still_open, median, known[tier]["value"])


def main() -> None:
    """Writes the document."""
    tables = generate()
    now, then = engine_at(tables, CUT.replace(tzinfo=None)), engine_at(tables, datetime.combine(QUARTER.end, time()))
    written = document(list(clustering(now)), list(censoring(then)), list(censoring(now)))
    DOCUMENT.write_text(written, encoding="utf-8")
    print(f"wrote {DOCUMENT}")


if __name__ == "__main__":
    main()
