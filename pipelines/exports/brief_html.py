"""The brief as one HTML file that stands alone: style and figures within, nothing fetched, two pages when printed."""

from markupsafe import Markup

from metrics.briefs.document import MonthlyBrief
from metrics.words import UNKNOWN
from pipelines.exports.layout import GridRow, layout_of, span
from pipelines.exports.sparkline import sparkline
from pipelines.exports.templating import environment

TEMPLATE = "brief.html.j2"


def render(brief: MonthlyBrief) -> str:
    """The brief in HTML."""
    made = environment(autoescape=True)
    made.globals |= {"drawn": drawn, "span": span}
    return made.get_template(TEMPLATE).render(brief=brief, layout=layout_of(brief), unknown=UNKNOWN)


def drawn(row: GridRow, tier: str, tier_name: str) -> Markup:
    """The trend of a grid's cell."""
    trend = row.trends.get(tier)
    months = len(trend.points) if trend else 0
    return sparkline(trend, f"{row.name}, {tier_name}, over {months} months")
