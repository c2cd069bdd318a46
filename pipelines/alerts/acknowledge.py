"""Taking a finding: who, and why; told to whoever was told of the finding."""

from difflib import get_close_matches

from pipelines.alerts.delivery import ChannelReport, World, deliver
from pipelines.alerts.ledger import open_ledger
from pipelines.alerts.look import Look
from pipelines.alerts.model import Alert
from schemas.errors import InputError
from schemas.workspace import Workspace

SHOWN = 3
"""Ids that are offered in place of one that is not known."""


def acknowledge(
    workspace: Workspace, finding_id: str, by: str, reason: str, world: World | None = None
) -> tuple[Alert, list[ChannelReport]]:
    """Note that somebody takes care of a finding, and tell of it. The same once more changes nothing and tells nobody.

    Returns:
        The alert as it stands now, and what came of telling.

    Raises:
        InputError: no open alert bears that id, or name or reason are blank.
        LedgerError: the record of alerts cannot be used.
    """
    world = world or World()
    by, reason = by.strip(), reason.strip()
    if not by or not reason:
        raise InputError("an acknowledgement needs a name and a reason", "ack", "give both --by and --reason")
    with open_ledger(workspace.state) as ledger, ledger.transaction():
        alert = ledger.newest(finding_id)
        if alert is None:
            raise _unknown(finding_id, [each.finding_id for each in ledger.alerts()])
        if alert.closed_at is not None:
            raise InputError(f"is closed since {alert.closed_at}", finding_id, "there is nothing left to take care of")
        if (alert.acknowledged_by, alert.acknowledgement) != (by, reason):
            look = Look(ledger, workspace.name, workspace.alerts.channels, world.now())
            alert = look.acknowledge(alert, by, reason)
    return alert, deliver(workspace, world)


def _unknown(finding_id: str, known: list[str]) -> InputError:
    near = [name for name in known if finding_id and finding_id in name][:SHOWN]
    near = near or get_close_matches(finding_id, known, n=SHOWN, cutoff=0.4)
    advice = f"did you mean {' or '.join(near)}?" if near else "`plumbline alerts` lists those that are open"
    return InputError("no open alert bears this id", finding_id, advice)
