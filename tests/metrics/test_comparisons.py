"""Comparisons of teams and AI cohorts, and what their notes list."""

from datetime import date

import polars as pl
import pytest

from metrics.calendar import Calendar, Period
from metrics.comparisons import SELF_SELECTED, comparisons
from metrics.control_changes import SCHEMA, between
from metrics.model import Count, Distribution, Part, Ratio
from tests.support.engine import changes, engine, metric

BASELINE = Period(date(2026, 1, 1), date(2026, 4, 1))
ESTIMATORS = (
    Distribution(fact="work", time="merged_at", value="hours"),
    Ratio(parts=(Part(fact="work", time="merged_at", numerator="bad::int", denominator="1"),)),
    Count(fact="work", time="merged_at"),
)


def compared(*, named: bool = True) -> pl.DataFrame:
    """Comparisons of random work over half a year."""
    baselines = dict.fromkeys(("1", "2", "3", "4"), BASELINE) if named else {}
    definition = metric(*ESTIMATORS, core=True)
    made = engine({"work": changes(4000)}, Calendar(), baselines=baselines)
    return comparisons(made.run(definition).contrasts, {definition.id: definition})


@pytest.mark.parametrize("named", [True, False])
def test_teams_and_ai_cohorts_are_compared_by_quarter_with_themselves(named: bool) -> None:
    frame = compared(named=named)
    work = changes(4000).filter((pl.col("tier") == 2) & (pl.col("_team") == 1) & pl.col("hours").is_not_null())
    later = pl.col("merged_at").dt.month() >= 4

    segments = frame.filter((pl.col("segment_kind") != "all") & (pl.col("window_start") == date(2026, 4, 1)))
    assert set(segments["grain"]) == {"quarter"}
    assert set(segments["segment_kind"]) == {"team", "ai_use"}
    assert set(segments["statistic"]) == {"p50", "p75", "p90", "p95", "rate", "per_week"}
    found = segments.filter((pl.col("tier") == "2") & (pl.col("segment") == "t1") & (pl.col("statistic") == "p50")).row(
        0, named=True
    )
    assert found["baseline_value"] == pytest.approx(work.filter(~later)["hours"].median())
    assert found["value"] == pytest.approx(work.filter(later & (pl.col("merged_at").dt.month() < 7))["hours"].median())
    assert found["change"] == pytest.approx(found["value"] / found["baseline_value"] - 1)


def test_a_segment_that_is_the_whole_tier_has_the_tiers_comparison() -> None:
    work = changes(3000).with_columns(_team=pl.lit(0, dtype=pl.Int64), ai_use=pl.lit("none"))
    definition = metric(*ESTIMATORS, core=True)
    made = engine({"work": work}, Calendar(), baselines=dict.fromkeys(("1", "2", "3", "4"), BASELINE))
    frame = comparisons(made.run(definition).contrasts, {definition.id: definition})
    columns = ["statistic", "tier", "window_start", "value", "change", "change_ci_low", "change_ci_high", "direction"]
    by_kind = {
        kind: frame.filter((pl.col("segment_kind") == kind) & (pl.col("grain") == "quarter")).select(columns)
        for kind in ("all", "team", "ai_use")
    }

    whole = by_kind["all"].filter(pl.col("tier") != "all").sort(columns[:3])
    assert whole.height > 0
    for kind in ("team", "ai_use"):
        assert by_kind[kind].sort(columns[:3]).equals(whole)


def test_ai_cohorts_are_labelled_self_selected_and_others_are_not() -> None:
    frame = compared()
    is_labelled = pl.col("note").str.contains(SELF_SELECTED, literal=True)

    assert frame.filter(pl.col("segment_kind") == "ai_use").select(is_labelled.all()).item()
    assert not frame.filter(pl.col("segment_kind") != "ai_use").select(is_labelled.any()).item()


def test_no_two_rows_have_the_same_key() -> None:
    frame = compared()
    key = ["metric", "tier", "segment_kind", "segment", "grain", "window_start", "statistic", "comparator"]

    assert frame.select(key).is_duplicated().sum() == 0


def register(*rows: tuple[int | None, date, str, str]) -> pl.DataFrame:
    """The register of control changes: tier, day, layer, summary."""
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


PLACES = pl.DataFrame(
    {"tier": ["3", "2", "all"], "baseline_end": [date(2026, 4, 1)] * 3, "window_end": [date(2026, 7, 1)] * 3}
)


def test_control_changes_of_the_tier_or_of_all_tiers_are_listed() -> None:
    found = between(
        PLACES,
        register(
            (3, date(2026, 5, 1), "gates", "Coverage required."),
            (None, date(2026, 4, 1), "access", "Single sign-on"),
            (3, date(2026, 3, 31), "gates", "before the baseline ended"),
            (3, date(2026, 7, 1), "gates", "after the window"),
        ),
    )

    assert found.to_list() == [
        "Control changes since: 2026-04-01 access: Single sign-on; 2026-05-01 gates: Coverage required.",
        "Control changes since: 2026-04-01 access: Single sign-on.",
        "Control changes since: 2026-04-01 access: Single sign-on; 2026-05-01 gates: Coverage required.",
    ]


def test_of_many_control_changes_the_number_is_given() -> None:
    many = register(*((3, date(2026, 5, day), "gates", f"Gate {day}") for day in range(1, 6)))

    assert between(PLACES, many)[0].endswith("2026-05-03 gates: Gate 3, and 2 more.")
    assert between(PLACES, many)[1] is None


def test_a_summary_with_braces_or_nothing_to_list_does_no_harm() -> None:
    odd = register((3, date(2026, 5, 1), "context", "Uses {placeholder} {}"))

    assert "Uses {placeholder} {}" in between(PLACES, odd)[0]
    assert between(PLACES, register()).to_list() == [None, None, None]
