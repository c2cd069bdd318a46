"""A definition cannot change under its version."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.definitions.fingerprints import Record, changed, extended, fingerprint, recorded
from metrics.model import Constraint, Count, Example, Metric, Revision

METRIC = Metric(
    id="merges",
    name="Merges",
    side="lagging",
    unit="count",
    direction="higher",
    formula="Changes merged.",
    source="changes",
    estimators=(Count(fact="measured_changes", time="merged_at"),),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 1, 1), change="First."),),
    examples=(Example(says="One.", facts={"change_facts": [{"merged_at": "2026-01-05"}]}, expect={"count": 1}),),
)


@pytest.fixture
def record() -> Record:
    return extended([METRIC], {})


def test_every_version_in_force_is_recorded_and_unchanged() -> None:
    assert not set(all_metrics()) & set(all_constraints()), "they share one record"
    definitions: list[Metric | Constraint] = [*all_metrics().values(), *all_constraints().values()]
    assert changed(definitions, recorded()) == []
    missing = [each.id for each in definitions if each.version not in recorded().get(each.id, {})]
    assert not missing, "run `make fingerprints`"


@pytest.mark.parametrize(
    "other",
    [
        replace(METRIC, formula="Changes opened."),
        replace(METRIC, unit="changes"),
        replace(METRIC, follow_up=timedelta(days=3)),
        replace(METRIC, estimators=(Count(fact="measured_changes", time="opened_at"),)),
        replace(METRIC, estimators=(Count(fact="measured_changes", time="merged_at", where="tier > 1"),)),
        replace(METRIC, examples=(replace(METRIC.examples[0], expect={"count": 2}),)),
        replace(METRIC, examples=()),
    ],
    ids=["formula", "unit", "follow-up", "instant", "filter", "result", "no example"],
)
def test_a_change_without_a_new_version_is_found_and_not_recorded(other: Metric, record: Record) -> None:
    assert len(changed([other], record)) == 1
    with pytest.raises(ValueError, match=r"merges 1\.0\.0 .* give it a new version"):
        extended([other], record)
    renewed = replace(
        other, revisions=(*METRIC.revisions, Revision(version="2.0.0", effective_at=date(2026, 2, 1), change="x"))
    )
    assert extended([renewed], record)["merges"] == {**record["merges"], "2.0.0": fingerprint(renewed)}


@pytest.mark.parametrize(
    "other",
    [
        replace(METRIC, name="Merged changes", caveats=("Mind the gap.",), owner="somebody"),
        replace(METRIC, examples=(replace(METRIC.examples[0], says="One change."),)),
        replace(METRIC, examples=(*METRIC.examples, Example(says="None.", facts={}, expect={"count": None}))),
    ],
    ids=["words", "an example's words", "one more example"],
)
def test_what_is_told_about_a_definition_may_change(other: Metric, record: Record) -> None:
    assert changed([other], record) == []
    assert extended([other], record)["merges"]["1.0.0"] == fingerprint(other)


def test_a_constraint_that_holds_something_else_against_a_gain_needs_a_version() -> None:
    constraint = all_constraints()["speed_vs_escape"]
    record = extended([constraint], {})
    assert changed([replace(constraint, name="Otherwise named")], record) == []
    fewer = replace(constraint, guardrails=constraint.guardrails[:1])
    assert changed([fewer], record) == [f"speed_vs_escape {constraint.version} judges something else than before"]
