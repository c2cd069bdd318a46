"""The ROI report as Markdown (the tables of GitHub's flavour), for wikis, mails and reviews."""

from metrics.briefs.document import Figure
from metrics.briefs.roi.document import RoiReport
from metrics.words import UNKNOWN
from pipelines.exports.brief_md import cell, escaped
from pipelines.exports.roi_layout import roi_layout
from pipelines.exports.templating import environment

TEMPLATE = "roi.md.j2"


def render(report: RoiReport) -> str:
    """The report in Markdown."""
    made = environment(autoescape=False)
    made.filters |= {"md": escaped, "cell": cell, "quantile": quantile}
    template = made.get_template(TEMPLATE)
    return template.render(report=report, value=report.value, layout=roi_layout(report), unknown=UNKNOWN)


def quantile(figure: Figure | None) -> str:
    """A quantile in a table's cell: before and now, and the change with its interval."""
    if figure is None:
        return escaped(UNKNOWN)
    change = f"({figure.change_text}; {figure.interval_text})"
    return f"{figure.baseline_text} → **{figure.value_text}** {change}"
