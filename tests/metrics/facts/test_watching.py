"""Silence is not safety: since when a kind of outcome is watched."""

from metrics.facts import FactSettings
from tests.support.events import Events, Row, at

WATCHED = ("incidents", "rollbacks", "defects", "gates", "tests", "deployments")


def flags(row: Row) -> set[str]:
    """The kinds that were watched."""
    return {kind for kind in WATCHED if row[f"_{kind}_watched"]}


def test_without_the_register_from_the_start_of_the_quarter_of_the_first_record() -> None:
    events = Events()
    old, new = events.change(-400, -300), events.change(0, 10)
    events.incident(24 * 60)
    facts = events.build()
    assert flags(facts.change(new)) == {"incidents"}, "1 January: from the quarter's start, not from the first incident"
    assert flags(facts.change(old)) == set()


def test_each_kind_by_its_own_first_record() -> None:
    events = Events()
    change = events.change(0, 10)
    events.deployment(0, kind="rollback")
    events.add("defects", repo_id="r", found_in="pre_production", opened_at=at(1))
    events.add("gate_results", change_id=change, gate="g", control_point="pre_pr", outcome="passed", ran_at=at(1))
    assert flags(events.build().change(change)) == {"rollbacks", "deployments", "defects", "gates"}
    events.add("test_runs", repo_id="r", outcome="passed", ran_at=at(1))
    assert "tests" in flags(events.build().change(change))


def test_quarters_begin_in_the_workspaces_zone() -> None:
    events = Events()
    # 23:30 UTC on 31 December: in Berlin the new year has begun.
    merged = at(-4 * 24 - 0.5)
    change = events.add("changes", repo_id="r", state="merged", opened_at=at(-800), merged_at=merged)
    events.add("incidents", repo_id="r", opened_at=at(27 * 24))
    assert flags(events.build().change(change)) == set()
    berlin = FactSettings(timezone="Europe/Berlin")
    assert flags(events.build(settings=berlin).change(change)) == {"incidents"}


def test_the_register_rules_by_kind_and_service() -> None:
    events = Events()
    for repo_id in ("a", "b"):
        events.add("incidents", repo_id=repo_id, opened_at=at(0))
    events.add("coverage", kind="incidents", service="a", source="pager", since=at(5))
    events.add("coverage", kind="defects", source="tracker", since=at(20))
    changes = {(repo, hour): events.change(0, hour, repo_id=repo) for repo in "ab" for hour in (4, 5, 20)}
    facts = events.build()
    assert {key: flags(facts.change(change)) for key, change in changes.items()} == {
        ("a", 4): set(),
        ("a", 5): {"incidents"},
        ("a", 20): {"incidents", "defects"},
        ("b", 4): set(),
        ("b", 5): set(),
        ("b", 20): {"defects"},
    }


def test_deployments_by_their_end_incidents_by_their_opening() -> None:
    events = Events()
    for kind in ("incidents", "rollbacks"):
        events.add("coverage", kind=kind, source="pager", since=at(10))
    early, late = events.deployment(8, 9.9), events.deployment(9, 10)
    before, after = events.incident(9.9), events.incident(10)
    facts = events.build()
    assert [facts.deployment(each)["_incidents_watched"] for each in (early, late)] == [False, True]
    assert [facts.deployment(each)["_rollbacks_watched"] for each in (early, late)] == [False, True]
    assert [facts.incident(each)["_incidents_watched"] for each in (before, after)] == [False, True]
