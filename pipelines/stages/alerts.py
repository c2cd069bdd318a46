"""The published snapshot → whoever asked to be told. A failing channel fails no build: its messages wait."""

from pipelines.alerts.after_build import Told, tell_of_snapshot
from pipelines.build_store import BuildStore
from pipelines.stage import Asked, Check, Checked, Made, asset
from schemas.errors import PlumblineError

DELIVERED = Check("delivered", "Every channel took what it was to be told.")
NOTHING_OPEN = Check("nothing_open", "No finding is open.")


@asset(deps=["snapshot"], group_name="alerts", kinds={"sqlite"}, checks=[DELIVERED, NOTHING_OPEN])
def alerts(build: BuildStore, asked: Asked) -> Made:
    """One message per finding that opened, got worse or is over, to every channel that wants it."""
    try:
        told, problems = tell_of_snapshot(build.workspace), []
    except (PlumblineError, OSError) as error:  # the snapshot is published and good, whatever is wrong with the ledger
        told, problems = Told(0), [str(error)]
    problems += told.problems
    for line in [*problems, told.skipped]:
        if line:
            asked.warn(line)
    return Made(
        {"open": told.open, "sent": sum(report.sent for report in told.channels)},
        checked=(
            Checked(DELIVERED, not problems, "; ".join(problems) or "nothing waits"),
            Checked(NOTHING_OPEN, told.open == 0, f"{told.open} findings are open; `plumbline alerts` lists them"),
        ),
    )
