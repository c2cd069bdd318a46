"""Over real loopback HTTP: who is let in, what is on disk when the sender is answered, and what the log says."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from pipelines.hooks.prepared import prepared_hooks
from pipelines.hooks.spool import FILE_NAME, Spool
from schemas.errors import ConfigurationError
from schemas.workspace import Workspace
from tests.support.hooks import CONFIGURATION, SECRET, github_headers, hexadecimal, hook_workspace, receiving

BODY = b'{"action": "opened"}'


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return hook_workspace(tmp_path)


def kept(workspace: Workspace, hook: str = "github") -> list[bytes]:
    return [each.delivery.body for each in Spool(workspace.state).waiting(hook, 100)]


def test_a_signed_delivery_is_on_disk_when_it_is_answered(workspace: Workspace) -> None:
    with receiving(workspace) as sending:
        answer = sending.post("github", BODY, github_headers("pull_request", BODY))
        assert (answer.status_code, answer.json()) == (200, {"outcome": "kept"})
        with sqlite3.connect(workspace.state / FILE_NAME) as connection:
            assert connection.execute("select hook, event, body, state from deliveries").fetchall() == [
                ("github", "pull_request", BODY, "waiting")
            ]
    (line,) = sending.log
    assert line.as_text().endswith("200 github pull_request 72d3162e-cc78-11e3: kept (20 bytes)")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": f"sha256={hexadecimal(BODY, 'another')}"},
        {"X-Hub-Signature-256": f"sha256={hexadecimal(BODY + b' ')}"},
        {"X-Hub-Signature-256": hexadecimal(BODY)},
        {"X-Hub-Signature-256": f"sha256={hexadecimal(BODY)[:-1]}"},
        {"X-Hub-Signature": "sha1=6f3d7c5d"},
        {"X-Gitlab-Token": SECRET},
        {"X-Hub-Signature-256": "sha256=ünïcode".encode().decode("latin-1")},
    ],
)
def test_a_wrong_signature_is_401_and_nothing_is_kept(workspace: Workspace, headers: dict[str, str]) -> None:
    with receiving(workspace) as sending:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        answer = httpx.post(f"{sending.address}/hooks/github", content=BODY, headers=raw)
        assert (answer.status_code, answer.json()) == (401, {"outcome": "wrong signature"})
    assert not Spool(workspace.state).exists


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"3", b'"text"', b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b"[1]"]
)
def test_what_is_no_json_object_is_400(workspace: Workspace, body: bytes) -> None:
    with receiving(workspace) as sending:
        assert sending.post("github", body, github_headers("pull_request", body)).status_code == 400
    assert not Spool(workspace.state).exists


def test_an_unknown_event_is_202_and_kept_as_it_came(workspace: Workspace) -> None:
    with receiving(workspace) as sending:
        assert sending.post("github", BODY, github_headers("star", BODY)).status_code == 202
    assert kept(workspace) == [BODY]


def test_the_same_content_is_kept_once_whatever_its_number(workspace: Workspace) -> None:
    """A delivery's number is not signed, so a replay may bear a new one."""
    with receiving(workspace) as sending:
        first = sending.post("github", BODY, github_headers("pull_request", BODY, "1"))
        again = sending.post("github", BODY, github_headers("pull_request", BODY, "2"))
    assert (first.json()["outcome"], again.status_code, again.json()["outcome"]) == ("kept", 200, "known already")
    assert kept(workspace) == [BODY]


def test_larger_than_allowed_is_413_with_or_without_a_declared_length(workspace: Workspace) -> None:
    body = json.dumps({"text": "x" * 2_000}).encode()
    headers = github_headers("pull_request", body)
    with receiving(workspace, maximum_bytes=1_000) as sending:
        assert sending.post("github", body, headers).status_code == 413
        pieces = httpx.post(f"{sending.address}/hooks/github", content=iter([body[:600], body[600:]]), headers=headers)
        assert pieces.status_code == 413
    assert not Spool(workspace.state).exists


def test_a_sender_that_does_not_go_on_is_408(workspace: Workspace) -> None:
    told = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b'{"a":'
        told.wait(20)
        yield b"1}"

    with receiving(workspace, body_seconds=0.05) as sending, httpx.Client() as client:
        # The answer comes while the sender still holds back; it is freed then.
        thread = threading.Timer(0.5, told.set)
        thread.start()
        answer = client.post(f"{sending.address}/hooks/github", content=pieces())
        thread.join()
    assert answer.status_code == 408


def test_other_addresses_and_methods(workspace: Workspace) -> None:
    with receiving(workspace) as sending:
        assert sending.post("nobody", BODY, github_headers("pull_request", BODY)).status_code == 404
        assert httpx.get(f"{sending.address}/hooks/github").status_code == 405
        assert httpx.get(f"{sending.address}/healthz").json() == {"status": "ok"}


def test_a_form_is_unpacked(workspace: Workspace) -> None:
    body = b"payload=" + quote(BODY).encode()
    headers = {**github_headers("pull_request", body), "Content-Type": "application/x-www-form-urlencoded"}
    with receiving(workspace) as sending:
        assert sending.post("github", body, headers).status_code == 200
    assert kept(workspace) == [BODY]


def test_a_file_of_several_secrets_is_read_anew_for_each_delivery(tmp_path: Path) -> None:
    workspace = hook_workspace(tmp_path, CONFIGURATION.replace('secret_env = "SECRET"', 'secret_file = "secret"'))
    (tmp_path / "secret").write_text("old\n")
    with receiving(workspace, {}) as sending:

        def status(secret: str) -> int:
            body = json.dumps({"secret": secret}).encode()
            headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={hexadecimal(body, secret)}"}
            return sending.post("github", body, headers).status_code

        assert (status("old"), status("new")) == (202, 401)
        (tmp_path / "secret").write_text("new\nold\n")
        assert (status("old "), status("new")) == (401, 202)
        (tmp_path / "secret").unlink()
        assert status("old") == 500
    assert "secret_file" in sending.log[-1].outcome


def test_the_log_is_a_line_a_delivery_without_secret_or_trickery(workspace: Workspace) -> None:
    headers = {**github_headers("pull_request", BODY), "X-GitHub-Delivery": "1\tkept\x1b[2K" + "9" * 200}
    with receiving(workspace) as sending:
        sending.post("github", BODY, headers)
        sending.post("github", BODY, {"X-Hub-Signature-256": SECRET})
    lines = [line.as_text() for line in sending.log]
    assert all(line.isprintable() and len(line) < 200 for line in lines)
    assert SECRET not in "".join(lines)


def test_a_disk_that_takes_nothing_is_503(workspace: Workspace) -> None:
    workspace.state.mkdir()
    (workspace.state / FILE_NAME).write_bytes(b"not a database at all" * 100)
    with receiving(workspace) as sending:
        answer = sending.post("github", BODY, github_headers("pull_request", BODY))
    assert (answer.status_code, answer.json()) == (503, {"outcome": "not kept, try again later"})
    assert "not a database" in sending.log[0].outcome


def test_many_senders_at_once_lose_nothing(workspace: Workspace) -> None:
    bodies = [json.dumps({"number": number}).encode() for number in range(60)]
    with receiving(workspace) as sending:

        def send(some: list[bytes]) -> None:
            with httpx.Client() as client:
                for body in some:
                    found = client.post(
                        f"{sending.address}/hooks/github", content=body, headers=github_headers("push", body)
                    )
                    assert found.status_code == 202

        threads = [threading.Thread(target=send, args=(bodies[start::6],)) for start in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(kept(workspace)) == sorted(bodies)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "deployments"', 'kind = "gitea"', "kind 'gitea' is not known"),
        ('source = "github"', 'source = "gitlab"', "there is no source 'gitlab'; name one of github"),
        ('source = "github"\n', "", "source is missing; name one of github"),
    ],
)
def test_a_hook_that_cannot_be_followed_is_told(tmp_path: Path, old: str, new: str, words: str) -> None:
    workspace = hook_workspace(tmp_path, CONFIGURATION.replace(old, new))
    with pytest.raises(ConfigurationError, match=words):
        prepared_hooks(workspace, {})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "deploys"', 'name = "github"', "two hooks are called 'github'"),
        ('name = "deploys"\nsecret_env = "SECRET"', 'name = "deploys"', "needs either secret_env or secret_file"),
        ('kind = "github"\nname = "github"\nrep', 'kind = "github"\nname = "hooks"\nrep', "cannot be called 'hooks'"),
        ('secret_env = "SECRET"', 'secret_env = "s3cr3t!"', "must be the name of an environment variable"),
    ],
)
def test_settings_that_make_no_sense_name_their_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        hook_workspace(tmp_path, CONFIGURATION.replace(old, new))
    assert "s3cr3t" not in str(caught.value)


def test_a_delivery_knows_when_it_came(workspace: Workspace) -> None:
    with receiving(workspace, clock=lambda: 1_780_000_000.25) as sending:
        sending.post("github", BODY, github_headers("pull_request", BODY))
    (waiting,) = Spool(workspace.state).waiting("github", 10)
    assert waiting.delivery.received_at == datetime.fromtimestamp(1_780_000_000.25, UTC)
