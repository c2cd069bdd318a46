"""Messages that a channel did not take are tried again, with a pause that doubles."""

import dagster as dg

from pipelines.alerts.delivery import deliver
from pipelines.alerts.ledger_file import LedgerError
from schemas.workspace import Workspace

SECONDS_BETWEEN_LOOKS = 60


def sensor(workspace: Workspace) -> dg.SensorDefinition:
    """Sends by itself; it starts no run."""

    @dg.sensor(
        name="waiting_alerts",
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Alerts that a channel did not take are sent again, after pauses that grow to an hour.",
    )
    def waiting_alerts() -> dg.SkipReason:
        try:
            reports = deliver(workspace, only_due=True)
        except LedgerError as error:
            return dg.SkipReason(str(error))
        return dg.SkipReason("; ".join(map(str, reports)) or "nothing waits that is due")

    return waiting_alerts
