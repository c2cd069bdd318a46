"""The ROI report of the last complete quarter, issued from the published snapshot, which is kept for good."""

from pipelines.build_store import BuildStore
from pipelines.stage import Made, asset


@asset(deps=["snapshot"], group_name="roi", kinds={"html", "pdf", "markdown", "json"})
def roi_report(build: BuildStore) -> Made:
    """What changed, improved, was traded off, what it is worth and how sure that is."""
    from pipelines.issue_brief import issue_report  # no other stage needs it

    issued = issue_report(build.workspace, None)
    return Made(
        {
            "quarter": issued.brief.period,
            "edition": issued.brief.edition or 0,
            "files": [str(path) for path in issued.brief.files],
            "snapshot": issued.brief.snapshot_id,
            "told": [str(report) for report in issued.told],
        }
    )
