"""A sweep that is cut short anywhere, again and again, while things change: in the end every version was read."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.connectors.base import Cursor, PullContext, Stream, parse_instant
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient

STREAM = Stream("things", "a/b")
CLIENT = HostClient("work", "https://api.example.com")
START = datetime(2025, 1, 1, tzinfo=UTC)


class NothingKnown:
    def ids(self, table: str, repo_id: str, **equals: str) -> list[str]:
        return []


def context_at(now: datetime, cursor: Cursor) -> PullContext:
    return PullContext(CLIENT, now, {STREAM.name: cursor}, NothingKnown())


Step = tuple[int, list[int], int]
"""Minutes until the next pull, the things that change before it, and how many are read until it is cut short."""
steps = st.lists(st.tuples(st.integers(1, 90), st.lists(st.integers(0, 7), max_size=3), st.integers(0, 10)), max_size=8)


@given(steps=steps, size=st.integers(1, 3))
def test_every_version_is_read_whatever_was_cut_short(steps: list[Step], size: int) -> None:
    now = START + timedelta(hours=1)
    changed = {thing: START + timedelta(minutes=5 * thing) for thing in range(8)}
    read: dict[int, datetime] = {}
    cursor: Cursor = {}
    for minutes, moving, budget in [*steps, (1, [], 100)]:
        for position, thing in enumerate(moving):
            changed[thing] = now + timedelta(minutes=minutes, seconds=position - 60)
        now += timedelta(minutes=minutes)
        cursor = sweep_once(cursor, now, changed, read, budget, size)
    assert read == changed
    assert set(cursor) == {"since"}


def sweep_once(
    cursor: Cursor, now: datetime, changed: dict[int, datetime], read: dict[int, datetime], budget: int, size: int
) -> Cursor:
    """One pull that stores `size` things at a time and dies after `budget` of them; the cursor that is left."""
    sweep = Sweep.begin(STREAM, context_at(now, cursor))
    batch: dict[int, datetime] = {}
    for thing, instant in sorted(changed.items(), key=lambda item: item[1], reverse=True):
        if sweep.is_below(instant):
            break
        if len(batch) == size:
            read |= batch
            batch, cursor = {}, sweep.progress()
        if not sweep.is_read(instant):
            if budget == 0:
                return cursor
            budget -= 1
            batch[thing] = instant
        sweep.pass_by(instant)
    read |= batch
    return sweep.finished()


def test_what_an_interrupted_sweep_has_read_is_skipped() -> None:
    now = START + timedelta(hours=1)
    changed = {thing: START + timedelta(minutes=5 * thing) for thing in range(8)}
    read: dict[int, datetime] = {}
    cursor = sweep_once({}, now, changed, read, budget=6, size=2)
    assert sorted(read) == [2, 3, 4, 5, 6, 7]
    sweep = Sweep.begin(STREAM, context_at(now + timedelta(hours=1), cursor))
    assert [thing for thing, instant in changed.items() if not sweep.is_read(instant)] == [0, 1, 2]


def test_a_finished_sweep_begins_ten_minutes_before_the_last() -> None:
    now = START + timedelta(hours=1)
    cursor = sweep_once({}, now, {}, {}, budget=0, size=1)
    assert parse_instant(cursor["since"]) == START + timedelta(minutes=50)
