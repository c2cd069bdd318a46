"""Milestones, stages and anomalies of a change: METRICS.md §1, sentence by sentence."""

import pytest

from metrics.facts import FactSettings
from metrics.facts.milestones import ANOMALIES
from tests.support.events import Events, Row, at, facts_of
from tests.support.facts_oracle import complete
from tests.support.random_events import HOURS, random_events

HOUR = 3600.0
STAGES = ("coding", "draft", "pickup", "review", "merge_wait", "deploy_wait")


@pytest.fixture
def events() -> Events:
    """An organisation with one repository."""
    organisation = Events()
    organisation.add("repositories", repo_id="r", team="blue")
    return organisation


def stages(row: Row) -> dict[str, float | None]:
    """The stages of a change in hours."""
    return {name: None if row[f"{name}_seconds"] is None else row[f"{name}_seconds"] / HOUR for name in STAGES}


def test_reviewed_and_approved(events: Events) -> None:
    change = events.change(10, 30, first_commit_at=at(4))
    events.review(change, 13)
    events.review(change, 20, "approved")
    events.deployment(31, 32)
    row = events.build().change(change)
    assert stages(row) == {"coding": 6, "draft": None, "pickup": 3, "review": 7, "merge_wait": 10, "deploy_wait": 2}
    assert row["cycle_seconds"] == 20 * HOUR
    assert row["lead_seconds"] == 28 * HOUR
    assert row["state"] == "merged"
    assert row["anomalies"] == []
    assert row["_approved"]


def test_reviewed_never_approved(events: Events) -> None:
    change = events.change(10, 30)
    events.review(change, 13)
    row = events.build().change(change)
    assert stages(row) == {
        "coding": None, "draft": None, "pickup": 3, "review": 17, "merge_wait": None, "deploy_wait": None,
    }  # fmt: skip
    assert row["approved_at"] is None
    assert row["lead_seconds"] is None


def test_approved_in_its_first_review(events: Events) -> None:
    change = events.change(10, 30)
    events.review(change, 13, "approved")
    row = events.build().change(change)
    assert (row["pickup_seconds"], row["review_seconds"], row["merge_wait_seconds"]) == (3 * HOUR, 0, 17 * HOUR)


def test_never_eligibly_reviewed(events: Events) -> None:
    change = events.change(10, 30)
    row = events.build().change(change)
    assert (row["pickup_seconds"], row["review_seconds"], row["merge_wait_seconds"]) == (None, None, 20 * HOUR)
    assert (row["review_count"], row["reviewer_count"], row["review_rounds"]) == (0, 0, 0)


@pytest.mark.parametrize(
    "review",
    [
        {"reviewer_kind": "bot"},
        {"reviewer_kind": "agent"},
        {"reviewer": "ann"},
        {"reviewer": None},
    ],
)
def test_ineligible_reviews_never_stop_the_pickup_clock(events: Events, review: Row) -> None:
    change = events.change(10, 30)
    events.review(change, 11, "approved", **({"reviewer_kind": "human"} | review))
    row = events.build().change(change)
    assert row["first_review_at"] is None
    assert row["approved_at"] is None
    assert row["review_count"] == 0
    assert row["anomalies"] == []


def test_a_review_of_an_authorless_change_is_eligible(events: Events) -> None:
    change = events.change(10, 30, author=None)
    events.review(change, 11)
    assert events.build().change(change)["first_review_at"] == at(11)


def test_reviews_outside_the_change_are_anomalies(events: Events) -> None:
    merged = events.change(10, 30)
    events.review(merged, 9)
    events.review(merged, 31, "approved")
    closed = events.change(10, closed=20)
    events.review(closed, 21)
    facts = events.build()
    row = facts.change(merged)
    assert (row["first_review_at"], row["approved_at"], row["review_count"]) == (None, None, 0)
    assert row["anomalies"] == ["review_before_opened", "review_after_merge"]
    assert facts.change(closed)["anomalies"] == ["review_after_close"]


def test_reviews_at_opening_and_at_merge_are_eligible(events: Events) -> None:
    change = events.change(10, 30)
    events.review(change, 10)
    events.review(change, 30, "approved", reviewer="cid")
    row = events.build().change(change)
    assert (row["first_review_at"], row["approved_at"], row["reviewer_count"]) == (at(10), at(30), 2)


def test_approval_counts_only_after_the_last_rejection(events: Events) -> None:
    withdrawn = events.change(0, 30)
    events.review(withdrawn, 1, "approved")
    events.review(withdrawn, 2, "changes_requested")
    renewed = events.change(0, 30)
    for hour, state in ((1, "approved"), (2, "changes_requested"), (3, "approved"), (4, "approved")):
        events.review(renewed, hour, state)
    ignored = events.change(0, 30)
    events.review(ignored, 1, "approved")
    events.review(ignored, 31, "changes_requested")
    facts = events.build()
    assert facts.change(withdrawn)["approved_at"] is None
    assert facts.change(renewed)["approved_at"] == at(3)
    assert facts.change(ignored)["approved_at"] == at(1)


def test_reviewers_are_counted_once(events: Events) -> None:
    change = events.change(0, 30)
    for hour, name in ((1, "bob"), (2, "cid"), (3, "bob")):
        events.review(change, hour, reviewer=name)
    row = events.build().change(change)
    assert (row["review_count"], row["reviewer_count"]) == (3, 2)


def test_review_rounds_need_new_commits(events: Events) -> None:
    change = events.change(0, 30)
    for hour in (2, 4, 8, 12):
        events.review(change, hour, "changes_requested")
    for number, hour in enumerate((1, 5, 6, 9, 31)):
        events.add("commits", sha=f"s{number}", change_id=change, authored_at=at(0), committed_at=at(hour))
    silent = events.change(0, 30)
    events.review(silent, 2, "changes_requested")
    facts = events.build()
    # After 2 came the next rejection, after 4 and 8 commits, after 12 only one that followed the merge.
    assert facts.change(change)["review_rounds"] == 2
    assert facts.change(silent)["review_rounds"] is None


def test_first_commit_is_the_earliest_author_date_and_wins_over_the_column(events: Events) -> None:
    change = events.change(10, 30, first_commit_at=at(1))
    events.add("commits", sha="a", change_id=change, authored_at=at(7), committed_at=at(9))
    events.add("commits", sha="b", change_id=change, authored_at=at(5), committed_at=at(9))
    assert events.build().change(change)["first_commit_at"] == at(5)


def test_first_commit_after_opening_is_clamped(events: Events) -> None:
    change = events.change(10, 30, first_commit_at=at(12))
    row = events.build().change(change)
    assert (row["first_commit_at"], row["coding_seconds"]) == (at(10), 0)
    assert row["anomalies"] == ["first_commit_after_opened"]


def test_lead_time_without_commits_starts_at_opening(events: Events) -> None:
    change = events.change(10, 30)
    events.deployment(31, 32)
    row = events.build().change(change)
    assert (row["first_commit_at"], row["coding_seconds"], row["lead_seconds"]) == (None, None, 22 * HOUR)


def test_only_the_first_draft_counts(events: Events) -> None:
    change = events.change(0, 30, ready_at=at(20))
    for hour, kind in ((3, "ready_for_review"), (5, "converted_to_draft"), (9, "ready_for_review")):
        events.event(change, kind, hour)
    events.review(change, 10)
    row = events.build().change(change)
    assert (row["ready_at"], row["draft_seconds"], row["pickup_seconds"]) == (at(3), 3 * HOUR, 7 * HOUR)


def test_turning_a_ready_change_into_a_draft_gains_nothing(events: Events) -> None:
    change = events.change(0, 30)
    events.event(change, "converted_to_draft", 5)
    events.event(change, "ready_for_review", 9)
    by_column = events.change(0, 30, ready_at=at(9))
    events.event(by_column, "converted_to_draft", 5)
    facts = events.build()
    assert facts.change(change)["ready_at"] == at(0)
    assert facts.change(change)["draft_seconds"] is None
    assert facts.change(by_column)["ready_at"] == at(0), "the event shows that it had been ready: events win"


def test_ready_by_column(events: Events) -> None:
    change = events.change(0, 30, ready_at=at(4))
    assert events.build().change(change)["draft_seconds"] == 4 * HOUR


def test_a_review_during_the_draft_ends_it(events: Events) -> None:
    change = events.change(0, 30)
    events.event(change, "ready_for_review", 8)
    events.review(change, 5)
    row = events.build().change(change)
    assert (row["ready_at"], row["draft_seconds"], row["pickup_seconds"]) == (at(5), 5 * HOUR, 0)


def test_ready_outside_the_change_is_clamped(events: Events) -> None:
    early = events.change(10, 30)
    events.event(early, "ready_for_review", 5)
    late = events.change(10, 30)
    events.event(late, "ready_for_review", 35)
    facts = events.build()
    assert facts.change(early)["ready_at"] == at(10)
    assert facts.change(early)["anomalies"] == ["ready_before_opened"]
    assert (facts.change(late)["ready_at"], facts.change(late)["merge_wait_seconds"]) == (at(30), 0)
    assert facts.change(late)["anomalies"] == ["ready_after_end"]


def test_events_win_over_columns_on_merging_and_closing(events: Events) -> None:
    moved = events.change(0, 30)
    events.event(moved, "merged", 28)
    stale = events.change(0)
    events.event(stale, "merged", 12)
    events.event(stale, "closed", 12)
    closed = events.change(0, closed=9)
    events.event(closed, "closed", 8)
    reopened = events.change(0, closed=9)
    events.event(reopened, "closed", 9)
    events.event(reopened, "reopened", 10)
    facts = events.build()
    assert facts.change(moved)["merged_at"] == at(28)
    assert (facts.change(stale)["state"], facts.change(stale)["merged_at"]) == ("merged", at(12))
    assert (facts.change(closed)["state"], facts.change(closed)["closed_at"]) == ("closed", at(8))
    assert (facts.change(reopened)["state"], facts.change(reopened)["closed_at"]) == ("open", None)


def test_ends_before_the_opening_are_clamped(events: Events) -> None:
    merged = events.change(10)
    events.event(merged, "merged", 4)
    closed = events.change(10)
    events.event(closed, "closed", 4)
    facts = events.build()
    assert facts.change(merged)["cycle_seconds"] == 0
    assert facts.change(merged)["anomalies"] == ["merged_before_opened"]
    assert facts.change(closed)["closed_at"] == at(10)
    assert facts.change(closed)["anomalies"] == ["closed_before_opened"]


def test_open_changes_have_no_ends(events: Events) -> None:
    change = events.change(0)
    events.review(change, 2)
    row = events.build().change(change)
    assert (row["state"], row["pickup_seconds"]) == ("open", 2 * HOUR)
    assert (row["review_seconds"], row["merge_wait_seconds"], row["cycle_seconds"], row["lead_seconds"]) == (None,) * 4
    assert (row["validated"], row["gates_passed"], row["deployment_failed"], row["rolled_back"]) == (None,) * 4


def test_size_is_both_sides_of_the_diff(events: Events) -> None:
    both = events.change(additions=7, deletions=3)
    one = events.change(additions=7)
    none = events.change()
    facts = events.build()
    assert [facts.change(each)["size_lines"] for each in (both, one, none)] == [10, 7, None]


def test_bots_changes_are_facts_and_out_of_the_change_metrics(events: Events) -> None:
    kinds = {kind: events.change(author_kind=kind) for kind in ("human", "agent", "bot")}
    facts = events.build()
    assert {kind: facts.change(each)["_in_change_metrics"] for kind, each in kinds.items()} == {
        "human": True, "agent": True, "bot": False,
    }  # fmt: skip


def test_a_workspace_may_count_bots(events: Events) -> None:
    change = events.change(author_kind="bot")
    assert events.build(settings=FactSettings(include_bots=True)).change(change)["_in_change_metrics"] is True


def test_orphans_are_kept_and_join_nothing(events: Events) -> None:
    events.review("never-seen", 3)
    events.event("never-seen", "merged", 3)
    change = events.change(0, 5, repo_id="elsewhere")
    facts = events.build()
    assert set(facts.table("change_facts")) == {change}
    assert facts.change(change)["repo_id"] == "elsewhere"
    assert facts.change(change)["service"] == "elsewhere"


def test_a_third_unreviewed_still_adds_up(events: Events) -> None:
    """Golden case: with 30 % unreviewed, mean lead time = sum over the stages of stage total ÷ all changes."""
    for number in range(10):
        change = events.change(number, 20 + number, first_commit_at=at(number - 1.5))
        if number >= 3:
            events.review(change, number + 2.25, "approved" if number % 2 else "commented")
    events.deployment(40, 41)
    rows = list(events.build().table("change_facts").values())
    totals = {name: sum(row[f"{name}_seconds"] or 0 for row in rows) / len(rows) for name in STAGES}
    assert sum(row["review_count"] == 0 for row in rows) == 3
    assert sum(totals.values()) == pytest.approx(sum(row["lead_seconds"] for row in rows) / len(rows), abs=1e-6)


def test_anomaly_codes_keep_their_places() -> None:
    assert len(set(ANOMALIES)) == len(ANOMALIES)
    assert ANOMALIES[:2] == ("first_commit_after_opened", "ready_before_opened")


@pytest.mark.parametrize("seed", range(3))
def test_a_comment_by_the_author_changes_nothing(seed: int) -> None:
    """It makes the reviews of a change be looked at one by one, which otherwise are only added up."""
    rows = complete(random_events(seed))
    cut = at(int(HOURS * 2))
    comments = [
        {
            **rows["reviews"][0],
            "review_id": f"own-{change['change_id']}",
            "change_id": change["change_id"],
            "reviewer": change["author"],
            "reviewer_kind": "human",
            "state": "commented",
            "submitted_at": change["opened_at"],
        }
        for change in rows["changes"]
        if change["author"]
    ]
    assert comments
    told = {**rows, "reviews": [*rows["reviews"], *comments]}
    expected, found = (facts_of(each, cut, FactSettings()).table("change_facts") for each in (rows, told))
    assert found == expected
    assert any(row["review_count"] > 1 for row in found.values())
