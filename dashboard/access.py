"""Who reads: nobody in particular on this machine, elsewhere whom the OIDC provider vouches for, with a role and teams.

A claim decides, never the address or anything else that a browser sends. Without the settings of a log-in the dashboard
is open, which `plumbline serve` allows on the loopback interface alone.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from dashboard.components import state
from schemas.access_settings import EVERYBODY, SERVED_VARIABLE, Access, Role, Served

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Reader:
    """Somebody who may read. `teams` are those whose figures they may see, None for every team's."""

    role: Role
    teams: tuple[str, ...] | None = None
    name: str = ""

    @property
    def sees_rejected_values(self) -> bool:
        """Values of rejected rows may hold anything, so that the owner alone sees them."""
        return self.role == "owner"


ON_THIS_MACHINE = Reader("owner")
"""Who can start the dashboard can read the files behind it."""


def served() -> Served:
    """What the dashboard was started with."""
    return Served.model_validate_json(os.environ.get(SERVED_VARIABLE, "{}"))


def current_reader() -> Reader | None:
    """Who reads; None where nobody does who may, and then the page already says so."""
    access = served().access
    if access is None:
        return ON_THIS_MACHINE
    if not st.user.get("is_logged_in"):
        _log_in(
            "Log in to see this dashboard", "Opened from a link? Open it once more afterwards, and it shows the same."
        )
        return None
    claims = st.user.to_dict()
    if has_ended(claims, access, time.time()):
        _log_in("Your log-in has ended", f"A log-in lasts {access.session_hours} hours.")
        return None
    reader = reader_of(claims, access)
    if reader is None:
        state(
            "You may not see this dashboard",
            [f"You are logged in{_as(claims)}, but nothing in your claim {access.roles_claim} gives you a role here."],
            {"Ask the owner of this workspace": "or log in as somebody else"},
        )
        st.button("Log out", on_click=st.logout)
    return reader


def reader_of(claims: Mapping[str, object], access: Access) -> Reader | None:
    """The reader that a token's claims describe; None where they give no role."""
    groups = _values(claims.get(access.roles_claim))
    allowed: tuple[tuple[Role, tuple[str, ...]], ...] = (
        ("owner", access.owners),
        ("leader", access.leaders),
        ("viewer", access.viewers),
    )
    for role, values in allowed:
        if EVERYBODY in values or set(values) & set(groups):
            teams = tuple(sorted(_values(claims.get(access.teams_claim)))) if role == "viewer" else None
            return Reader(role, teams, _name(claims))
    return None


def has_ended(claims: Mapping[str, object], access: Access, now: float) -> bool:
    """Whether the token was issued longer ago than a log-in lasts. One that does not say when has ended."""
    issued = claims.get("iat")
    return not isinstance(issued, int | float) or now - issued > access.session_hours * SECONDS_PER_HOUR


def log_out_button(reader: Reader) -> None:
    """Who is logged in, and the way out."""
    if served().access is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="logged-in"):
        seen = "every team" if reader.teams is None else ", ".join(reader.teams) or "no team"
        st.html(f'<p class="foot-line">{_text(reader.name)} · {reader.role} · sees {_text(seen)}</p>')
        st.button("Log out", on_click=st.logout, type="tertiary")


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _log_in(title: str, sentence: str) -> None:
    state(title, [sentence], {})
    with st.container(key="log-in"):
        st.button("Log in", on_click=st.login, type="primary")


def _values(claim: object) -> list[str]:
    """A claim as a list: providers give one value, several, or text with commas or blanks between them."""
    if isinstance(claim, str):
        return claim.replace(",", " ").split()
    return [str(value) for value in claim] if isinstance(claim, list | tuple) else []


def _name(claims: Mapping[str, object]) -> str:
    return str(claims.get("name") or claims.get("email") or claims.get("sub") or "somebody")


def _as(claims: Mapping[str, object]) -> str:
    return f" as {_name(claims)}"
