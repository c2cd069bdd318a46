"""Repositories and sources read at the same time: one budget, one writer, and the warehouse left to others."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import stamina

from pipelines.connectors.transport import ATTEMPTS
from pipelines.ingest import StreamReport, World, ingest_sources
from pipelines.ingest_desk import only_pull
from pipelines.warehouse import Warehouse
from schemas.errors import WarehouseLocked
from schemas.workspace import Workspace, load_workspace
from tests.support.github_graphql import GitHubHost
from tests.support.github_organisation import NOW, organisation
from tests.support.pulling import Recorder, contents, make_workspace, pull, status_of
from tests.support.replay import Answer

SCOPES, RESOURCES = organisation(6, 4)
TOKEN = "made-up-0123456789"


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


def workspace_in(folder: Path, **more: object) -> Workspace:
    settings = {"kind": "github", "name": "work", "repositories": SCOPES, "token_env": "TOKEN", **more}
    return make_workspace(folder, **settings)


def pulled(workspace: Workspace, host: GitHubHost) -> list[StreamReport]:
    return pull(workspace, NOW, host.transport(), environment={"TOKEN": TOKEN})


def test_repositories_are_read_at_the_same_time(tmp_path: Path) -> None:
    """Each of four is answered only when another is being asked for: one after the other they would wait for ever."""
    meets = threading.Barrier(2, timeout=60)

    class Meeting(GitHubHost):
        def answer(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
            if url.endswith(tuple(SCOPES[1:5])):
                meets.wait()
            return super().answer(url, headers, body)

    reports = pulled(workspace_in(tmp_path, concurrency=2), Meeting(RESOURCES))
    assert [str(report.error) for report in reports if report.error] == []
    assert [report.stream for report in reports][::5] == [f"repository {scope}" for scope in SCOPES]


def test_side_by_side_gives_the_same_as_one_by_one(tmp_path: Path) -> None:
    one, many = workspace_in(tmp_path / "one", concurrency=1), workspace_in(tmp_path / "many", concurrency=6)
    pulled(one, GitHubHost(RESOURCES))
    pulled(many, GitHubHost(RESOURCES))
    assert contents(one) == contents(many)
    assert status_of(one).keys() == status_of(many).keys()
    requests = {stream: row["requests"] for stream, row in status_of(many).items()}
    assert requests == {stream: row["requests"] for stream, row in status_of(one).items()}


def test_a_limit_that_one_is_told_holds_for_all(tmp_path: Path) -> None:
    """The host limits everybody for a while; nobody asks in between, and it is told once."""
    asked: list[float] = []
    clock = [1_700_000_000.0]
    lock = threading.Lock()

    class Limiting(GitHubHost):
        def answer(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
            with lock:
                asked.append(clock[0])
            if len(asked) == 3:
                return Answer.of({"message": "slow down"}, 429, retry_after="100")
            return super().answer(url, headers, body)

    def sleep(seconds: float) -> None:
        with lock:
            clock[0] = max(clock[0], 1_700_000_000.0 + seconds)

    recorder = Recorder()
    world = World(Limiting(RESOURCES).transport(), lambda: clock[0], sleep, {"TOKEN": TOKEN})
    reports = ingest_sources(workspace_in(tmp_path, concurrency=6), (), recorder, world=world)
    assert {report.state for report in reports} == {"complete"}
    assert recorder.waited == [100.0]


def test_a_first_stream_that_is_refused_is_the_only_one_that_is_asked_for(tmp_path: Path) -> None:
    host = GitHubHost(RESOURCES, fault=lambda *_: Answer.of({"message": "Bad credentials"}, 401))
    assert [report.state for report in pulled(workspace_in(tmp_path, concurrency=6), host)] == ["refused"]
    assert len(host.requests) == 1


def test_others_get_at_the_warehouse_while_a_host_is_waited_for(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, concurrency=1)
    seen: list[int] = []

    class Looking(GitHubHost):
        def answer(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
            if len(self.requests) > 6:
                for _ in range(200):
                    try:
                        with Warehouse.open(workspace, write=True) as warehouse:
                            found = warehouse.rows("SELECT count(*) AS n FROM warehouse.repositories")
                            seen.append(int(found[0]["n"]))
                        break
                    except WarehouseLocked:
                        threading.Event().wait(0.02)
            return super().answer(url, headers, body)

    reports = pulled(workspace, Looking(RESOURCES))
    assert {report.state for report in reports} == {"complete"}
    assert min(seen) < max(seen) == len(SCOPES)


def test_only_one_pull_of_a_workspace(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    with only_pull(workspace), pytest.raises(WarehouseLocked, match="is pulling into this workspace"):
        pulled(workspace, GitHubHost(RESOURCES))
    assert {report.state for report in pulled(workspace, GitHubHost(RESOURCES))} == {"complete"}


def test_sources_of_two_hosts_are_read_at_the_same_time(tmp_path: Path) -> None:
    """Each waits until the other has been asked."""
    meets = threading.Barrier(2, timeout=20)

    class Both(GitHubHost):
        def answer(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
            if url.endswith(f"/repos/{SCOPES[0]}"):
                meets.wait()
            return super().answer(url.replace("/api/v3", "").replace("/api/graphql", "/graphql"), headers, body)

    table = f'[[sources]]\nkind = "github"\nrepositories = ["{SCOPES[0]}"]\ntoken_env = "TOKEN"\n'
    text = f'name = "test"\n{table}name = "one"\n{table}name = "two"\nbase_url = "https://git.example.com/api/v3"\n'
    (tmp_path / "plumbline.toml").write_text(text, encoding="utf-8")
    reports = pulled(load_workspace(tmp_path), Both(RESOURCES))
    assert [(report.source, report.state) for report in reports] == [("one", "complete")] * 5 + [
        ("two", "complete")
    ] * 5


def test_what_has_not_changed_is_not_sent_again(tmp_path: Path) -> None:
    """The host answers 304 to an ETag that still holds; a damaged file of answers costs requests only."""
    workspace = workspace_in(tmp_path)
    answered: list[tuple[str, int]] = []

    class Telling(GitHubHost):
        def answer(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
            found = super().answer(url, headers, body)
            answered.append((url, found.status))
            return found

    def unchanged() -> int:
        answered.clear()
        assert {report.state for report in pulled(workspace, Telling(RESOURCES))} == {"complete"}
        return sum(status == 304 for _, status in answered)

    assert unchanged() == 0
    before: dict[str, Any] = contents(workspace)
    assert unchanged() == 2 * len(SCOPES)
    assert contents(workspace) == before
    (workspace.state / "answers.sqlite").write_bytes(b"not a database" * 100)
    assert unchanged() == 0
    assert contents(workspace) == before
