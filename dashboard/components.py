"""Small pieces that pages are put together from. Text from data is escaped here, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

import streamlit as st

from dashboard import look
from dashboard.naming import definition_hint
from schemas.errors import PlumblineError


@dataclass(frozen=True)
class Cell:
    """A table cell: text, and how it is shown."""

    text: str
    is_number: bool = False
    hint: str = ""
    link: str = ""
    tone: str = ""
    symbol: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    """Texts with their links, one a line, in place of `text`."""
    rest: int = 0
    """How many more there are."""
    after: str = ""
    """HTML of another piece behind everything else."""

    def html(self) -> str:
        """The cell's content."""
        if self.parts:
            lines = [Cell(text, link=link).html() for text, link in self.parts]
            return "<br>".join([*lines, f"and {self.rest} more"] if self.rest > 0 else lines) + self.after
        text = escape(self.text)
        if self.tone:
            text = chip(self.text, self.symbol, self.tone)
        if self.hint:
            text = f'<span class="definition" tabindex="0" title="{escape(self.hint)}">{text}</span>'
        if self.link:
            target = "_blank" if self.link.startswith("http") else "_self"
            text = f'<a href="{escape(self.link)}" target="{target}" rel="noopener noreferrer">{text}</a>'
        return text


def chip(word: str, symbol: str, tone: str) -> str:
    """A word with its symbol on its tone."""
    return (
        f'<span class="chip tone-{escape(tone)}"><span aria-hidden="true">{escape(symbol)}</span>{escape(word)}</span>'
    )


def status_chip(status: str) -> str:
    """The status of a verdict."""
    mark = look.STATUS_MARKS[status]
    return chip(mark.word, mark.symbol, status)


def claim_chip(claim: str) -> str:
    """What may be claimed."""
    mark = look.CLAIM_MARKS[claim]
    return chip(mark.word, mark.symbol, look.CLAIM_TONES[claim])


def direction_cell(direction: str) -> Cell:
    """What became of a figure."""
    mark = look.DIRECTION_MARKS[direction]
    return Cell(mark.word, tone=look.DIRECTION_TONES[direction], symbol=mark.symbol)


def metric_cell(name: str, metric: str) -> Cell:
    """A figure's name with its definition one hover away, leading to the definition's page."""
    return Cell(name, hint=definition_hint(metric), link=link("definitions", definition=metric))


def record_cell(record_id: str, address: str | None) -> Cell:
    """A record's id, leading to where it can be looked at, if that is known."""
    return Cell(record_id, link=address or "")


def anchor(address: str, text: str, after: str = "") -> str:
    """A link within the dashboard, with more HTML after its text."""
    return f'<a class="verdict-link" href="{escape(address)}" target="_self">{escape(text)} {after}</a>'


def link(page: str, **parameters: str) -> str:
    """The address of a page, with the window that is looked at."""
    window = st.query_params.get("window")
    kept = {"window": window} if window else {}
    query = urlencode({**kept, **parameters})
    return f"/{page}?{query}" if query else f"/{page}"


def table(headers: Sequence[str], rows: Sequence[Sequence[Cell]], caption: str) -> None:
    """A table; `caption` says to a screen reader what it holds."""
    numbers = [any(row[i].is_number for row in rows) for i in range(len(headers))]

    def kind(i: int) -> str:
        return ' class="number"' if numbers[i] else ""

    head = "".join(f'<th scope="col"{kind(i)}>{escape(text)}</th>' for i, text in enumerate(headers))
    body = "".join(
        "<tr>" + "".join(f"<td{kind(i)}>{cell.html()}</td>" for i, cell in enumerate(row)) + "</tr>" for row in rows
    )
    st.html(
        f'<div class="wide"><table class="figures" aria-label="{escape(caption)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def paragraph(text: str, style: str = "under") -> None:
    """A paragraph of plain text."""
    st.html(f'<p class="{style}">{escape(text)}</p>')


def opening(eyebrow: str, lead: str, under: str = "") -> None:
    """How a page begins: where we are, the sentence, and what has to be known with it."""
    below = f'<p class="under">{escape(under)}</p>' if under else ""
    st.html(f'<p class="eyebrow">{escape(eyebrow)}</p><h1 class="lead">{escape(lead)}</h1>{below}')


def section(title: str, under: str = "") -> None:
    """The heading of a section."""
    below = f'<p class="under">{escape(under)}</p>' if under else ""
    st.html(f'<hr class="section"><h2 class="section">{escape(title)}</h2>{below}')


def heading(title: str) -> None:
    """A heading without a line above it."""
    st.html(f'<h2 class="section">{escape(title)}</h2>')


def state(title: str, sentences: Sequence[str], commands: Mapping[str, str]) -> None:
    """A page that has nothing to show, and says what to do: commands, each with what it does."""
    told = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    steps = "".join(
        f"<p><code>{escape(command)}</code><br><span class='quiet'>{escape(what)}</span></p>"
        for command, what in commands.items()
    )
    st.html(f'<div class="state" role="status"><h1 class="lead">{escape(title)}</h1>{told}{steps}</div>')


def error_state(error: PlumblineError) -> None:
    """An error that keeps every page from being shown."""
    state("This dashboard has nothing to show", [f"{error}."], {})
