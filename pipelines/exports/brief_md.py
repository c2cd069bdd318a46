"""The brief as Markdown (the tables of GitHub's flavour), for wikis, mails and reviews of changes."""

import re
from datetime import date

import jinja2

from metrics.briefs.document import Figure, MonthlyBrief
from metrics.words import UNKNOWN
from pipelines.exports.layout import layout_of, span

SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")
TEMPLATE = "brief.md.j2"


def render(brief: MonthlyBrief) -> str:
    """The brief in Markdown."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.exports", "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 -- Markdown: people's words go through `md`
    )
    environment.filters |= {"md": escaped, "cell": cell, "day": day}
    template = environment.get_template(TEMPLATE)
    return template.render(brief=brief, layout=layout_of(brief), span=span, unknown=UNKNOWN)


def escaped(text: str) -> str:
    """People's words on one line, without anything that Markdown would read as markup."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def cell(figure: Figure | None) -> str:
    """A figure in a table's cell: value, change with interval, and what became of it."""
    if figure is None:
        return escaped(UNKNOWN)
    return f"**{figure.value_text}** ({figure.change_text}; {figure.interval_text}), {figure.direction_text}"


def day(value: date | None) -> str:
    """A day, or a dash."""
    return value.isoformat() if value else "–"
