"""The brief as one HTML file that stands alone: style and figures within, nothing fetched, two pages when printed."""

from datetime import date

import jinja2
from markupsafe import Markup

from metrics.briefs.document import MonthlyBrief
from metrics.words import UNKNOWN
from pipelines.exports.layout import GridRow, layout_of, span
from pipelines.exports.sparkline import sparkline

TEMPLATE = "brief.html.j2"


def render(brief: MonthlyBrief) -> str:
    """The brief in HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.exports", "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=True,
    )
    environment.globals |= {"drawn": drawn, "span": span}
    environment.filters["day"] = day
    return environment.get_template(TEMPLATE).render(brief=brief, layout=layout_of(brief), unknown=UNKNOWN)


def drawn(row: GridRow, tier: str, tier_name: str) -> Markup:
    """The trend of a grid's cell."""
    trend = row.trends.get(tier)
    months = len(trend.points) if trend else 0
    return sparkline(trend, f"{row.name}, {tier_name}, over {months} months")


def day(value: date | None) -> str:
    """A day, or a dash."""
    return value.isoformat() if value else "–"
