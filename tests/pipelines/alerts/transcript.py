"""`python -m tests.pipelines.alerts.transcript`: one finding's life as a web server and a mail server receive it.

The sample organisation's violation of tier 3 is opened, seen again, worsens, is acknowledged, and recovers, through
`tell_of_snapshot`, Apprise and real HTTP and SMTP on loopback; in between the web server fails for a while. Printed is
what arrived on the other end, and nothing else is kept.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipelines.alerts.acknowledge import acknowledge
from pipelines.alerts.after_build import Told, tell_of_snapshot
from pipelines.alerts.model import Finding
from tests.support.alerts import START, Builds, channel, workspace_with
from tests.support.receivers import MailReceiver, WebReceiver, mail_receiver, web_receiver

FINDING = Finding(
    "verdict/speed_vs_escape/3",
    "verdict",
    "3",
    "speed_vs_escape:3:quarter:2026-07-01",
    "high",
    START,
    "speed_vs_escape is violated in tier 3 (2026Q3). Rollback rate rose from 4.62 % to 10.9 % (n = 1,860 and 586)."
    " Look first at https://deploy.halyard.example/deployments/17198",
)
WORSE = replace(FINDING, severity="critical")
OTHER_END = 78
"""Columns of a line."""


def main() -> None:
    """Walk through the steps and print what each receiver got."""
    with tempfile.TemporaryDirectory() as folder, web_receiver() as web, mail_receiver() as mail:
        workspace = workspace_with(Path(folder), channel("ops"), channel("risk"))
        builds = Builds(workspace)
        world = builds.world(ops=web.address, risk=mail.address)

        def look(*findings: Finding) -> Told:
            builds.publish(findings)
            return tell_of_snapshot(workspace, world)

        def down() -> Told:
            web.status = 503
            told = look(WORSE)
            web.status = 200
            return told

        def taken() -> None:
            acknowledge(workspace, FINDING.finding_id, "Jo Example", "release held, rollback under way", world)

        steps: list[tuple[str, Callable[[], Told | None]]] = [
            ("a build finds it", lambda: look(FINDING)),
            ("the next build finds it again", lambda: look(FINDING)),
            ("it gets worse, and the web server answers 503", down),
            ("the next build; the web server is back", lambda: look(WORSE)),
            ('plumbline ack … --by "Jo Example"', taken),
            ("the next build finds it again", lambda: look(WORSE)),
            ("a build does not find it any more", look),
            ("the next build does not find it either", look),
        ]
        for says, act in steps:
            before = len(web.messages), len(mail.messages), web.requests
            told = act()
            print(f"\n{'=' * OTHER_END}\n{says}\n{'=' * OTHER_END}")
            for line in told.problems if told else ():
                print(f"plumbline says: {line}")
            show(web, mail, before)


def show(web: WebReceiver, mail: MailReceiver, before: tuple[int, int, int]) -> None:
    """What arrived since."""
    requests = web.requests - before[2]
    print(f"-- web server, {requests} requests, {len(web.messages) - before[0]} taken")
    for message in web.messages[before[0] :]:
        print(f"   [{message['type']}] {message['title']}")
        print("".join(f"   {line}\n" for line in message["message"].splitlines()), end="")
    print(f"-- mail server, {len(mail.messages) - before[1]} taken")
    for letter in mail.messages[before[1] :]:
        print(f"   From: {letter['From']}   To: {letter['To']}\n   Subject: {letter['Subject']}")
        body = letter.get_body(("plain", "html"))
        print("".join(f"   {line}\n" for line in (body.get_content() if body else "").splitlines() if line), end="")


if __name__ == "__main__":
    main()
