"""People: by pseudonym, unless the owner of the workspace turned names on. Authors and reviewers are in no snapshot.

Registers name who granted, decided and answers for something. A pseudonym is the same wherever the same name stands in
one workspace; it keeps names off the screen, not from somebody who holds the list of names.
"""

import re
from base64 import b32encode
from dataclasses import dataclass
from hashlib import blake2s

from dashboard.access import served
from dashboard.snapshots import Snapshot

PEOPLE = {
    "register_control_changes": ("owner",),
    "register_decisions": ("owner",),
    "register_exceptions": ("approver", "requested_by"),
    "register_phase_decisions": ("approvers",),
    "baselines": ("set_by",),
}
"""Columns that name people, by table."""
IN_TEXT = (
    re.compile(r"(?P<before>^|[;(] ?|decide; )(?P<name>[^;()]+?)(?P<after> attested (?:pass|fail) on )"),
    re.compile(r"(?P<before>\bset by )(?P<name>[^;,.]+(?:; [^;,.]+)*)(?P<after>$|[,.])"),
)
"""Sentences of the build that name people whom no register of a snapshot holds."""
BYTES = 3


@dataclass(frozen=True)
class People:
    """How names are shown. `known` are those of the registers, the longest first."""

    workspace: str
    known: tuple[str, ...]
    show_names: bool

    def shown(self, names: str | None) -> str:
        """A name, or several with semicolons between them, as the page may show it; a dash for none."""
        if not names:
            return "–"
        return "; ".join(self._one(name.strip()) for name in names.split(";"))

    def within(self, text: str | None) -> str:
        """A text in which names may stand."""
        if self.show_names or not text:
            return text or ""
        for pattern in IN_TEXT:
            text = pattern.sub(lambda m: f"{m['before']}{self.shown(m['name'])}{m['after']}", text)
        if not self.known:
            return text
        return re.sub("|".join(re.escape(name) for name in self.known), lambda m: self._one(m.group()), text)

    def _one(self, name: str) -> str:
        if self.show_names:
            return name
        digest = blake2s(name.encode(), key=self.workspace.encode()[:32], digest_size=BYTES).digest()
        return f"person-{b32encode(digest).decode().rstrip('=').lower()}"


def people_of(snapshot: Snapshot) -> People:
    """The people whom a snapshot's registers name."""
    found: set[str] = set()
    for table, columns in PEOPLE.items():
        if snapshot.rows_of(table):
            for column in columns:
                rows = snapshot.rows(f"select distinct {column} as name from {table} where {column} is not null")
                found |= {name.strip() for names in rows["name"] for name in names.split(";") if name.strip()}
    known = tuple(sorted(found, key=lambda name: (-len(name), name)))
    return People(snapshot.manifest.workspace, known, served().show_names)
