"""Failure modes by tier: their status at a glance, then what was seen and what prevents it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboard import look
from dashboard.components import Cell, paragraph, section, table
from dashboard.naming import in_sentence_name
from metrics.failure_modes import all_failure_modes
from metrics.words import tier_name

Row = Mapping[str, Any]


def show_failure_modes(modes: pl.DataFrame) -> None:
    """The ten failure modes against tiers, and what was seen of those that show."""
    section(
        "Failure modes", "Ten known ways in which AI-assisted delivery goes wrong, by the signals that reveal them."
    )
    if not len(modes):
        paragraph("This snapshot does not say.")
        return
    known = all_failure_modes()
    tiers = sorted(set(modes["tier"]), reverse=True)
    rows = {(row["failure_mode"], row["tier"]): row for row in modes.iter_rows(named=True)}
    body = []
    for mode in dict.fromkeys(modes["failure_mode"]):
        definition = known.get(mode)
        name, about = (definition.name, definition.explanation) if definition else (mode.replace("_", " "), "")
        body.append([Cell(name, hint=about), *(_mode(rows.get((mode, tier))) for tier in tiers)])
    table(["Failure mode", *(tier_name(tier) for tier in tiers)], body, "Failure modes by tier")
    for status, opened in (("present", True), ("watch", False), ("no_data", False)):
        found = [row for row in rows.values() if row["status"] == status]
        if found:
            word = look.MODE_MARKS[status].word.lower()
            with st.expander(_title(found, word), expanded=opened):
                _explain_modes(found)


def _title(found: Sequence[Row], word: str) -> str:
    return f"{len(found)} × {word}: what was seen, and what prevents it"


def _mode(row: Row | None) -> Cell:
    if row is None:
        return Cell("–")
    mark = look.MODE_MARKS[row["status"]]
    return Cell(mark.word, tone=look.MODE_TONES[row["status"]], symbol=mark.symbol, hint=_seen(row))


def _seen(row: Row) -> str:
    """The signals that show or hint, in the metrics' own names."""
    signals = [
        each for each in json.loads(row["signals"] or "[]") if row["status"] == "no_data" or each["seen"] != "silent"
    ]
    told = []
    for each in signals:
        text = str(each["says"])
        for metric in each["metrics"]:
            text = text.replace(metric, in_sentence_name(metric))
        told.append(text)
    return "; ".join(told)


def _explain_modes(found: Sequence[Row]) -> None:
    known = all_failure_modes()
    body = [
        [
            Cell(tier_name(row["tier"])),
            Cell(known[row["failure_mode"]].name if row["failure_mode"] in known else row["failure_mode"]),
            Cell(_seen(row)),
            Cell(row["controls"]),
        ]
        for row in found
    ]
    table(["Tier", "Failure mode", "What was seen", "What prevents it"], body, "Failure modes explained")
