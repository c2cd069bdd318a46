"""The stability brief of the last complete month, issued from the published snapshot, which is kept for good."""

from pipelines.build_store import BuildStore
from pipelines.stage import Made, asset


@asset(deps=["snapshot"], group_name="briefs", kinds={"html", "pdf", "markdown", "json"})
def monthly_brief(build: BuildStore) -> Made:
    """Verdicts by tier, what moved, what was done, what is next; and new editions of what was corrected since."""
    from pipelines.issue_brief import issue_brief, reissue_corrected  # no other stage needs it

    issued = issue_brief(build.workspace, None)
    corrected = reissue_corrected(build.workspace)
    return Made(
        {
            "month": issued.brief.period,
            "edition": issued.brief.edition or 0,
            "files": [str(path) for path in issued.brief.files],
            "snapshot": issued.brief.snapshot_id,
            "corrected": [each.brief.title for each in corrected],
            "told": [str(report) for each in (issued, *corrected) for report in each.told],
        }
    )
