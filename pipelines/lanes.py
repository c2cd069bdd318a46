"""Two lanes in which the stages of a build are made: what does not wait for each other goes on at the same time.

The first lane is the thread that asked; it takes the stage behind which most others wait. The second one, a thread
beside it, takes what least waits for, and makes it itself or has the companion make it. Each has a connection of its
own, for one connection runs one statement at a time, and a stage's temporary tables belong to the connection that made
them. Which lane makes a stage changes nothing of what it makes.

Belongs here: which stage is next, and how lanes end. Does not: what stages there are (`pipelines.all_stages`).
"""

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Condition
from typing import Generic, TypeVar

from pipelines.companion import SECONDS_OF_A_WAIT

Stage = TypeVar("Stage", bound=Hashable)


@dataclass(frozen=True)
class Lane(Generic[Stage]):
    """A lane: how it makes a stage, and how that is made to end with an error."""

    make: Callable[[Stage], object]
    interrupt: Callable[[], object]


def make_in_lanes(awaited: Mapping[Stage, frozenset[Stage]], first: Lane[Stage], second: Lane[Stage]) -> None:
    """Make stages, each after those that it waits for, in two lanes.

    What fails first is raised. The other lane is interrupted then, and begins nothing more.

    Args:
        awaited: what each stage waits for, all of them among its keys.
        first: the lane of this thread.
        second: the lane of another.
    """
    board = Board(awaited)
    with ThreadPoolExecutor(1, "second-lane") as beside:
        beside.submit(_run_lane, board, second, first, is_first=False)
        try:
            _run_lane(board, first, second, is_first=True)
        finally:
            board.end()  # Ctrl-C may come twice, and the second time while a lane tells of the first
    if board.error:
        raise board.error


def _run_lane(board: "Board[Stage]", lane: Lane[Stage], other: Lane[Stage], *, is_first: bool) -> None:
    """Make one stage after another until none waits any more, or one of the lanes has failed."""
    try:
        while (stage := board.take(is_first=is_first)) is not None:
            lane.make(stage)
            board.done(stage, is_first=is_first)
    except BaseException as error:  # told by the first lane, once both have ended
        board.fail(error)
        other.interrupt()


class Board(Generic[Stage]):
    """Which stages wait and which are made, as both lanes know it."""

    def __init__(self, awaited: Mapping[Stage, frozenset[Stage]]) -> None:
        """Nothing is made yet.

        Args:
            awaited: what each stage waits for, all of them among its keys.
        """
        self.error: BaseException | None = None
        """What failed first."""
        self._awaited = awaited
        self._waiting = list(awaited)
        self._made = set[Stage]()
        self._is_first_busy = False
        self._changed = Condition()
        self._heights = dict[Stage, int]()

    def take(self, *, is_first: bool) -> Stage | None:
        """The next stage for a lane, as soon as there is one; None where nothing waits any more, or a lane failed."""
        with self._changed:
            while self._waiting and self.error is None:
                stage = self._choice(is_first=is_first)
                if stage is not None:
                    self._waiting.remove(stage)
                    self._is_first_busy = self._is_first_busy or is_first
                    return stage
                self._changed.wait(SECONDS_OF_A_WAIT)
            return None

    def done(self, stage: Stage, *, is_first: bool) -> None:
        """A lane has made a stage."""
        with self._changed:
            self._made.add(stage)
            if is_first:  # it comes for the next one now: the second lane is not to be there before it
                self._is_first_busy = False
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """A stage could not be made."""
        with self._changed:
            self.error = self.error or error
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more is begun."""
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def _choice(self, *, is_first: bool) -> Stage | None:
        """The stage that is ready and behind which most wait; for the second lane, one that the first does not want."""
        ready = [stage for stage in self._waiting if self._awaited[stage] <= self._made]
        if is_first:
            return max(ready, key=self._height, default=None)
        return min(ready, key=self._height) if len(ready) > (0 if self._is_first_busy else 1) else None

    def _height(self, stage: Stage) -> int:
        """How many stages wait for each other behind this one."""
        if stage not in self._heights:
            behind = [self._height(each) for each, awaited in self._awaited.items() if stage in awaited]
            self._heights[stage] = 1 + max(behind, default=0)
        return self._heights[stage]
