"""The brief as PDF, set by Typst without a browser, in the fonts that Typst carries: it looks alike anywhere."""

import jinja2
import typst

from metrics.briefs.document import Action, MonthlyBrief
from metrics.words import UNKNOWN
from pipelines.exports.layout import GridRow, layout_of
from pipelines.exports.sparkline import sparkline

TEMPLATE = "brief.typ.j2"
STYLE = (
    "<style>.line{fill:none;stroke:#31598c;stroke-width:1.3;stroke-linejoin:round}"
    ".base{stroke:#5a6675;stroke-width:.8;stroke-dasharray:2.4 2}.interval{stroke:#31598c;stroke-width:.9}"
    ".last{fill:#31598c}</style>"
)


def render(brief: MonthlyBrief) -> bytes:
    """The brief in PDF, without a date of its own: equal briefs are equal files."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    made = typst.compile(source(brief).encode(), format="pdf", font_paths=fonts)
    if not isinstance(made, bytes):
        raise TypeError("Typst gave one file a page instead of one document")
    return made


def source(brief: MonthlyBrief) -> str:
    """The brief in Typst's markup."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.exports", "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 -- people's words go through `typ`
    )
    environment.filters["typ"] = string
    environment.globals |= {"drawn": drawn, "done": done}
    return environment.get_template(TEMPLATE).render(brief=brief, layout=layout_of(brief), unknown=UNKNOWN)


def string(text: str) -> str:
    """People's words as a string literal of Typst, in which nothing is markup."""
    plain = " ".join(text.split())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def drawn(row: GridRow, tier: str) -> str:
    """The trend of a grid's cell; nothing where there is none."""
    picture = str(sparkline(row.trends.get(tier), row.name))
    if not picture:
        return "[]"
    head, _, rest = picture.partition(">")
    document = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) + ">" + STYLE + rest
    return f'image(bytes({string(document)}), format: "svg", width: 15mm)'


def done(action: Action) -> str:
    """A control change on one line; what lies in the month stands out."""
    said = f"#{string(f'{action.day} {action.text}')};"
    words = f"*{said}*" if action.is_in_month else said
    owner = f"; {action.owner}" if action.owner else ""
    effect = f" #{string(f'Effect: {action.effect}.')};" if action.effect else ""
    return f"{words} #note({string(f'({action.kind}{owner})')});{effect}"
