"""Alerts as facts to print: their state, and who has been told or waits."""

from typing import Any

from pipelines.alerts.ledger import copy_of_ledger
from schemas.finding_kinds import rank
from schemas.workspace import Workspace


def listed_alerts(workspace: Workspace, *, closed: bool = False) -> list[dict[str, Any]]:
    """Every open alert (with `closed`, every one there was) as JSON-ready values: most pressing first, then oldest.

    Raises:
        LedgerError: the record of alerts cannot be read.
    """
    with copy_of_ledger(workspace.state) as ledger:
        alerts = ledger.alerts(closed=closed)
        alerts.sort(key=lambda alert: (alert.state == "closed", -rank(alert.severity), alert.opened_at))
        return [{**vars(alert), "state": alert.state, "deliveries": ledger.deliveries(alert)} for alert in alerts]


def acknowledged_by(workspace: Workspace) -> dict[str, str]:
    """Who took each open finding, by its id: what the published table `findings` says in the column of that name.

    Raises:
        LedgerError: the record of alerts cannot be read.
    """
    with copy_of_ledger(workspace.state) as ledger:
        return {alert.finding_id: alert.acknowledged_by for alert in ledger.alerts() if alert.acknowledged_by}


def alert_lines(alert: dict[str, Any]) -> list[str]:
    """An alert in four lines: what, why, who was told or took it, since when and its id."""
    tier = {None: "", "all": "all tiers"}.get(alert["tier"], f"tier {alert['tier']}")
    kind = alert["kind"].replace("_", " ")
    told = sorted({each["channel"] for each in alert["deliveries"] if each["delivered_at"]})
    waiting = {each["channel"]: each["answer"] for each in alert["deliveries"] if not each["delivered_at"]}
    sent = f"told {', '.join(told)}" if told else "" if waiting else "no channel asks for it"
    waits = [f"waits for {name}: {answer or 'not tried yet'}" for name, answer in waiting.items()]
    taken = [f"taken by {alert['acknowledged_by']}: {alert['acknowledgement']}"] if alert["acknowledged_by"] else []
    return [
        f"{alert['state']:<12}  {alert['severity']:<8}  {tier:<9}  {kind:<19}  {alert['subject']}",
        f"{'':<12}  {alert['reason']}",
        f"{'':<12}  {'; '.join([*taken, *([sent] if sent else []), *waits])}",
        f"{'':<12}  since {alert['opened_at']}, id {alert['finding_id']}",
    ]
