"""Sending one message through Apprise, which knows Slack, Teams, e-mail, PagerDuty, webhooks and a hundred more."""

import logging
import re
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from pydantic import SecretStr

from pipelines.alerts.model import Note
from schemas.errors import PlumblineError
from schemas.finding_kinds import rank

SECONDS_PER_MESSAGE = 20.0
"""A receiver that has not answered by then has not taken the message."""
SHORTEST_SECRET = 4
"""Parts of an address shorter than this would hide half of an answer's words."""


class NotDelivered(PlumblineError):
    """A receiver did not take a message; another attempt may succeed. Holds no part of the address."""


class AddressRefused(PlumblineError):
    """An address that no receiver can have, so that no other attempt helps."""


class Sender(Protocol):
    """Whatever brings a message to an address; the seam at which tests cut."""

    def send(self, address: SecretStr, note: Note) -> None:
        """Return when the receiver has taken the message.

        Raises:
            NotDelivered: it has not, with what it said.
            AddressRefused: the address is none.
        """


class AppriseSender:
    """Sends at once, in this process, and gives up after `SECONDS_PER_MESSAGE`."""

    def send(self, address: SecretStr, note: Note) -> None:
        """See `Sender`."""
        import apprise  # a tenth of a second, spared by whoever sends nothing

        # Its own messages come back with the result; without a handler Python would print them as well.
        logging.getLogger("apprise").addHandler(logging.NullHandler())
        asset = apprise.AppriseAsset(
            app_id="Plumbline", app_desc="Plumbline", async_mode=False, storage_mode=apprise.PersistentStoreMode.MEMORY
        )
        receiver = apprise.Apprise(asset=asset)
        if not receiver.add(address.get_secret_value()):
            raise AddressRefused(
                "what stands there is no address", "", "write it as Apprise does, such as slack://… or mailtos://…"
            )
        kind = _type_of(note)
        # A service that takes no files is sent the text alone; so is everybody when the file is gone.
        attached = note.attachment if note.attachment and Path(note.attachment).is_file() else None
        result = receiver.notify(
            body=note.body,
            title=note.title,
            notify_type=kind,
            body_format="text",
            attach=attached,
            timeout=SECONDS_PER_MESSAGE,
        )
        if not result:
            said = [entry.message for entry in result.logs() if entry.level in ("WARNING", "ERROR")]
            raise NotDelivered(redacted(" ".join(said), address) or "it was not taken, without a reason")


def _type_of(note: Note) -> str:
    """How a receiver shows the message: `failure`, `warning`, `info` or `success`, by which it picks a colour."""
    if note.event in ("opened", "worsened"):
        return "failure" if rank(note.severity) >= rank("high") else "warning"
    return "success" if note.event == "recovered" else "info"


def redacted(text: str, address: SecretStr) -> str:
    """A text without any part of an address but its first word, which names the service."""
    _, _, rest = address.get_secret_value().partition("://")
    parts = {part for written in (rest, unquote(rest)) for part in re.split(r"[/:@?&=,;\s]+", written)}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= SHORTEST_SECRET:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "***", text)
    return " ".join(text.split()).removesuffix(".")
