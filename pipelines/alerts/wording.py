"""The words of a message: what stands in the title of a mail or the first line of a chat, and what below it."""

from collections.abc import Sequence
from datetime import datetime

from pipelines.alerts.model import Alert, Event, Note
from schemas.finding_kinds import SEVERITIES, rank

LINES_OF_A_DIGEST = 20
"""Messages that one digest holds: enough for a first day, few enough to read."""


def note_of(workspace: str, alert: Alert, event: Event) -> Note:
    """The message that tells of an event in an alert's life."""
    subject = f"{_about(alert)}{_tier(alert.tier)} ({_plain(alert.kind)}, {alert.severity})"
    return Note(f"{workspace}: {_lead(alert, event)}{subject}", _body(alert, event), event, alert.severity)


def digest_of(workspace: str, notes: Sequence[Note]) -> Note:
    """Several messages as one, so that a first look at a large organisation is one message and not two hundred.

    Titles begin with the workspace's name already; here it stands once.
    """
    worst = max((note.severity for note in notes), key=rank, default=SEVERITIES[0])
    lines = [f"- {note.title.removeprefix(f'{workspace}: ')}\n  {note.body.splitlines()[0]}" for note in notes]
    body = "\n".join([*lines, "", "More of each, and how to acknowledge it: plumbline alerts"])
    event: Event = "opened" if any(note.event in ("opened", "worsened") for note in notes) else notes[-1].event
    return Note(f"{workspace}: {len(notes)} findings", body, event, worst)


def trial_note(workspace: str, channel: str, now: datetime) -> Note:
    """What `plumbline alerts --test` sends."""
    body = f"A trial of the channel {channel}, sent {now:%Y-%m-%d %H:%M} UTC. Nothing has to be done."
    return Note(f"{workspace}: trial of alerts", body, "recovered", SEVERITIES[0])


def _lead(alert: Alert, event: Event) -> str:
    if event == "acknowledged":
        return f"acknowledged by {alert.acknowledged_by}: "
    again = "again: " if alert.episode > 1 else ""
    return {"opened": again, "worsened": "worse than before: ", "recovered": "recovered: "}[event]


def _body(alert: Alert, event: Event) -> str:
    since = f"Since {alert.opened_at.replace('T', ' ').removesuffix('Z')} UTC."
    if event == "acknowledged":
        return f"{alert.acknowledged_by}: {alert.acknowledgement}\n{alert.reason}\n{since}\nFinding: {alert.finding_id}"
    if event == "recovered":
        return f"It no longer stands. It was: {alert.reason}\n{since}\nFinding: {alert.finding_id}"
    how = f'plumbline ack "{alert.finding_id}" --by NAME --reason TEXT'
    return f"{alert.reason}\n{since}\nAcknowledge: {how}"


def _about(alert: Alert) -> str:
    """What a finding is about, for a title: of verdicts the constraint, whose window stands in the body."""
    if alert.kind not in ("verdict", "undecided_violation"):
        return alert.subject
    return alert.subject.partition("/")[0].partition(":")[0]


def _tier(tier: str | None) -> str:
    if tier is None:
        return ""
    return " across tiers" if tier == "all" else f" in tier {tier}"


def _plain(kind: str) -> str:
    return kind.replace("_", " ")
