"""Alerts as received on the other end: told once, nothing lost, nothing doubled."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.alerts.acknowledge import acknowledge
from pipelines.alerts.after_build import tell_of_snapshot, waiting_lines
from pipelines.alerts.delivery import deliver
from pipelines.alerts.ledger import copy_of_ledger
from pipelines.alerts.ledger_file import FILE_NAME
from pipelines.alerts.model import Note
from pipelines.alerts.senders import AppriseSender, NotDelivered
from tests.support.alerts import ESCAPES, STALE, Builds, channel, workspace_with, worse
from tests.support.receivers import SECRET, MailReceiver, WebReceiver

OPENED = "test: speed_vs_escape in tier 3 (verdict, high)"


def test_a_finding_is_told_once_then_its_acknowledgement_and_its_end(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    world = builds.world(ops=web.address)
    builds.publish([ESCAPES])
    assert [report.sent for report in tell_of_snapshot(workspace, world).channels] == [1]
    assert web.titles == [OPENED]
    assert web.messages[0]["type"] == "failure"
    assert web.messages[0]["message"].splitlines()[0] == ESCAPES.reason
    assert f'plumbline ack "{ESCAPES.finding_id}"' in web.messages[0]["message"]

    builds.publish([ESCAPES])
    assert not tell_of_snapshot(workspace, world).channels
    assert deliver(workspace, world) == []
    assert len(web.messages) == 1

    acknowledge(workspace, ESCAPES.finding_id, "Jo", "rolled back, release held", world)
    assert web.titles[1:] == ["test: acknowledged by Jo: speed_vs_escape in tier 3 (verdict, high)"]
    assert web.messages[1]["message"].startswith("Jo: rolled back, release held")

    builds.publish([])
    tell_of_snapshot(workspace, world)
    builds.publish([])
    tell_of_snapshot(workspace, world)
    assert web.titles[2:] == ["test: recovered: speed_vs_escape in tier 3 (verdict, high)"]
    assert web.messages[2]["type"] == "success"


def test_the_same_by_mail(tmp_path: Path, mail: MailReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("post"))
    builds = Builds(workspace)
    world = builds.world(post=mail.address)
    for findings in ([ESCAPES], [ESCAPES], [replace(ESCAPES, closed_at=ESCAPES.opened_at + timedelta(days=1))]):
        builds.publish(findings)
        tell_of_snapshot(workspace, world)
    assert [message["subject"] for message in mail.messages] == [
        OPENED,
        "test: recovered: speed_vs_escape in tier 3 (verdict, high)",
    ]
    assert mail.recipients == ["risk@example.com"] * 2
    body = mail.messages[0].get_body(("plain", "html"))
    assert body is not None
    assert "rollbacks rose from 3 % to 6 %" in body.get_content()


def test_a_channel_that_was_down_gets_everything_once_and_in_order(
    tmp_path: Path, web: WebReceiver, mail: MailReceiver
) -> None:
    workspace = workspace_with(tmp_path, channel("ops"), channel("post"))
    builds = Builds(workspace)
    world = builds.world(ops=web.address, post=mail.address)
    web.status = 503
    builds.publish([ESCAPES])
    told = tell_of_snapshot(workspace, world)
    assert len(mail.messages) == 1  # one channel does not hold up the other
    assert web.requests == 3
    assert len(told.problems) == 1
    assert "1 waits for ops" in told.problems[0]

    builds.publish([STALE])  # the first is over before anybody could hear of it
    tell_of_snapshot(workspace, world)
    web.status = 200
    assert [report.sent for report in deliver(workspace, world)] == [3]
    titles = [
        OPENED,
        "test: github (stale source, medium)",
        "test: recovered: speed_vs_escape in tier 3 (verdict, high)",
    ]
    assert web.titles == titles
    assert [message["subject"] for message in mail.messages] == titles
    assert deliver(workspace, world) == []


def test_a_hiccup_is_retried_at_once(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    web.next_statuses = [500, 429]
    builds.publish([ESCAPES])
    assert tell_of_snapshot(workspace, builds.world(ops=web.address)).problems == []
    assert (web.requests, web.titles) == (3, [OPENED])


def test_mail_that_is_refused_waits(tmp_path: Path, mail: MailReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("post"))
    builds = Builds(workspace)
    world = builds.world(post=mail.address)
    mail.refuses = True
    builds.publish([ESCAPES])
    assert len(tell_of_snapshot(workspace, world).problems) == 1
    mail.refuses = False
    deliver(workspace, world)
    assert [message["subject"] for message in mail.messages] == [OPENED]


CRASH = """
import os, sys
from pathlib import Path
from pipelines.alerts.delivery import World, deliver
from pipelines.alerts.senders import AppriseSender
from schemas.workspace import load_workspace

class Dies:
    def send(self, address, note):
        if sys.argv[2] == "after":
            AppriseSender().send(address, note)
        os._exit(9)

deliver(load_workspace(Path(sys.argv[1])), World(sender=Dies()))
"""


@pytest.mark.parametrize(("when", "received"), [("before", [OPENED]), ("after", [OPENED, OPENED])])
def test_a_crash_may_repeat_a_message_but_loses_none(
    tmp_path: Path, web: WebReceiver, repository_root: Path, when: str, received: list[str]
) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    web.status = 503
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, builds.world(ops=web.address))
    web.status = 200
    died = subprocess.run(
        [sys.executable, "-c", CRASH, str(workspace.root), when],
        cwd=repository_root,
        env={**os.environ, "OPS": web.address},
        check=False,
    )
    assert died.returncode == 9
    deliver(workspace, builds.world(ops=web.address))
    assert web.titles == received
    assert deliver(workspace, builds.world(ops=web.address)) == []


def test_two_deliveries_at_once_send_each_message_once(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    web.status = 503
    builds.publish([ESCAPES, STALE])
    world = builds.world(ops=web.address)
    tell_of_snapshot(workspace, world)
    web.status = 200
    threads = [threading.Thread(target=deliver, args=(workspace, world)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(web.titles) == sorted([OPENED, "test: github (stale source, medium)"])


def test_many_messages_are_few_digests_that_name_each(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    many = [replace(ESCAPES, finding_id=f"finding-{number}", subject=f"subject {number}") for number in range(45)]
    builds.publish(many)
    (report,) = tell_of_snapshot(workspace, builds.world(ops=web.address)).channels
    assert report.sent == 45
    assert web.titles == ["test: 20 findings", "test: 20 findings", "test: 5 findings"]
    lines = [line for message in web.messages for line in message["message"].splitlines() if line.startswith("- ")]
    assert len(lines) == len(set(lines)) == 45
    assert "- subject 7 in tier 3 (verdict, high)" in lines
    assert web.messages[0]["type"] == "failure"


def test_no_part_of_an_address_is_told_or_kept(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    web.status = 403
    builds.publish([ESCAPES])
    (problem,) = tell_of_snapshot(workspace, builds.world(ops=web.address)).problems
    assert SECRET not in problem
    assert "JSON" in problem
    assert SECRET.encode() not in (workspace.state / FILE_NAME).read_bytes()


def test_an_answer_that_repeats_the_address_is_blanked(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.alerts.senders import redacted

    address = SecretStr("slack://Tabc12345/Bdef%2F6789/xyzXYZ?to=ann")
    text = redacted("POST to Tabc12345 Bdef/6789 Bdef%2F6789 xyzXYZ failed: Slackers\n at ann", address)
    assert text == "POST to *** ***/*** *** *** failed: Slackers at ann"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "environment variable OPS holds no address"),
        (f"htp//{SECRET}", "is no address"),
        ("json://", "is no address"),
    ],
)
def test_a_missing_or_wrong_address_waits_and_is_not_tried_again_at_once(
    tmp_path: Path, web: WebReceiver, address: str, says: str
) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    builds.publish([ESCAPES])
    (problem,) = tell_of_snapshot(workspace, builds.world(ops=address)).problems
    assert says in problem
    assert SECRET not in problem
    assert waiting_lines(workspace) == [problem]
    deliver(workspace, builds.world(ops=web.address))
    assert web.titles == [OPENED]


def test_an_address_may_lie_in_a_file_beside_the_workspace(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, '[[alerts.channels]]\nname = "ops"\nurl_file = "secrets/ops"\n')
    builds = Builds(workspace)
    builds.publish([ESCAPES])
    (problem,) = tell_of_snapshot(workspace, builds.world()).problems
    assert "secrets/ops: No such file" in problem
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "ops").write_text(web.address + "\n")
    deliver(workspace, builds.world())
    assert web.titles == [OPENED]


def test_what_waits_for_a_channel_that_is_gone_says_so(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, builds.world(ops=""))
    (report,) = deliver(workspace_with(tmp_path), builds.world())
    assert "names no such channel any more" in report.answer
    deliver(workspace, builds.world(ops=web.address))
    assert web.titles == [OPENED]


class Counting:
    """Takes nothing, and counts."""

    count = 0

    def send(self, address: SecretStr, note: Note) -> None:
        self.count += 1
        raise NotDelivered("not now")


def test_the_pause_between_runs_grows_to_an_hour(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds, sender = Builds(workspace), Counting()
    builds.publish([ESCAPES])
    world = builds.world(sender, ops="json://x")
    tell_of_snapshot(workspace, world)
    tried = []
    for minute in range(0, 300):
        before = sender.count
        deliver(workspace, world, only_due=True)
        if sender.count > before:
            tried.append(minute)
        builds.clock.instant += timedelta(minutes=1)
    pauses = [later - earlier for earlier, later in zip([0, *tried], tried, strict=False)]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    assert deliver(workspace, world)[0].waiting == 1  # whoever asks for it does not wait


def test_a_worse_finding_is_told_again_and_a_better_one_is_not(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    world = builds.world(ops=web.address)
    for finding in (ESCAPES, worse(ESCAPES), ESCAPES, worse(ESCAPES)):
        builds.publish([finding])
        tell_of_snapshot(workspace, world)
    assert web.titles == [OPENED, "test: worse than before: speed_vs_escape in tier 3 (verdict, critical)"]


def test_the_library_prints_nothing_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotDelivered):
        AppriseSender().send(SecretStr("json://127.0.0.1:9/x"), Note("t", "b", "opened", "high"))
    assert capfd.readouterr() == ("", "")


def test_the_ledger_says_who_was_told(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, builds.world(ops=web.address))
    with copy_of_ledger(workspace.state) as ledger:
        (alert,) = ledger.alerts()
        (told,) = ledger.deliveries(alert)
    assert (told["event"], told["channel"], told["delivered_at"], told["answer"]) == (
        "opened",
        "ops",
        "2026-11-01T06:00:00Z",
        None,
    )
