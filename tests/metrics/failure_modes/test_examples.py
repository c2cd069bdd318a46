"""Every failure mode on its own examples: it can show, and it can be silent; and what a reader is told of it."""

import json
from datetime import date
from typing import Any

import polars as pl
import pytest

from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.failure_mode_status import failure_mode_rows
from metrics.failure_modes import all_failure_modes
from metrics.signals import Violation
from schemas.published.failure_modes import FailureModes
from tests.support.brief_frames import frame

MODES = all_failure_modes()
CASES = [
    pytest.param(mode, example, id=f"{mode.id}: {example.status}")
    for mode in MODES.values()
    for example in mode.examples
]
ORDINARY: dict[str, Any] = {
    "tier": "3",
    "grain": "quarter",
    "segment_kind": "all",
    "segment": "all",
    "window_start": date(2026, 7, 1),
    "window_end": date(2026, 10, 1),
    "is_provisional": False,
    "unit": "fraction",
    "n": 100,
}


def rows_of(table: str, given: Any) -> pl.DataFrame:  # noqa: ANN401 -- rows of an example
    """Rows of an example as the published table."""
    rows = [ORDINARY | dict(row) for row in given]
    for row in rows:
        if isinstance(row["window_start"], str):
            row["window_start"] = date.fromisoformat(row["window_start"])
    return frame(table, rows)


def judged(mode: FailureMode, example: ModeExample, empty: tuple[str, ...] = ()) -> dict[str, Any]:
    """The published row of one mode in tier 3."""
    values = [
        *example.values,
        *({"metric": row["metric"], "statistic": "n", "value": 100} for row in example.comparisons),
    ]
    return failure_mode_rows(
        {mode.id: mode},
        rows_of("verdicts", example.verdicts),
        rows_of("comparisons", example.comparisons),
        rows_of("metric_values", values),
        empty,
        ("3",),
    ).row(0, named=True)


@pytest.mark.parametrize(("mode", "example"), CASES)
def test_an_example_comes_out_as_it_says(mode: FailureMode, example: ModeExample) -> None:
    assert judged(mode, example)["status"] == example.status


@pytest.mark.parametrize("mode", MODES.values(), ids=lambda mode: mode.id)
def test_a_mode_can_show_and_be_silent_and_reads_what_there_is(mode: FailureMode) -> None:
    statuses = [example.status for example in mode.examples]
    assert "present" in statuses
    assert "clear" in statuses
    for signal in mode.signals:
        assert set(signal.metrics) <= set(all_metrics()), signal
        assert not isinstance(signal, Violation) or signal.constraint in all_constraints()
    assert mode.controls


def test_there_are_ten_and_each_lies_in_a_file_of_its_own_name() -> None:
    assert len(MODES) == 10


@pytest.mark.parametrize("mode", MODES.values(), ids=lambda mode: mode.id)
def test_without_signals_the_missing_table_is_named(mode: FailureMode) -> None:
    needed = {table for signal in mode.signals for metric in signal.metrics for table in all_metrics()[metric].inputs}
    row = judged(mode, ModeExample(says="nothing was collected", status="no_data"), tuple(sorted(needed)))
    assert row["status"] == "no_data"
    for told in json.loads(row["signals"]):
        assert told["missing"]
        assert told["missing"][0] in told["says"]


def test_too_little_data_is_not_a_missing_table() -> None:
    row = judged(MODES["performative_review"], ModeExample(says="", status="no_data"))
    assert {told["says"] for told in json.loads(row["signals"])} == {"too little data in this tier"}


def test_a_window_that_still_runs_shows_nothing() -> None:
    mode = MODES["performative_review"]
    example = mode.examples[0]
    values = [
        {"metric": row["metric"], "statistic": "n", "value": 100, "is_provisional": True} for row in example.comparisons
    ]
    found = failure_mode_rows(
        {mode.id: mode},
        rows_of("verdicts", []),
        rows_of("comparisons", example.comparisons),
        rows_of("metric_values", values),
        (),
        ("3",),
    )
    assert found["status"].to_list() == ["no_data"]


def test_what_is_only_large_or_only_sure_is_one_to_watch() -> None:
    mode = MODES["performative_review"]
    ordinary = {"metric": "unreviewed_merge_share", "statistic": "rate", "baseline_value": 0.05, "change": 0.0}
    large = ordinary | {"value": 0.08, "change_ci_low": -0.01, "change_ci_high": 0.07}
    sure = ordinary | {"value": 0.055, "change_ci_low": 0.001, "change_ci_high": 0.009}
    for row in (large, sure):
        assert judged(mode, ModeExample(says="", status="watch", comparisons=(row,)))["status"] == "watch"


def test_rows_are_those_of_the_published_table() -> None:
    found = failure_mode_rows(MODES, rows_of("verdicts", []), rows_of("comparisons", []), rows_of("metric_values", []))
    assert found.columns == [column.name for column in FailureModes.table_columns()]
    assert found.height == 40
