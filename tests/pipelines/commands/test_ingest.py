"""The command: exit status, what it prints where, and options that make no sense."""

import json
from pathlib import Path
from typing import Any

import pytest
import stamina

from pipelines.cli import run
from tests.support.pulling import make_workspace, rows_of
from tests.support.replay import Answer, ReplayHost

PAYMENTS = "acme/payments"


@pytest.fixture
def host(repository_root: Path) -> ReplayHost:
    folder = repository_root / "sample_data" / "payloads" / "github"
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name != "source.json":
            found |= json.loads(path.read_text(encoding="utf-8"))
    return ReplayHost(found)


def arguments(folder: Path, base_url: str, *more: str) -> list[str]:
    make_workspace(folder, kind="github", name="work", base_url=base_url, repositories=[PAYMENTS])
    return ["--workspace", str(folder), "ingest", *more]


def test_a_pull_over_http_prints_what_came(
    host: ReplayHost, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with host.serving() as base_url:
        assert run(arguments(tmp_path, base_url)) == 0
    said = capsys.readouterr()
    lines = {line.split()[1]: line.split() for line in said.out.splitlines()}
    assert lines["pull_requests"] == ["work", "pull_requests", PAYMENTS, "complete", "31", "37", "37", "0", "0"]
    assert said.err.splitlines()[0] == f"work: repository {PAYMENTS}"


def test_json_for_machines(host: ReplayHost, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with host.serving() as base_url:
        assert run(arguments(tmp_path, base_url, "--json", "work")) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["requests"] == len(host.requests)
    deployments = next(item for item in facts["streams"] if item["stream"] == f"deployments {PAYMENTS}")
    assert deployments["rows"]["deployments"] == {
        "read": 9,
        "new": 9,
        "changed": 0,
        "unchanged": 0,
        "quarantined": 0,
    }


def test_retries_leave_no_trace_in_what_is_printed(
    host: ReplayHost, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a real back-off, once."""
    host.fault = lambda _, number: Answer.of({}, 502) if number == 2 else None
    with host.serving() as base_url:
        assert run(arguments(tmp_path, base_url, "--json")) == 0
    said = capfd.readouterr()
    assert json.loads(said.out)["requests"] == len(host.requests)
    assert "stamina" not in said.err


def test_a_source_that_breaks_off_is_exit_3_and_one_line(
    host: ReplayHost, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host.fault = lambda target, _: Answer.of({}, 500) if "/deployments" in target else None
    with host.serving() as base_url, stamina.set_testing(True, attempts=6):
        assert run(arguments(tmp_path, base_url)) == 3
    said = capsys.readouterr()
    errors = [line for line in said.err.splitlines() if line.startswith("plumbline:")]
    assert errors == [
        f'plumbline: source "work", {base_url}/repos/{PAYMENTS}/deployments: answered 500, 6 times in a row; '
        "what arrived is kept, run ingest again to go on"
    ]
    assert f"deployments {PAYMENTS}    partial" in said.out


def test_a_refused_token_is_exit_2(host: ReplayHost, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host.fault = lambda *_: Answer.of({"message": "Bad credentials"}, 401)
    with host.serving() as base_url:
        assert run(arguments(tmp_path, base_url)) == 2
    assert "refused the token (401)" in capsys.readouterr().err


def test_an_unknown_host_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments(tmp_path, "https://git.plumbline.invalid")) == 2
    assert "the host git.plumbline.invalid is not known; check base_url" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--since", "soon"], "'soon' is no date"),
        (["--since", "2026-01-31T12:00:00"], "needs a zone"),
        (["nowhere"], "there is no source 'nowhere'"),
    ],
)
def test_options_that_make_no_sense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert run(arguments(tmp_path, "https://git.plumbline.invalid", *more)) == 2
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1


def test_since_is_midnight_in_the_workspaces_zone(host: ReplayHost, tmp_path: Path) -> None:
    """The change of 2025-03-14T09:00Z is before that midnight in Honolulu, and after it in UTC."""
    with host.serving() as base_url:
        command = arguments(tmp_path, base_url, "--since", "2025-03-14")
        path = tmp_path / "plumbline.toml"
        path.write_text('timezone = "Pacific/Honolulu"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
        assert run(command) == 0
    workspace = make_workspace(tmp_path, kind="github", name="work", base_url=base_url, repositories=[PAYMENTS])
    assert rows_of(workspace, "SELECT number FROM warehouse.changes ORDER BY number") == [{"number": 5}]
