"""One alert per finding, not per look; whatever the order in which findings come, worsen and go."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.alerts.ledger import Ledger, copy_of_ledger
from pipelines.alerts.look import Look
from pipelines.alerts.model import Finding
from schemas.alert_settings import AlertChannel
from schemas.finding_kinds import KINDS, SEVERITIES, rank
from tests.support.alerts import ESCAPES, STALE, START, worse

EVERYTHING = AlertChannel(name="all", url_env="ALL")
NOWHERE = Path("no such folder")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """An empty one, in memory."""
    with copy_of_ledger(NOWHERE) as empty:
        yield empty


def look(
    ledger: Ledger,
    findings: Sequence[Finding],
    channels: Sequence[AlertChannel] = (EVERYTHING,),
    kinds: Sequence[str] = tuple(KINDS),
) -> None:
    with ledger.transaction():
        Look(ledger, "test", channels, START).compare(findings, kinds)


def take(ledger: Ledger, finding_id: str) -> None:
    alert = ledger.newest(finding_id)
    assert alert is not None
    with ledger.transaction():
        Look(ledger, "test", (EVERYTHING,), START).acknowledge(alert, "Jo", "seen")


def written(ledger: Ledger) -> list[tuple[str, str]]:
    """Channel and event of every message, in order; nothing is sent here, so that all wait."""
    return [(each.channel, each.note.event) for each in ledger.waiting()]


def test_a_repeat_is_silent(ledger: Ledger) -> None:
    for _ in range(3):
        look(ledger, [ESCAPES])
    assert written(ledger) == [("all", "opened")]


def test_what_comes_back_is_told_again_and_needs_a_new_acknowledgement(ledger: Ledger) -> None:
    look(ledger, [ESCAPES])
    take(ledger, ESCAPES.finding_id)
    look(ledger, [])
    look(ledger, [ESCAPES])
    assert [event for _, event in written(ledger)] == ["opened", "acknowledged", "recovered", "opened"]
    assert "again" in ledger.waiting()[-1].note.title
    assert [(alert.episode, alert.state) for alert in ledger.alerts(closed=True)] == [(1, "closed"), (2, "open")]


def test_a_finding_that_was_over_before_it_was_seen_is_told_to_nobody(ledger: Ledger) -> None:
    look(ledger, [replace(ESCAPES, closed_at=START)])
    assert written(ledger) == []
    assert ledger.alerts(closed=True) == []


def test_alerts_of_kinds_that_were_not_looked_at_stay(ledger: Ledger) -> None:
    look(ledger, [ESCAPES])
    look(ledger, [], kinds=("build",))
    assert [alert.state for alert in ledger.alerts()] == ["open"]


def test_a_new_channel_is_told_how_things_stand_once(ledger: Ledger) -> None:
    late = AlertChannel(name="late", url_env="LATE")
    look(ledger, [ESCAPES, STALE], channels=())
    look(ledger, [worse(ESCAPES), STALE], channels=())
    take(ledger, STALE.finding_id)  # somebody has it, so that nobody else is needed
    look(ledger, [worse(ESCAPES), STALE], channels=(late,))
    look(ledger, [worse(ESCAPES), STALE], channels=(late,))
    assert written(ledger) == [("late", "worsened")]


def test_only_who_heard_of_a_finding_hears_of_its_end(ledger: Ledger) -> None:
    look(ledger, [ESCAPES])
    look(ledger, [], channels=(EVERYTHING, AlertChannel(name="late", url_env="LATE")))
    assert written(ledger) == [("all", "opened"), ("all", "recovered")]


@pytest.mark.parametrize(
    ("wish", "heard"),
    [
        ({}, {ESCAPES.finding_id, STALE.finding_id}),
        ({"kinds": ("verdict",)}, {ESCAPES.finding_id}),
        ({"tiers": (4,)}, {STALE.finding_id}),  # a source belongs to no tier, and so to all
        ({"tiers": (3,)}, {ESCAPES.finding_id, STALE.finding_id}),
        ({"minimum_severity": "high"}, {ESCAPES.finding_id}),
        ({"kinds": ("verdict",), "tiers": (1, 2)}, set()),
    ],
)
def test_a_channel_hears_what_it_asked_for(ledger: Ledger, wish: dict[str, object], heard: set[str]) -> None:
    look(ledger, [ESCAPES, STALE], channels=(AlertChannel.model_validate({"name": "a", "url_env": "A", **wish}),))
    assert {alert.finding_id for alert in ledger.alerts() if ledger.addressed(alert)} == heard


def test_a_finding_that_grows_beyond_a_channels_minimum_is_told_there(ledger: Ledger) -> None:
    critical = AlertChannel(name="critical", url_env="A", minimum_severity="critical")
    look(ledger, [ESCAPES], channels=(critical, EVERYTHING))
    look(ledger, [worse(ESCAPES)], channels=(critical, EVERYTHING))
    assert written(ledger) == [("all", "opened"), ("all", "worsened"), ("critical", "worsened")]


severities = st.sampled_from([None, *SEVERITIES])


@settings(max_examples=50)
@given(st.lists(st.tuples(severities, severities), max_size=8))
def test_each_episode_is_told_once_and_each_new_worst_once(days: list[tuple[str | None, str | None]]) -> None:
    with copy_of_ledger(NOWHERE) as ledger:
        for day in days:
            look(
                ledger,
                [
                    replace(ESCAPES, finding_id=f"finding-{number}", severity=severity)
                    for number, severity in enumerate(day)
                    if severity
                ],
            )
        told = [(each.note.event, each.note.severity) for each in ledger.waiting()]
    expected: list[tuple[str, str]] = []
    for history in zip(*days, strict=True):
        worst: str | None = None
        last = ""
        for severity in history:
            if severity is None:
                expected += [("recovered", last)] if worst else []
                worst = None
            elif worst is None:
                worst = severity
                expected.append(("opened", severity))
            elif rank(severity) > rank(worst):
                worst = severity
                expected.append(("worsened", severity))
            last = severity or ""
    assert sorted(told) == sorted(expected)
