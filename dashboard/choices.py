"""What a reader has chosen, kept in the address: it can be sent to a colleague, and lasts from page to page."""

from collections.abc import Sequence

import streamlit as st

from metrics.words import tier_name


def chosen(name: str, options: Sequence[str], default: str) -> str:
    """The choice in force: what the address says, else what was chosen before on another page, else the default.

    Afterwards the address says it, unless it is the default, and the widget with the key `widget_key(name)` shows it.
    """
    wanted = remembered(name) or default
    value = wanted if wanted in options else default
    if value != default:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]
    st.session_state[f"remembered-{name}"] = value
    st.session_state[widget_key(name)] = value
    return value


def remembered(name: str) -> str:
    """What the address says, else what was chosen on another page; empty where nothing was. Not checked yet."""
    value: str = st.query_params.get(name) or st.session_state.get(f"remembered-{name}") or ""
    return value


def tier_choice(tiers: Sequence[str]) -> str:
    """The tier that is looked at, with the buttons to change it."""
    tier = chosen("tier", tiers, tiers[0])
    st.segmented_control(
        "Tier",
        tiers,
        required=True,
        format_func=tier_name,
        key=widget_key("tier"),
        on_change=take,
        args=("tier",),
        label_visibility="collapsed",
    )
    return tier


def widget_key(name: str) -> str:
    """The key of the widget that shows a choice."""
    return f"choose-{name}"


def take(name: str) -> None:
    """What the widget says now is the choice (its `on_change`)."""
    choose(name, st.session_state[widget_key(name)] or "")


def choose(name: str, value: str) -> None:
    """Make a choice, from a button or a widget; an empty one takes it back."""
    st.session_state[f"remembered-{name}"] = value
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]
