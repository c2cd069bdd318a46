"""What a pull does with sources that fail: nothing lost, nothing twice, one line, the contract's exit status."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from pipelines.connectors.base import parse_instant
from pipelines.connectors.transport import ATTEMPTS
from pipelines.warehouse import Warehouse
from schemas.errors import ConfigurationError, SourceError, WarehouseLocked
from schemas.workspace import Workspace, load_workspace
from tests.support.pulling import contents, make_workspace, pull, rows_of, status_of
from tests.support.replay import Answer, Fault, ReplayHost

NOW, LATER = "2025-03-20T10:00:00+00:00", "2025-03-20T11:00:00+00:00"
PAYMENTS = "acme/payments"
HTML = Answer(200, b"<html>Sign in</html>", {"content-type": "text/html"})


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


@pytest.fixture(scope="module")
def resources(repository_root: Path) -> dict[str, Any]:
    folder = repository_root / "sample_data" / "payloads" / "github"
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name != "source.json":
            found |= json.loads(path.read_text(encoding="utf-8"))
    return found


def workspace_in(folder: Path, *repositories: str, **more: object) -> Workspace:
    return make_workspace(folder, kind="github", name="work", repositories=list(repositories or [PAYMENTS]), **more)


def two_repositories(resources: dict[str, Any]) -> dict[str, Any]:
    """The sample repository, and the same again under another name."""
    text = json.dumps(resources)
    return {**resources, **json.loads(text.replace(PAYMENTS, "acme/ledger"))}


def answering(fragment: str, answer: Answer) -> Fault:
    return lambda target, _: answer if fragment in target else None


def test_a_stream_that_breaks_off_keeps_its_cursor_and_does_not_stop_the_others(
    resources: dict[str, Any], tmp_path: Path
) -> None:
    workspace = workspace_in(tmp_path)
    broken = ReplayHost(resources, fault=answering("/pulls/3/commits", Answer.of({}, 502)))
    reports = {report.stream.split()[0]: report for report in pull(workspace, NOW, broken.transport())}
    assert {name: report.state for name, report in reports.items()} == {
        "repository": "complete",
        "issues": "complete",
        "pull_requests": "partial",
        "deployments": "complete",
        "workflow_runs": "complete",
    }
    assert isinstance(reports["pull_requests"].error, SourceError)
    assert status_of(workspace)[f"pull_requests {PAYMENTS}"]["state"] == "partial"
    pull(workspace, LATER, ReplayHost(resources).transport())
    assert {row["state"] for row in status_of(workspace).values()} == {"complete"}
    whole = workspace_in(tmp_path / "whole")
    pull(whole, NOW, ReplayHost(resources).transport())
    assert contents(workspace) == contents(whole)


def test_a_refused_token_stops_the_source_with_exit_status_2(resources: dict[str, Any], tmp_path: Path) -> None:
    host = ReplayHost(resources, fault=lambda *_: Answer.of({"message": "Bad credentials"}, 401))
    workspace = workspace_in(tmp_path, PAYMENTS, "acme/ledger", token_env="WORK_TOKEN")
    reports = pull(workspace, NOW, host.transport(), environment={"WORK_TOKEN": "made-up-0123456789"})
    assert [report.state for report in reports] == ["refused"]
    assert reports[0].error is not None
    assert reports[0].error.exit_status == 2
    assert str(reports[0].error) == (
        'source "work", https://api.github.com/repos/acme/payments: refused the token (401); '
        "put a valid one into environment variable WORK_TOKEN"
    )
    assert len(host.requests) == 1


def test_a_token_that_is_refused_midway_leaves_the_source_partial(resources: dict[str, Any], tmp_path: Path) -> None:
    host = ReplayHost(resources, fault=lambda _, number: Answer.of({}, 401) if number > 12 else None)
    reports = pull(workspace_in(tmp_path), NOW, host.transport())
    assert [report.state for report in reports] == ["complete", "complete", "partial", "partial", "partial"]


def test_a_login_page_in_place_of_the_api(resources: dict[str, Any], tmp_path: Path) -> None:
    reports = pull(workspace_in(tmp_path), NOW, ReplayHost(resources, fault=lambda *_: HTML).transport())
    assert [(report.state, "text/html" in str(report.error)) for report in reports] == [("refused", True)]


def test_a_repository_that_is_not_there_does_not_stop_the_others(resources: dict[str, Any], tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, "acme/nowhere", PAYMENTS)
    reports = pull(workspace, NOW, ReplayHost(resources).transport())
    assert [report.stream for report in reports if report.error] == ["repository acme/nowhere"]
    assert isinstance(reports[0].error, ConfigurationError)
    assert "acme/nowhere is not there, or the token may not see it" in str(reports[0].error)
    assert len(contents(workspace)["changes"]) == 7


def test_three_failing_streams_in_a_row_end_the_source(resources: dict[str, Any], tmp_path: Path) -> None:
    host = ReplayHost(two_repositories(resources), fault=lambda _, number: Answer.of({}, 500) if number > 1 else None)
    reports = pull(workspace_in(tmp_path, PAYMENTS, "acme/ledger", concurrency=1), NOW, host.transport())
    assert [report.state for report in reports] == ["complete", "partial", "partial", "partial"]


def test_a_source_that_fails_does_not_keep_the_next_from_being_read(resources: dict[str, Any], tmp_path: Path) -> None:
    workspace_in(tmp_path)
    text = (tmp_path / "plumbline.toml").read_text(encoding="utf-8")
    other = text.partition("[[sources]]")[2].replace('"work"', '"other"').replace(PAYMENTS, "acme/nowhere")
    (tmp_path / "plumbline.toml").write_text(text.replace("[[sources]]", f"[[sources]]{other}\n[[sources]]"))
    reports = pull(load_workspace(tmp_path), NOW, ReplayHost(resources).transport())
    assert [(report.source, report.state) for report in reports] == [
        ("other", "refused"),
        *[("work", "complete")] * 5,
    ]


@pytest.mark.parametrize("record", [{"number": 7}, "text", {"updated_at": None, "number": 1}, None])
def test_an_answer_of_another_shape_is_told_without_a_traceback(
    resources: dict[str, Any], tmp_path: Path, record: object
) -> None:
    host = ReplayHost({**resources, f"repos/{PAYMENTS}/pulls": [record]})
    reports = pull(workspace_in(tmp_path), NOW, host.transport())
    failed = [report for report in reports if report.error]
    assert [report.stream for report in failed] == [f"pull_requests {PAYMENTS}"]
    assert "sent a record that could not be read" in str(failed[0].error)


def test_a_row_that_breaks_its_schema_is_quarantined_and_the_rest_goes_in(
    resources: dict[str, Any], tmp_path: Path
) -> None:
    review = {"id": 1, "user": None, "state": "SHRUGGED", "submitted_at": "yesterday", "body": ""}
    address = f"repos/{PAYMENTS}/pulls/1/reviews"
    host = ReplayHost({**resources, address: [*resources[address], review]})
    workspace = workspace_in(tmp_path)
    pull(workspace, NOW, host.transport())
    quarantined = rows_of(workspace, 'SELECT "column", value FROM warehouse.quarantine ORDER BY "column"')
    assert quarantined == [
        {"column": "state", "value": "SHRUGGED"},
        {"column": "submitted_at", "value": "yesterday"},
    ]
    assert len(contents(workspace)["reviews"]) == 8


def test_a_pull_killed_anywhere_and_run_again_is_as_if_it_had_not_been(
    resources: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small batches, and the process ended at requests chosen once; what was stored before is not asked for again."""
    monkeypatch.setattr("pipelines.connectors.github_reading.THINGS_PER_BATCH", 2)
    whole = workspace_in(tmp_path / "whole")
    uninterrupted = ReplayHost(resources, largest_page=3)
    pull(whole, NOW, uninterrupted.transport())
    expected, needed = contents(whole), len(uninterrupted.requests)
    for at in sorted(random.Random(7).sample(range(1, needed + 1), 5)):

        def kill(_: str, number: int, at: int = at) -> None:
            if number == at:
                raise Killed

        workspace = workspace_in(tmp_path / str(at))
        killed = ReplayHost(resources, largest_page=3, fault=kill)
        with pytest.raises(Killed):
            pull(workspace, NOW, killed.transport())
        resumed = ReplayHost(resources, largest_page=3)
        pull(workspace, NOW, resumed.transport())
        assert contents(workspace) == expected, f"killed at request {at}"
        assert {row["state"] for row in status_of(workspace).values()} == {"complete"}


def test_what_an_interrupted_pull_has_read_is_not_asked_for_again(
    resources: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.connectors.github_reading.THINGS_PER_BATCH", 2)
    workspace = workspace_in(tmp_path)
    pull(workspace, NOW, ReplayHost(resources, fault=answering("/pulls/1/commits", HTML)).transport())
    resumed = ReplayHost(resources)
    reports = pull(workspace, LATER, resumed.transport())
    assert {report.state for report in reports} == {"complete"}
    read = {path.partition("/pulls/")[2].partition("/")[0] for path in resumed.requests if "/pulls/" in path}
    # 2 is the last that was stored: others of its second may not have been. 5 lies in the overlap.
    assert read == {"1", "2", "5"}
    assert len(contents(workspace)["changes"]) == 7


def test_what_changed_while_a_pull_was_down_is_read_by_the_next(
    resources: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that was read before the interruption and updated after it is above the span that is skipped."""
    monkeypatch.setattr("pipelines.connectors.github_reading.THINGS_PER_BATCH", 2)
    workspace = workspace_in(tmp_path)
    pull(workspace, NOW, ReplayHost(resources, fault=answering("/pulls/1/commits", HTML)).transport())
    address = f"repos/{PAYMENTS}/pulls"
    renamed = {**resources[f"{address}/7"], "title": "Another title", "updated_at": "2025-03-20T10:30:00Z"}
    listed = [renamed if item["number"] == 7 else item for item in resources[address]]
    moved = {**resources, address: listed, f"{address}/7": renamed}
    pull(workspace, LATER, ReplayHost(moved).transport())
    titles = rows_of(workspace, "SELECT title FROM warehouse.changes WHERE number = 7")
    assert titles == [{"title": "Another title"}]


def test_what_arrived_before_the_fault_is_kept(resources: dict[str, Any], tmp_path: Path) -> None:
    """Also of a batch that was not full yet; the pull request at fault is left out whole."""
    workspace = workspace_in(tmp_path)
    broken = ReplayHost(resources, fault=answering("/pulls/7/commits", Answer.of({}, 500)))
    pull(workspace, NOW, broken.transport())
    assert {row["number"] for row in contents(workspace)["changes"]} == {5, 6}
    assert {row["change_id"].partition("#")[2] for row in contents(workspace)["commits"]} == {"5", "6"}


def test_all_repositories_of_an_owner(resources: dict[str, Any], tmp_path: Path) -> None:
    both = two_repositories(resources)
    listed = [{"full_name": PAYMENTS}, {"full_name": "acme/ledger"}]
    for address in ("orgs/acme/repos", "users/acme/repos"):
        workspace = workspace_in(tmp_path / address, "acme/*")
        pull(workspace, NOW, ReplayHost({**both, address: listed}, largest_page=1).transport())
        found = [row["repo_id"] for row in contents(workspace)["repositories"]]
        assert found == ["github.com:acme/ledger", "github.com:acme/payments"]
    nobody = pull(workspace_in(tmp_path / "nobody", "nobody/*"), NOW, ReplayHost(both).transport())
    assert [(report.stream, report.state) for report in nobody] == [("streams", "refused")]


def test_since_does_not_leave_a_hole_below_it(resources: dict[str, Any], tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    pull(workspace, NOW, ReplayHost(resources).transport(), since=parse_instant("2025-03-12T00:00:00Z"))
    assert {row["number"] for row in contents(workspace)["changes"]} == {5, 6}
    pull(workspace, LATER, ReplayHost(resources).transport(), since=parse_instant("2025-03-19T00:00:00Z"))
    assert {row["number"] for row in contents(workspace)["changes"]} == {5, 6}
    pull(workspace, LATER, ReplayHost(resources).transport(), since=parse_instant("2025-01-01T00:00:00Z"))
    assert len(contents(workspace)["changes"]) == 7


def test_a_defect_that_loses_its_label_is_taken_back(resources: dict[str, Any], tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    pull(workspace, NOW, ReplayHost(resources).transport())
    address = f"repos/{PAYMENTS}/issues"
    relabelled = [
        {**item, "labels": [], "updated_at": "2025-03-20T10:30:00Z"} if item["number"] == 22 else item
        for item in resources[address]
    ]
    pull(workspace, LATER, ReplayHost({**resources, address: relabelled}).transport())
    living = rows_of(workspace, "SELECT defect_id FROM warehouse.defects WHERE NOT deleted")
    assert living == [{"defect_id": "github.com:acme/payments#20"}]


def test_issues_that_are_turned_off_are_none(resources: dict[str, Any], tmp_path: Path) -> None:
    gone = Answer.of({"message": "Issues has been disabled in this repository."}, 410)
    reports = pull(workspace_in(tmp_path), NOW, ReplayHost(resources, fault=answering("/issues?", gone)).transport())
    assert {report.state for report in reports} == {"complete"}


def test_a_host_whose_clock_is_behind_ours_is_read_from_its_own_time_on(
    resources: dict[str, Any], tmp_path: Path
) -> None:
    """By our clock the pull was at 10:00; the host's said 08:00, and what it dates 08:30 came later."""
    workspace = workspace_in(tmp_path)

    def at_eight(target: str, _: int) -> Answer | None:
        if target != f"/repos/{PAYMENTS}":
            return None
        return Answer.of(resources[f"repos/{PAYMENTS}"], date="Thu, 20 Mar 2025 08:00:00 GMT")

    pull(workspace, NOW, ReplayHost(resources, fault=at_eight).transport())
    cursor = json.loads(status_of(workspace)[f"pull_requests {PAYMENTS}"]["cursor"])
    assert cursor["since"] == "2025-03-20T07:50:00Z"


def test_the_token_is_in_nothing_that_is_kept(resources: dict[str, Any], tmp_path: Path) -> None:
    token = "made-up-0123456789"
    workspace = workspace_in(tmp_path, token_file="token.txt")
    (tmp_path / "token.txt").write_text(f"{token}\n", encoding="utf-8")
    host = ReplayHost(resources, fault=answering("/deployments", Answer.of({"message": f"not with {token}"}, 403)))
    reports = pull(workspace, NOW, host.transport())
    assert set(host.authorizations) == {f"Bearer {token}"}
    assert "***" in str(reports[-2].error)
    kept = [path.read_bytes() for path in workspace.state.rglob("*") if path.is_file()]
    assert len(kept) > 3
    assert [content for content in kept if token.encode() in content] == []


def test_a_second_writer_is_told_who_holds_the_warehouse(resources: dict[str, Any], tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    with Warehouse.open(workspace, write=True), pytest.raises(WarehouseLocked):
        pull(workspace, NOW, ReplayHost(resources).transport())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "gitbub"}, "kind 'gitbub' is not known"),
        ({"repositorys": ["a/b"]}, "repositorys is not a known key"),
        ({"repositories": []}, "repositories"),
        ({"repositories": ["payments"]}, "repositories.0"),
        ({"token_env": "WORK_TOKEN"}, "environment variable WORK_TOKEN is not set"),
        ({"token_file": "nowhere.txt"}, "nowhere.txt: No such file"),
        ({"token_env": "WORK_TOKEN", "token_file": "x"}, "are both set"),
        ({"base_url": "http://git.example.com", "token_env": "GIVEN"}, "unencrypted"),
        ({"token_env": "TWO_WORDS"}, "is no token"),
    ],
)
def test_wrong_settings_are_told_before_any_request(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    workspace = make_workspace(tmp_path, **{"kind": "github", "name": "work", "repositories": [PAYMENTS], **settings})
    host = ReplayHost({})
    with pytest.raises(ConfigurationError, match="work") as caught:
        pull(workspace, NOW, host.transport(), environment={"GIVEN": "secret-value", "TWO_WORDS": "secret value"})
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
    assert host.requests == []


def test_no_source_and_an_unknown_source(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    with pytest.raises(ConfigurationError, match="there is no source 'x'.*name one of work"):
        pull(workspace, NOW, names=["x"])
