"""The brief as PDF, set by Typst without a browser, in the fonts that Typst carries: it looks alike anywhere."""

from metrics.briefs.document import Action, MonthlyBrief
from metrics.words import UNKNOWN, day
from pipelines.exports.layout import GridRow, layout_of
from pipelines.exports.sparkline import sparkline
from pipelines.exports.templating import environment
from pipelines.exports.typesetting import compiled, picture, string

TEMPLATE = "brief.typ.j2"
STYLE = (
    ".line{fill:none;stroke:#31598c;stroke-width:1.3;stroke-linejoin:round}"
    ".base{stroke:#5a6675;stroke-width:.8;stroke-dasharray:2.4 2}.interval{stroke:#31598c;stroke-width:.9}"
    ".last{fill:#31598c}"
)


def render(brief: MonthlyBrief) -> bytes:
    """The brief in PDF, without a date of its own: equal briefs are equal files."""
    return compiled(source(brief))


def source(brief: MonthlyBrief) -> str:
    """The brief in Typst's markup."""
    made = environment(autoescape=False)
    made.filters["typ"] = string
    made.globals |= {"drawn": drawn, "done": done}
    return made.get_template(TEMPLATE).render(brief=brief, layout=layout_of(brief), unknown=UNKNOWN)


def drawn(row: GridRow, tier: str) -> str:
    """The trend of a grid's cell; nothing where there is none."""
    return picture(sparkline(row.trends.get(tier), row.name), STYLE, "15mm")


def done(action: Action) -> str:
    """A control change on one line; what lies in the month stands out."""
    said = f"#{string(f'{day(action.day)} {action.text}')};"
    words = f"*{said}*" if action.is_in_month else said
    owner = f"; {action.owner}" if action.owner else ""
    effect = f" #{string(f'Effect: {action.effect}.')};" if action.effect else ""
    return f"{words} #note({string(f'({action.kind}{owner})')});{effect}"
