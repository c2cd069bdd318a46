"""Every definition of the tree: complete, in its place, and true to its own worked examples."""

from datetime import UTC, datetime
from itertools import pairwise

import duckdb
import pytest

from metrics.aggregate import Engine
from metrics.calendar import Calendar
from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.examples import run_example
from metrics.facts import FactSettings, build_facts, prepare_inputs
from metrics.model import Example, Metric

CUT = datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)
METRICS = list(all_metrics().values())
EXAMPLES = [
    pytest.param(metric, example, id=f"{metric.id}-{number}")
    for metric in METRICS
    for number, example in enumerate(metric.examples, start=1)
]


@pytest.mark.parametrize(("metric", "example"), EXAMPLES)
def test_worked_example(metric: Metric, example: Example) -> None:
    found = run_example(metric, example)
    for statistic, expected in example.expect.items():
        value = found.get(statistic)
        assert (value is None) == (expected is None), f"{statistic}: {value} instead of {expected}; all: {found}"
        if expected is not None:
            assert value == pytest.approx(expected, abs=1e-9), statistic


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_a_definition_says_all_that_its_owner_asks(metric: Metric) -> None:
    for field in ("name", "unit", "formula", "source", "reporting", "audience", "owner"):
        assert getattr(metric, field).strip(), field
    assert metric.formula.endswith(".")
    assert metric.caveats, "every figure can be misread somehow"
    assert metric.examples
    assert metric.inputs
    assert all(revision.change for revision in metric.revisions)
    versions = [revision.version for revision in metric.revisions]
    assert len(set(versions)) == len(versions)
    assert all(earlier.effective_at <= later.effective_at for earlier, later in pairwise(metric.revisions))
    assert set(metric.targets) <= {1, 2, 3, 4}
    assert not metric.targets or any("Target" in caveat for caveat in metric.caveats), "a target says where it is from"


def test_the_tree_is_in_order() -> None:
    whole = [metric for metric in METRICS if metric.parent is None]
    places = [(metric.side == "lagging", not metric.headline, metric.place) for metric in whole]
    assert places == sorted(places)
    for metric in METRICS:
        if metric.parent:
            assert all_metrics()[metric.parent].side == metric.side


def test_the_stages_follow_the_lead_time_in_the_order_of_a_change() -> None:
    names = list(all_metrics())
    stages = ["coding", "draft", "pickup", "review", "merge_wait", "deploy_wait"]
    start = names.index("lead_time")
    assert names[start + 1 : start + 7] == [f"lead_time_{stage}" for stage in stages]


@pytest.mark.parametrize("constraint", all_constraints().values(), ids=lambda constraint: constraint.id)
def test_what_a_constraint_judges_names_the_constraint(constraint: object) -> None:
    for figure in (*constraint.gains, *constraint.guardrails):  # type: ignore[attr-defined]
        metric = all_metrics()[figure.metric]
        assert constraint.id in metric.paired_constraints, metric.id  # type: ignore[attr-defined]


@pytest.mark.parametrize("loaded", [True, False], ids=["loaded but empty", "nothing loaded"])
def test_nothing_measured_is_no_row_and_never_a_zero(loaded: bool) -> None:
    connection = duckdb.connect()
    prepare_inputs(connection, {})
    build_facts(connection, FactSettings(), CUT)
    engine = Engine.over(connection, Calendar(), CUT)
    if loaded:
        engine = Engine(connection, engine.calendar, engine.cut, engine.days, [], [])
    for metric in METRICS:
        result = engine.run(metric)
        assert result.values.is_empty(), metric.id
        assert result.contrasts.is_empty(), metric.id


def test_an_example_that_names_an_unknown_column_is_refused() -> None:
    metric = all_metrics()["throughput"]
    with pytest.raises(ValueError, match="change_facts has no column merged"):
        run_example(metric, Example(says="", facts={"change_facts": [{"merged": "2026-01-05"}]}, expect={}))
