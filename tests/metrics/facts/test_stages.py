"""The stages of a change add up to its lead time, always, whatever its history."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.events import START, Events

SPAN = 60 * 60 * 24 * 20
STAGES = ("coding", "draft", "pickup", "review", "merge_wait", "deploy_wait")

instants = st.one_of(
    st.integers(0, 10).map(lambda hours: START + timedelta(hours=hours)),
    st.integers(0, SPAN * 1_000_000).map(lambda microseconds: START + timedelta(microseconds=microseconds)),
)
reviews = st.fixed_dictionaries(
    {
        "submitted_at": instants,
        "reviewer": st.sampled_from(("ann", "bob", None)),
        "reviewer_kind": st.sampled_from(("human", "bot", "agent")),
        "state": st.sampled_from(("approved", "changes_requested", "commented", "dismissed")),
    }
)
kinds = st.sampled_from(("ready_for_review", "converted_to_draft", "closed", "reopened", "merged"))
history = st.fixed_dictionaries(
    {
        "opened_at": instants,
        "merged_at": instants,
        "ready_at": st.none() | instants,
        "first_commit_at": st.none() | instants,
        "is_listed": st.booleans(),
        "reviews": st.lists(reviews, max_size=4),
        "events": st.lists(st.tuples(kinds, instants), max_size=3),
        "commits": st.lists(instants, max_size=2),
    }
)


def organisation(histories: list[dict[str, Any]], deployments: list[tuple[Any, Any]]) -> Events:
    """Changes with these histories, and deployments of which the first lists some of them."""
    events = Events()
    for started, finished in deployments:
        events.add("deployments", repo_id="r", status="success", started_at=started, finished_at=finished)
    for number, each in enumerate(histories):
        columns = {name: each[name] for name in ("opened_at", "merged_at", "ready_at", "first_commit_at")}
        change = events.add("changes", repo_id="r", author="ann", state="merged", **columns)
        for review in each["reviews"]:
            events.add("reviews", change_id=change, **review)
        for kind, occurred in each["events"]:
            events.add("change_events", change_id=change, kind=kind, occurred_at=occurred)
        for place, authored in enumerate(each["commits"]):
            events.add("commits", sha=f"{number}-{place}", change_id=change, authored_at=authored)
        if each["is_listed"] and deployments:
            events.add("deployment_changes", deployment_id="d0", change_id=change)
    return events


@settings(max_examples=25, deadline=None)
@given(
    st.lists(history, min_size=1, max_size=25),
    st.lists(st.tuples(st.none() | instants, instants), max_size=6),
)
def test_stages_add_up_and_none_is_negative(
    histories: list[dict[str, Any]], deployments: list[tuple[Any, Any]]
) -> None:
    facts = organisation(histories, deployments).build()
    for row in facts.table("change_facts").values():
        stages = {name: row[f"{name}_seconds"] for name in STAGES}
        assert all(value is None or value >= 0 for value in stages.values()), row
        microseconds = {name: round(value * 1e6) for name, value in stages.items() if value is not None}
        if row["lead_seconds"] is not None:
            assert sum(microseconds.values()) == round(row["lead_seconds"] * 1e6), row
        between = sum(microseconds.get(name, 0) for name in ("draft", "pickup", "review", "merge_wait"))
        assert between == round(row["cycle_seconds"] * 1e6), row
        assert (row["lead_seconds"] is None) == (row["deploy_link"] == "none"), row
