"""The ROI report as PDF, set by Typst: a page or two for the result, the rest to check it by."""

from markupsafe import Markup

from metrics.briefs.roi.document import RoiReport
from metrics.words import UNKNOWN
from pipelines.exports.roi_layout import RoiLayout, roi_layout
from pipelines.exports.templating import environment
from pipelines.exports.typesetting import FONT, compiled, picture, string

TEMPLATE = "roi.typ.j2"
STYLE = (
    ".zero{stroke:#8b96a3;stroke-width:.8}.range{stroke:#31598c;stroke-width:2.6;stroke-linecap:round}"
    ".estimate{fill:#31598c}.range.sum{stroke:#1b2430;stroke-width:3.4}.estimate.sum{fill:#1b2430}"
    ".total{stroke:#1b2430;stroke-width:1.2}.down{fill:#c9a24a}.up{fill:#31598c}"
    ".rule{stroke:#d5dbe2;stroke-width:.6}.tick{stroke:#e9edf1;stroke-width:.6}"
    ".line{fill:none;stroke:#31598c;stroke-width:1.8;stroke-linejoin:round}"
    ".base{fill:none;stroke:#5a6675;stroke-width:1.2;stroke-dasharray:4 3;stroke-linejoin:round}"
    f"text{{font-family:'{FONT}';font-size:9px;fill:#5a6675}}"
)


def render(report: RoiReport) -> bytes:
    """The report in PDF."""
    return compiled(source(report))


def source(report: RoiReport) -> str:
    """The report in Typst's markup."""
    made = environment(autoescape=False)
    made.filters["typ"] = string
    made.globals["drawn"] = drawn
    layout: RoiLayout = roi_layout(report)
    return made.get_template(TEMPLATE).render(report=report, value=report.value, layout=layout, unknown=UNKNOWN)


def drawn(drawing: Markup, width: str) -> str:
    """A drawing as an image of Typst."""
    return picture(drawing, STYLE, width)
