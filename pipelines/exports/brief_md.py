"""The brief as Markdown (the tables of GitHub's flavour), for wikis, mails and reviews of changes."""

import re

from metrics.briefs.document import Figure, MonthlyBrief
from metrics.words import UNKNOWN
from pipelines.exports.layout import layout_of, span
from pipelines.exports.templating import environment

SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$])")
TEMPLATE = "brief.md.j2"


def render(brief: MonthlyBrief) -> str:
    """The brief in Markdown."""
    made = environment(autoescape=False)
    made.filters |= {"md": escaped, "cell": cell}
    template = made.get_template(TEMPLATE)
    return template.render(brief=brief, layout=layout_of(brief), span=span, unknown=UNKNOWN)


def escaped(text: str) -> str:
    """People's words on one line, without anything that Markdown would read as markup."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def cell(figure: Figure | None) -> str:
    """A figure in a table's cell: value, change with interval, and what became of it."""
    if figure is None:
        return escaped(UNKNOWN)
    return f"**{figure.value_text}** ({figure.change_text}; {figure.interval_text}), {figure.direction_text}"
