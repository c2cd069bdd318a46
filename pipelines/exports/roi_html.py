"""The ROI report as one HTML file that stands alone: style and figures within, nothing fetched, fit to be printed."""

from metrics.briefs.roi.document import RoiReport
from metrics.words import UNKNOWN
from pipelines.exports.roi_layout import roi_layout
from pipelines.exports.templating import environment

TEMPLATE = "roi.html.j2"


def render(report: RoiReport) -> str:
    """The report in HTML."""
    template = environment(autoescape=True).get_template(TEMPLATE)
    return template.render(report=report, value=report.value, layout=roi_layout(report), unknown=UNKNOWN)
