"""Every message arrives in order, and once; again only where a crash fell between taking and noting."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

import pipelines.alerts.delivery
from pipelines.alerts.after_build import tell_of_snapshot
from pipelines.alerts.delivery import deliver
from pipelines.alerts.model import Note
from pipelines.alerts.senders import NotDelivered
from tests.support.alerts import ESCAPES, Builds, channel, workspace_with

Weather = Literal["up", "down", "dies before", "dies after"]
FINDINGS = [replace(ESCAPES, finding_id=f"finding-{number}", subject=f"subject {number}") for number in range(3)]


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Receiver:
    """Takes messages as the weather is; a crash happens once."""

    weather: Weather = "up"
    titles: list[str] = field(default_factory=list)

    def send(self, address: SecretStr, note: Note) -> None:
        weather = self.weather
        if weather == "down":
            raise NotDelivered("not now")
        if weather == "dies before":
            raise Crash
        self.titles.append(note.title)
        if weather == "dies after":
            raise Crash


days = st.lists(
    st.tuples(st.sets(st.integers(0, 2)), st.sampled_from(["up", "down", "dies before", "dies after"])), max_size=6
)


def expected(days: list[tuple[set[int], Weather]]) -> list[str]:
    """Titles in the order in which they are written: what opens, then what is over."""
    titles: list[str] = []
    standing: set[int] = set()
    seen: set[int] = set()
    for numbers, _ in days:
        for number in sorted(numbers - standing):
            titles.append(f"test: {'again: ' if number in seen else ''}subject {number} in tier 3 (verdict, high)")
        titles += [f"test: recovered: subject {n} in tier 3 (verdict, high)" for n in sorted(standing - numbers)]
        seen |= numbers
        standing = numbers
    return titles


@settings(max_examples=12, deadline=None)
@given(days)
def test_every_message_arrives_in_order_and_once_but_for_crashes(days: list[tuple[set[int], Weather]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipelines.alerts.delivery, "SINGLY", 1000)
        workspace = workspace_with(Path(folder), channel("ops"))
        builds, receiver = Builds(workspace), Receiver()
        world = builds.world(receiver, ops="json://x")
        for numbers, weather in days:
            builds.publish([FINDINGS[number] for number in sorted(numbers)])
            receiver.weather = weather
            with suppress(Crash):
                tell_of_snapshot(workspace, world)
        receiver.weather = "up"
        deliver(workspace, world)
        assert deliver(workspace, world) == []
    assert [title for title, _ in groupby(receiver.titles)] == expected(days)
    crashes = sum(weather == "dies after" for _, weather in days)
    assert len(receiver.titles) <= len(expected(days)) + crashes
