"""Issued briefs reach the channels that want them, once, with the PDF where a channel takes files."""

import sqlite3
from pathlib import Path

import pytest

from pipelines.alerts.delivery import World
from pipelines.alerts.ledger_file import FILE_NAME
from pipelines.issue_brief import issue_brief, issue_report, issued_periods, reissue_corrected
from schemas.alert_settings import AlertChannel
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace, load_workspace
from tests.support.receivers import MailReceiver, WebReceiver
from tests.support.small_workspace import built_small_workspace

CHANNELS = """
[[alerts.channels]]
name = "chat"
url_env = "CHAT"
[[alerts.channels]]
name = "mail"
url_env = "MAIL"
kinds = ["verdict"]
briefs = true
[[alerts.channels]]
name = "pager"
url_env = "PAGER"
kinds = ["verdict"]
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small workspace with three channels, of which one is for what is pressing; built."""
    made = built_small_workspace(tmp_path_factory, tmp_path_factory.mktemp("small"))
    settings = made.root / "plumbline.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + CHANNELS, encoding="utf-8")
    (made.state / FILE_NAME).unlink(missing_ok=True)  # the build's own messages are another test's matter
    return load_workspace(made.root)


def test_a_brief_is_sent_once_with_its_pdf_and_again_only_to_a_channel_that_failed(
    workspace: Workspace, web: WebReceiver, mail: MailReceiver
) -> None:
    addresses = {"CHAT": web.address, "MAIL": mail.address, "PAGER": web.address + "/pager"}
    world = World(environment=addresses)
    web.status = 500
    first = issue_brief(workspace, "2026-05", world=world)
    assert [file.suffix for file in first.brief.files] == [".html", ".pdf", ".csv", ".json", ".md"]
    assert all(file.exists() for file in first.brief.files)
    reports = {report.channel: (report.sent, report.waiting) for report in first.told}
    assert reports == {"chat": (0, 1), "mail": (1, 0)}
    [letter] = mail.messages
    assert "Monthly stability brief, May 2026" in str(letter["subject"])
    [attached] = [part for part in letter.walk() if part.get_filename()]
    assert attached.get_filename() == "stability-brief-2026-05.pdf"
    pdf = attached.get_payload(decode=True)
    assert pdf == (workspace.state / "briefs" / "stability-brief-2026-05.pdf").read_bytes()

    web.status = 200
    second = issue_report(workspace, "2026Q2", world=world)
    assert {report.channel: report.sent for report in second.told} == {"chat": 2, "mail": 1}
    assert [title.split(": ")[1] for title in web.titles] == [
        "Monthly stability brief, May 2026",
        "ROI report, Q2 2026",
    ]
    assert "No value is given in money" in web.messages[1]["message"]
    assert (SnapshotFolder(workspace.state).pins / second.brief.snapshot_id).exists()

    again = issue_brief(workspace, "2026-05", world=world)
    assert (again.was_there, again.told) == (True, [])
    assert again.brief.files == first.brief.files
    assert issued_periods(workspace) == [("stability-brief-", "2026-05"), ("roi-report-", "2026Q2")]
    assert reissue_corrected(workspace, world) == []
    assert len(web.messages) == 2


def test_a_channel_for_what_is_pressing_gets_no_briefs_unless_it_asks() -> None:
    def channel(**more: object) -> AlertChannel:
        return AlertChannel.model_validate({"name": "x", "url_env": "X"} | more)

    assert channel().wants_briefs
    assert not channel(kinds=["verdict"]).wants_briefs
    assert not channel(minimum_severity="high").wants_briefs
    assert channel(minimum_severity="high", briefs=True).wants_briefs
    assert not channel(briefs=False).wants_briefs


def test_a_record_of_alerts_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    from pipelines.alerts.ledger import open_ledger

    with sqlite3.connect(tmp_path / FILE_NAME) as old:
        old.executescript(
            "create table messages (message_id integer primary key autoincrement, finding_id text not null, episode"
            " integer not null, event text not null, severity text not null, title text not null, body text not null,"
            " written_at text not null);"
            "create table deliveries (message_id integer not null references messages, channel text not null, attempts"
            " integer not null default 0, last_attempt_at text, answer text, delivered_at text, primary key"
            " (message_id, channel));"
            "insert into messages values (1, 'f', 1, 'opened', 'high', 't', 'b', '2026-01-01T00:00:00Z');"
            "insert into deliveries (message_id, channel) values (1, 'chat'); pragma user_version = 1;"
        )
    with open_ledger(tmp_path) as ledger:
        [waiting] = ledger.waiting()
        assert (waiting.note.title, waiting.note.attachment, waiting.attempts) == ("t", None, 0)
