"""The ROI report as Markdown (the tables of GitHub's flavour), for wikis, mails and reviews."""

from metrics.briefs.roi.document import RoiReport
from metrics.words import UNKNOWN
from pipelines.exports.brief_md import escaped
from pipelines.exports.roi_layout import roi_layout
from pipelines.exports.templating import environment

TEMPLATE = "roi.md.j2"


def render(report: RoiReport) -> str:
    """The report in Markdown."""
    made = environment(autoescape=False)
    made.filters["md"] = escaped
    template = made.get_template(TEMPLATE)
    return template.render(report=report, value=report.value, layout=roi_layout(report), unknown=UNKNOWN)
