"""Two lanes make what one makes, each stage after those that it waits for; what fails in one ends both."""

import os
import signal
from collections.abc import Callable
from threading import Barrier, Event, current_thread, main_thread
from typing import Any

import duckdb
import pytest

import pipelines.apart
import pipelines.stages.record_lists
import pipelines.stages_in_order
from pipelines.build_store import BuildStore
from pipelines.companion import Companion
from pipelines.lanes import Board, Lane, make_in_lanes
from pipelines.run_build import run_build
from pipelines.warehouse import Warehouse
from schemas.errors import PlumblineError
from schemas.snapshot import Manifest, SnapshotFolder
from schemas.workspace import Workspace
from tests.support.small_workspace import built_small_workspace

SECONDS = 30
"""What a test waits for at most before it fails."""
AWAITED = {
    "facts": frozenset[str](),
    "lists": frozenset[str](),
    "metrics": frozenset({"facts"}),
    "verdicts": frozenset({"metrics"}),
    "snapshot": frozenset({"verdicts", "lists"}),
}


class Run:
    """A lane that makes stages as a test says, and what it was told."""

    def __init__(self, make: Callable[[str, "Run"], None]) -> None:
        self.interrupted = Event()
        self.lane: Lane[str] = Lane(lambda stage: make(stage, self), self.interrupted.set)


def in_lanes(make: Callable[[str, Run], None], awaited: dict[str, frozenset[str]] = AWAITED) -> None:
    make_in_lanes(awaited, Run(make).lane, Run(make).lane)


def test_a_stage_is_made_after_those_that_it_waits_for() -> None:
    made: list[str] = []

    def make(stage: str, _: Run) -> None:
        assert AWAITED[stage] <= set(made)
        made.append(stage)

    in_lanes(make)
    assert sorted(made) == sorted(AWAITED)


def test_what_does_not_wait_for_each_other_is_made_at_the_same_time_and_the_longest_chain_first() -> None:
    both, threads = Barrier(2, timeout=SECONDS), {}

    def make(stage: str, _: Run) -> None:
        threads[stage] = current_thread() is main_thread()
        if stage in ("facts", "lists"):
            both.wait()  # breaks where one waits for the other

    in_lanes(make)
    assert (threads["facts"], threads["lists"]) == (True, False)


def test_an_interruption_that_is_interrupted_ends_both_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(stage: str, _: Run) -> None:
        made.append(stage)
        if stage == "metrics":
            raise KeyboardInterrupt

    def fail(_: object, error: BaseException) -> None:
        raise KeyboardInterrupt from error

    monkeypatch.setattr(Board, "fail", fail)
    with pytest.raises(KeyboardInterrupt):
        in_lanes(make)
    assert "verdicts" not in made


@pytest.mark.parametrize("failing", ["facts", "lists"])
def test_the_first_error_is_raised_and_the_other_lane_interrupted(failing: str) -> None:
    both, made = Barrier(2, timeout=SECONDS), []

    def make(stage: str, run: Run) -> None:
        if stage in ("facts", "lists"):
            both.wait()
        if stage == failing:
            raise PlumblineError("the disk is full", "", "make room")
        assert run.interrupted.wait(SECONDS)
        made.append(stage)
        raise duckdb.InterruptException("interrupted")

    with pytest.raises(PlumblineError, match="the disk is full"):
        in_lanes(make)
    assert len(made) == 1  # what ran beside; nothing was begun after


def test_the_second_lane_leaves_the_only_stage_to_the_first() -> None:
    board = Board({"facts": frozenset[str](), "metrics": frozenset({"facts"})})
    assert board.take(is_first=True) == "facts"
    board.done("facts", is_first=True)
    assert board._choice(is_first=False) is None  # whichever of them asks before the other
    assert board.take(is_first=True) == "metrics"
    assert board.take(is_first=False) is None  # nothing waits any more


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small workspace, built by one process in one lane."""
    return built_small_workspace(tmp_path_factory, tmp_path_factory.mktemp("lanes"))


def parts_of(manifest: Manifest) -> dict[str, list[str]]:
    """The files of all tables but the brief, which names its snapshot."""
    tables = {name: table for name, table in manifest.tables.items() if name != "brief_documents"}
    return {name: [part.sha256 for part in table.parts] for name, table in tables.items()}


@pytest.fixture
def _in_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small organisation is otherwise made in one."""
    monkeypatch.setattr(pipelines.stages_in_order, "workers_for", lambda _: 2)


@pytest.fixture(scope="module")
def alone(workspace: Workspace) -> Manifest:
    served = SnapshotFolder(workspace.state).current()
    assert served is not None
    return served


@pytest.mark.usefixtures("_in_lanes")
def test_two_lanes_make_the_parts_that_one_makes(workspace: Workspace, alone: Manifest) -> None:
    assert parts_of(run_build(workspace)) == parts_of(alone)


def test_a_companion_makes_the_parts_that_one_process_makes(workspace: Workspace, alone: Manifest) -> None:
    made: list[str] = []

    class Noting(Companion):
        def run(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 -- as it is there
            made.extend(each for each in arguments if isinstance(each, str))
            return super().run(function, *arguments)

    with Noting() as companion:
        assert parts_of(run_build(workspace, companion=companion)) == parts_of(alone)
    assert made


@pytest.mark.usefixtures("alone")
def test_what_fails_in_the_companion_is_told_and_nothing_published(workspace: Workspace) -> None:
    served = SnapshotFolder(workspace.state).current_id()

    class Failing(Companion):
        """Fails as soon as it is to make a stage."""

        def run(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 -- as it is there
            if function is pipelines.apart._make:
                return super().run(fail)
            return super().run(function, *arguments)

    with Failing() as companion, pytest.raises(PlumblineError, match="w: the disk is full; make room"):
        run_build(workspace, companion=companion)
    assert SnapshotFolder(workspace.state).current_id() == served
    Warehouse.open(workspace, write=True).close()  # nothing is left open


@pytest.mark.usefixtures("alone")
def test_a_companion_that_is_ended_while_it_makes_a_stage_is_told_of_in_one_line(workspace: Workspace) -> None:
    class Ended(Companion):
        """Ends as soon as it is to make a stage."""

        def run(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 -- as it is there
            if function is pipelines.apart._make:
                os.kill(super().run(os.getpid), signal.SIGKILL)
            return super().run(function, *arguments)

    with Ended() as companion, pytest.raises(PlumblineError, match="was ended from outside"):
        run_build(workspace, companion=companion)


def fail() -> None:
    """What a stage says in another process."""
    raise PlumblineError("the disk is full", "w", "make room")


@pytest.mark.usefixtures("_in_lanes", "alone")
def test_what_fails_beside_the_metrics_is_told_and_nothing_published(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = SnapshotFolder(workspace.state).current_id()

    def fails(_: BuildStore) -> str:
        raise PlumblineError("the disk is full", "", "make room")

    monkeypatch.setattr(pipelines.stages.record_lists, "_month", fails)
    with pytest.raises(PlumblineError, match="the disk is full"):
        run_build(workspace)
    assert SnapshotFolder(workspace.state).current_id() == served
    Warehouse.open(workspace, write=True).close()  # nothing is left open
