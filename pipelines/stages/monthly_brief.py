"""The stability brief of the last complete month, from the published snapshot, which is kept for good from then on."""

import dagster as dg

from pipelines.build_store import BuildStore
from pipelines.parts import replace_text
from pipelines.write_brief import write_brief

FORMS = ("html", "md", "json")


@dg.asset(deps=["snapshot"], group_name="briefs", kinds={"html", "markdown", "json"})
def monthly_brief(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
    """Verdicts by tier, what moved, what was done, what is next: under `.plumbline/briefs`."""
    written = write_brief(build.workspace, None, build.workspace.state / "briefs", FORMS)
    pin = build.folder.pins / written.snapshot_id
    replace_text(pin, f"The stability brief of {written.month} was made from it.\n")
    return dg.MaterializeResult(
        metadata={
            "month": written.month,
            "files": [str(path) for path in written.files],
            "snapshot": written.snapshot_id,
        }
    )
