"""The published snapshot → whoever asked to be told. A failing channel fails no build: its messages wait."""

import dagster as dg

from pipelines.alerts.after_build import Told, tell_of_snapshot
from pipelines.build_store import BuildStore
from schemas.errors import PlumblineError

DELIVERED = dg.AssetCheckSpec("delivered", asset="alerts", description="Every channel took what it was to be told.")
NOTHING_OPEN = dg.AssetCheckSpec("nothing_open", asset="alerts", description="No finding is open.")


@dg.asset(deps=["snapshot"], group_name="alerts", kinds={"sqlite"}, check_specs=[DELIVERED, NOTHING_OPEN])
def alerts(context: dg.AssetExecutionContext, build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult:  # type: ignore[type-arg]  # no parameter where checks come along
    """One message per finding that opened, got worse or is over, to every channel that wants it."""
    try:
        told, problems = tell_of_snapshot(build.workspace), []
    except (PlumblineError, OSError) as error:  # the snapshot is published and good, whatever is wrong with the ledger
        told, problems = Told(0), [str(error)]
    problems += told.problems
    for line in [*problems, told.skipped]:
        if line:
            context.log.warning(line)
    return dg.MaterializeResult(
        metadata={"open": told.open, "sent": sum(report.sent for report in told.channels)},
        check_results=[
            _result(DELIVERED, not problems, "; ".join(problems) or "nothing waits"),
            _result(NOTHING_OPEN, told.open == 0, f"{told.open} findings are open; `plumbline alerts` lists them"),
        ],
    )


def _result(spec: dg.AssetCheckSpec, passed: bool, description: str) -> dg.AssetCheckResult:
    """A result that warns and stops nothing."""
    return dg.AssetCheckResult(
        passed=passed, check_name=spec.name, severity=dg.AssetCheckSeverity.WARN, description=description
    )
