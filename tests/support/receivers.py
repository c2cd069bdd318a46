"""Receivers of alerts on loopback: a web server and a mail server that take real messages, and can be made to fail."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from pipelines.local_server import LOOPBACK, free_port

SECRET = "T0pSecretToken"
"""A part of every address here that must never be seen again."""


@dataclass
class WebReceiver:
    """Takes JSON messages at `address`; answers with `status`, or with the statuses of `next_statuses` first."""

    port: int = 0
    status: int = 200
    next_statuses: list[int] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    """What was taken, that is: answered with 200."""
    requests: int = 0

    @property
    def address(self) -> str:
        """As Apprise writes it."""
        return f"json://127.0.0.1:{self.port}/hooks/{SECRET}"

    @property
    def titles(self) -> list[str]:
        """Titles of what was taken, in order."""
        return [message["title"] for message in self.messages]


@contextmanager
def web_receiver() -> Iterator[WebReceiver]:
    """A web server on a free port."""
    receiver = WebReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - the name that http.server asks for
            content = json.loads(self.rfile.read(int(self.headers["content-length"])))
            receiver.requests += 1
            status = receiver.next_statuses.pop(0) if receiver.next_statuses else receiver.status
            if status == 200:
                receiver.messages.append(content)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class MailReceiver:
    """Takes mail over SMTP at `address`; refuses it while `refuses`."""

    port: int = 0
    refuses: bool = False
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """As Apprise writes it: without encryption, which loopback does not need."""
        return f"mailto://127.0.0.1:{self.port}/?from=plumbline@example.com&to=risk@example.com&mode=insecure"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take one mail: the name that aiosmtpd asks for."""
        if self.refuses:
            return "451 Not now"
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 Taken"


@contextmanager
def mail_receiver() -> Iterator[MailReceiver]:
    """A mail server on a free port."""
    receiver = MailReceiver(free_port(0))
    controller = Controller(receiver, hostname=LOOPBACK, port=receiver.port)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()
