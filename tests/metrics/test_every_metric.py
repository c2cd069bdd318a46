"""Whatever the facts are, every definition keeps its promises: order, duplicates, nulls, extremes, and what adds up."""

from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from metrics.definitions import all_metrics
from metrics.model import Count, Distribution, Metric, Ratio
from tests.support.random_facts import FACTS, KEY, STAGES, Draw, frames, run_all

METRICS = list(all_metrics().values())
DRAWS = st.builds(
    Draw,
    rows=st.integers(1, 20),
    nulls=st.sampled_from([0.0, 0.1, 0.5]),
    largest=st.sampled_from([10.0, 1e5, 1e12]),
    seed=st.integers(0, 10**6),
)
# A smaller example says no more here, and looking for one takes minutes.
GENTLY = settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
FIGURES = ("value", "n", "numerator", "denominator", "ci_low", "ci_high", "censored")
TWICE = ("n", "count", "per_week", "hist", "per_engineer_week")
AS_BEFORE = ("rate", "rate_changes", "mean", "km_p50", "km_p90")


def adds_up(metric: Metric) -> bool:
    """Whether units fall into one window each: not levels, loads, concurrency and variations."""
    return all(isinstance(each, Distribution | Count | Ratio) for each in metric.estimators)


@GENTLY
@given(draw=DRAWS)
def test_the_order_of_records_changes_nothing_and_a_record_twice_weighs_twice(draw: Draw) -> None:
    facts = frames(draw)
    once = run_all(facts, METRICS)
    shuffled = run_all({name: frame.sample(fraction=1, shuffle=True, seed=7) for name, frame in facts.items()}, METRICS)
    doubled = run_all({name: pl.concat([frame, frame]) for name, frame in facts.items()}, METRICS)
    for metric in METRICS:
        same(once[metric.id], shuffled[metric.id], FIGURES, metric.id)
        if adds_up(metric):
            assert once[metric.id].select(KEY).equals(doubled[metric.id].select(KEY)), metric.id
            weighs_twice(once[metric.id], doubled[metric.id], metric.id)


def same(one: pl.DataFrame, other: pl.DataFrame, columns: tuple[str, ...], metric: str) -> None:
    """Rows in the same places with the same figures, null where the other's are."""
    assert one.select(KEY).equals(other.select(KEY)), metric
    for column in columns:
        assert one[column].is_null().equals(other[column].is_null()), f"{metric}: {column}"
        found, expected = (each[column].fill_null(0).cast(pl.Float64).to_list() for each in (one, other))
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9), f"{metric}: {column}"


def weighs_twice(once: pl.DataFrame, doubled: pl.DataFrame, metric: str) -> None:
    """Counts are twice what they were, rates and means as before."""
    for statistics, factor in ((TWICE, 2.0), (AS_BEFORE, 1.0)):
        chosen = pl.col("statistic").is_in(statistics)
        was, now = once.filter(chosen)["value"] * factor, doubled.filter(chosen)["value"]
        assert now.to_list() == pytest.approx(was.to_list(), rel=1e-9), metric


@settings(GENTLY, max_examples=6)
@given(draw=DRAWS)
def test_figures_are_finite_within_their_intervals_and_add_up(draw: Draw) -> None:
    facts = frames(draw)
    values = run_all(facts, METRICS)
    for metric in METRICS:
        figures_are_sound(metric, values[metric.id])
        if adds_up(metric):
            windows_and_tiers_add_up(metric, values[metric.id])
    stages_add_up(values)


def figures_are_sound(metric: Metric, values: pl.DataFrame) -> None:
    """Finite, of the right sign, unique, shares within [0, 1], bounds on their sides."""
    assert values["value"].is_finite().all(), metric.id
    assert not values.select(KEY).is_duplicated().any(), metric.id
    is_signed = any(isinstance(each, Distribution) and each.is_signed for each in metric.estimators)
    assert is_signed or (values["value"] >= 0).all(), metric.id
    for bound, sign in (("ci_low", -1), ("ci_high", 1)):
        known = values.filter(pl.col(bound).is_not_null())
        gap = sign * (known[bound] - known["value"])
        assert known[bound].is_finite().all(), metric.id
        assert (gap >= -1e-9 * known["value"].abs()).all(), f"{metric.id}: {bound}"
    shares = [each.statistic for each in metric.estimators if isinstance(each, Ratio) and each.kind == "share"]
    rates = values.filter(pl.col("statistic").is_in(shares))
    for column in ("value", "ci_low", "ci_high"):
        assert rates[column].drop_nulls().is_between(0, 1).all(), metric.id
    assert rates.filter(pl.col("numerator") > pl.col("denominator")).is_empty(), metric.id


def windows_and_tiers_add_up(metric: Metric, values: pl.DataFrame) -> None:
    """Months to quarters in every segment, and tiers to the mixed figure."""
    for amounts in amounts_of(metric, values):
        amounts = amounts.with_columns(quarter=pl.col("window_start").dt.truncate("1q"))
        place = ["tier", "segment_kind", "segment", "statistic", "bin_low"]
        months, quarters = (amounts.filter(pl.col("grain") == grain) for grain in ("month", "quarter"))
        months = months.filter(pl.col("segment_kind") != "repo")
        wide = quarters.filter(pl.col("segment_kind") != "repo")
        assert total(months, [*place, "quarter"]) == pytest.approx(total(wide, [*place, "quarter"])), metric.id
        tiers = quarters.filter((pl.col("segment_kind") == "all") & (pl.col("tier") != "all"))
        mixed = quarters.filter((pl.col("segment_kind") == "all") & (pl.col("tier") == "all"))
        key = ["statistic", "bin_low", "quarter"]
        assert total(tiers, key) == pytest.approx(total(mixed, key)), metric.id


def amounts_of(metric: Metric, values: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """What adds up: counts and histograms; of ratios the denominators, and of shares the numerators."""
    yield values.filter(pl.col("statistic").is_in(["n", "count", "hist"])).with_columns(amount=pl.col("value"))
    for each in metric.estimators:
        if isinstance(each, Ratio):
            rates = values.filter(pl.col("statistic") == each.statistic)
            # Events without a denominator in their own window and tier give no rate there.
            for column in ("numerator", "denominator") if each.kind == "share" else ("denominator",):
                yield rates.filter(pl.col("segment_kind") != "category").with_columns(amount=pl.col(column))


def total(frame: pl.DataFrame, key: list[str]) -> dict[tuple[object, ...], float]:
    """Amounts other than zero by key."""
    sums = frame.group_by(key).agg(pl.col("amount").sum()).filter(pl.col("amount") > 0)
    return {tuple(row[:-1]): row[-1] for row in sums.iter_rows()}


def stages_add_up(values: dict[str, pl.DataFrame]) -> None:
    """The stages' totals are the lead time's, in every window and tier."""

    def totals(metric: str) -> pl.DataFrame:
        wide = values[metric].filter((pl.col("segment_kind") == "all") & pl.col("statistic").is_in(["n", "mean"]))
        return wide.group_by("tier", "grain", "window_start").agg(amount=pl.col("value").product())

    stages = pl.concat([totals(f"lead_time_{stage.removesuffix('_seconds')}") for stage in STAGES])
    place = ["tier", "grain", "window_start"]
    assert total(stages, place) == pytest.approx(total(totals("lead_time"), place), rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
def test_where_nothing_has_ended_nothing_is_measured_of_ends(seed: int) -> None:
    values = run_all(frames(Draw(rows=25, nulls=0.1, largest=1e5, seed=seed, open_ended=True)), METRICS)
    for metric in METRICS:
        figures_are_sound(metric, values[metric.id])
    for name in ("pr_cycle_time", "lead_time", "time_to_restore", "intent_lead_time", "lead_time_deploy_wait"):
        assert values[name].filter(pl.col("statistic") != "downtime").is_empty(), name
    assert (values["time_to_restore"]["value"] > 0).any(), "what is down has been down"


def test_no_record_and_records_that_say_nothing_give_no_figure() -> None:
    nothing = frames(Draw(rows=0, nulls=0.0, largest=10.0, seed=1))
    assert set(nothing) == set(FACTS)
    assert all(frame.is_empty() for frame in run_all(nothing, METRICS).values())
    silent = {
        name: frame.with_columns(
            pl.lit(None, dtype).alias(column) for column, dtype in frame.schema.items() if column not in CODES
        )
        for name, frame in frames(Draw(rows=5, nulls=0.0, largest=10.0, seed=1)).items()
    }
    assert all(frame.is_empty() for frame in run_all(silent, METRICS).values())


CODES = ("_repo", "_team", "tier", "_reviewer")
