"""What a host may do instead of answering: what another attempt cures changes nothing; what nothing cures is partial.

After the last attempt what arrived is kept, the stream stands as partial, the exit status is 3, and the next pull goes
on. How the client tells these apart, request by request, is in tests/pipelines/connectors/test_transport.py.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina

from pipelines.connectors.transport import ATTEMPTS
from pipelines.ingest import StreamReport
from schemas.workspace import Workspace
from tests.support.github_graphql import GitHubHost
from tests.support.github_organisation import FAULTS, NOW, SlowHost, organisation
from tests.support.pulling import contents, make_workspace, pull, status_of
from tests.support.replay import Answer, Fault

TOKEN = "made-up-0123456789"
SCOPES, RESOURCES = organisation(2, 30)
JSON = {"content-type": "application/json"}
LIMITS_OFF = {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}
LOGIN_PAGE = Answer(200, b"<html>Sign in</html>", {"content-type": "text/html"})
RUNS = f"repos/{SCOPES[0]}/actions/runs"


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    workspace = workspace_in(tmp_path_factory.mktemp("calm"))
    assert states(pulled(workspace, GitHubHost(RESOURCES))) == {"complete"}
    return contents(workspace)


def workspace_in(folder: Path, **more: object) -> Workspace:
    settings = {"kind": "github", "name": "work", "repositories": SCOPES, "token_env": "TOKEN", **more}
    return make_workspace(folder, **settings)


def pulled(workspace: Workspace, host: GitHubHost) -> list[StreamReport]:
    return pull(workspace, NOW, host.transport(), environment={"TOKEN": TOKEN})


def states(reports: list[StreamReport]) -> set[str]:
    return {report.state for report in reports}


def every_third(answer: Answer) -> Fault:
    """Of the queries; half of the other requests come between."""
    return lambda path, number: answer if number % 3 == 0 and path.endswith("/graphql") else None


def after(number: int, answer: Answer) -> Fault:
    return lambda _, asked: answer if asked > number else None


CURED = [*FAULTS, ("limit of 0 of 0", Answer(429, b"{}", {**JSON, **LIMITS_OFF}))]


@pytest.mark.parametrize("answer", [pytest.param(answer, id=name) for name, answer in CURED])
def test_what_another_attempt_cures_changes_nothing(
    answer: Answer, expected: Mapping[str, Any], tmp_path: Path
) -> None:
    workspace = workspace_in(tmp_path)
    host = GitHubHost(RESOURCES, fault=every_third(answer))
    assert states(pulled(workspace, host)) == {"complete"}
    assert contents(workspace) == expected


NOT_CURED = [
    ("500", Answer.of({}, 500), "answered 500"),
    ("torn JSON", Answer(200, b'{"data": {"repo', JSON), "breaks off"),
    ("a login page", LOGIN_PAGE, "text/html instead of JSON"),
    ("a list", Answer.of([1]), "something other than an object"),
    ("no data", Answer.of({"data": None}), "without data"),
    (
        "an error",
        Answer.of({"errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}),
        "not accessible",
    ),
    ("a limit", Answer.of({"errors": [{"type": "RATE_LIMITED", "message": "limit"}]}), "limited the rate"),
    ("a day's limit", Answer.of({}, 429, retry_after="86400"), "used up until"),
]


@pytest.mark.parametrize(("answer", "words"), [pytest.param(*each, id=name) for name, *each in NOT_CURED])
def test_what_nothing_cures_is_partial_and_the_next_pull_goes_on(
    answer: Answer, words: str, expected: Mapping[str, Any], tmp_path: Path
) -> None:
    workspace = workspace_in(tmp_path)
    failed = pulled(workspace, GitHubHost(RESOURCES, largest_page=10, fault=after(8, answer)))
    errors = [report.error for report in failed if report.error]
    assert {error.exit_status for error in errors} == {3}
    assert any(words in str(error) for error in errors)
    assert "partial" in {row["state"] for row in status_of(workspace).values()}
    assert contents(workspace)["repositories"]
    assert states(pulled(workspace, GitHubHost(RESOURCES))) == {"complete"}
    assert contents(workspace) == expected


def linking(target: Callable[[int], str], body: object) -> Fault:
    """Every page of workflow runs names a next one."""

    def fault(path: str, number: int) -> Answer | None:
        return Answer.of(body, link=f'<{target(number)}>; rel="next"') if f"/{RUNS}" in path else None

    return fault


RUN = RESOURCES[RUNS]["workflow_runs"][0]
ONE, NONE = {"total_count": 9, "workflow_runs": [RUN]}, {"total_count": 9, "workflow_runs": []}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (linking(lambda _: "https://evil.example.org/runs?page=2", ONE), r"another host \(evil\.example\.org\)"),
        (linking(lambda number: f"/{RUNS}?page={number}", ONE), "repeats a page"),
        (linking(lambda number: f"/{RUNS}?page={number}", NONE), "without end"),
        (linking(lambda _: f"https://api.github.com/{RUNS}?per_page=100", ONE), "read before"),
    ],
    ids=["elsewhere", "the same again", "empty for ever", "in a circle"],
)
def test_a_listing_that_leads_astray_ends_its_own_stream_only(
    fault: Fault, words: str, expected: Mapping[str, Any], tmp_path: Path
) -> None:
    workspace = workspace_in(tmp_path)
    host = GitHubHost(RESOURCES, fault=fault)
    failed = [report for report in pulled(workspace, host) if report.error]
    assert [report.stream for report in failed] == [f"workflow_runs {SCOPES[0]}"]
    assert failed[0].state == "partial"
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(str(failed[0].error))
    assert len([path for path in host.requests if f"/{RUNS}" in path]) <= 5
    assert states(pulled(workspace, GitHubHost(RESOURCES))) == {"complete"}
    assert contents(workspace) == expected


def test_the_token_does_not_follow_a_redirect_to_another_host(tmp_path: Path) -> None:
    """Neither with a page nor with a query in a body."""
    elsewhere: list[str | None] = []
    host = GitHubHost(RESOURCES)
    inner = host.transport()

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "elsewhere.example.org":
            elsewhere.append(request.headers.get("authorization"))
            return httpx.Response(404, json={"message": "Not Found"})
        if request.url.path in ("/graphql", f"/{RUNS}"):
            return httpx.Response(307, headers={"location": f"https://elsewhere.example.org{request.url.path}"})
        return inner.handler(request)  # type: ignore[return-value]

    pull(workspace_in(tmp_path), NOW, httpx.MockTransport(handle), environment={"TOKEN": TOKEN})
    assert elsewhere
    assert set(elsewhere) == {None}


def test_faults_at_random_leave_no_trace(expected: Mapping[str, Any], tmp_path: Path) -> None:
    """`python -m tests.bench.ingest` does it with 5,000 changes over sockets."""
    host = SlowHost(RESOURCES, largest_page=10, seed=3, fault_share=0.3)
    workspace = workspace_in(tmp_path)
    assert states(pulled(workspace, host)) == {"complete"}
    assert sum(host.faults.values()) >= 3
    assert contents(workspace) == expected


def test_a_query_that_is_too_much_for_the_host_is_asked_in_smaller_pages(
    expected: Mapping[str, Any], tmp_path: Path
) -> None:
    """The host gives up on more than six changes at once."""
    host = GitHubHost(RESOURCES)
    answer = host.answer

    def overtaxed(url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        asked = json.loads(body) if body else {}
        if asked.get("query", "").startswith("query Changes(") and asked["variables"]["first"] > 6:
            host.requests.append("/graphql")
            return Answer(502, b"", {})
        return answer(url, headers, body)

    host.answer = overtaxed  # type: ignore[method-assign]
    workspace = workspace_in(tmp_path)
    assert states(pulled(workspace, host)) == {"complete"}
    assert contents(workspace) == expected
