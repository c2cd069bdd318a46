"""Comparing findings with what has been told: one alert per finding, not per look."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from pipelines.alerts.ledger import Ledger, text_of
from pipelines.alerts.model import Alert, Event, Finding
from pipelines.alerts.wording import note_of
from schemas.alert_settings import AlertChannel
from schemas.finding_kinds import rank


class Look:
    """One comparison. Everything it finds is written within the caller's transaction; nothing is sent.

    Args:
        ledger: within a transaction.
        workspace: the workspace's name, for titles.
        channels: who may be told.
        now: UTC, zone-less.
    """

    def __init__(self, ledger: Ledger, workspace: str, channels: Sequence[AlertChannel], now: datetime) -> None:
        self._ledger, self._workspace, self._channels, self._now = ledger, workspace, channels, now

    def compare(self, found: Sequence[Finding], kinds: Collection[str]) -> None:
        """Open, worsen and close alerts so that they are those of `found`, and address the messages.

        Args:
            found: all findings of these kinds; a closed one closes its alert, as does one that is not there.
            kinds: the kinds that were looked at; alerts of others stay as they are.
        """
        known = {alert.finding_id: alert for alert in self._ledger.alerts()}
        standing = {finding.finding_id: finding for finding in found if finding.closed_at is None}
        closing = {finding.finding_id: finding for finding in found if finding.closed_at is not None}
        for finding in standing.values():
            alert = known.get(finding.finding_id)
            if alert is None:
                self._open(finding)
            else:
                self._go_on(alert, finding)
        for alert in known.values():
            if alert.finding_id not in standing and alert.kind in kinds:
                finished = closing.get(alert.finding_id)
                self.close(alert, finished.closed_at if finished else None)
        self.address_open()

    def close(self, alert: Alert, closed_at: datetime | None = None) -> None:
        """Close an alert and tell of it whoever was told of its opening."""
        told = self._ledger.addressed(alert)
        closed = replace(alert, closed_at=text_of(closed_at or self._now))
        self._ledger.update(closed)
        self._tell(closed, "recovered", told)

    def acknowledge(self, alert: Alert, by: str, reason: str) -> Alert:
        """Note who takes care of an alert, and tell of it whoever was told of its opening."""
        taken = replace(alert, acknowledged_by=by, acknowledged_at=text_of(self._now), acknowledgement=reason)
        self._ledger.update(taken)
        self._tell(taken, "acknowledged", self._ledger.addressed(alert))
        return taken

    def address_open(self) -> None:
        """Address how an open alert stands to every channel that wants it and was never told: a new one, say."""
        for alert in self._ledger.alerts():
            told = self._ledger.addressed(alert)
            for channel in self._wanting(alert):
                # One that somebody has taken needs nobody else.
                if channel not in told and alert.acknowledged_by is None:
                    self._ledger.address(self._ledger.standing_message(alert), channel)

    def _open(self, finding: Finding) -> None:
        last = self._ledger.newest(finding.finding_id)
        alert = self._ledger.open(finding, last.episode + 1 if last else 1)
        self._tell(alert, "opened", ())

    def _go_on(self, alert: Alert, finding: Finding) -> None:
        now = replace(
            alert, tier=finding.tier, subject=finding.subject, severity=finding.severity, reason=finding.reason
        )
        if now != alert:
            self._ledger.update(now)
        # Against the worst that was told, so that a finding that goes up and down between two severities is told once.
        if rank(now.severity) > max(rank(severity) for severity in self._ledger.severities_told(alert)):
            self._tell(now, "worsened", {*self._wanting(now), *self._ledger.addressed(now)})

    def _tell(self, alert: Alert, event: Event, channels: Sequence[str] | set[str]) -> None:
        message_id = self._ledger.write_message(alert, note_of(self._workspace, alert, event), self._now)
        for channel in channels:
            self._ledger.address(message_id, channel)

    def _wanting(self, alert: Alert) -> list[str]:
        return [channel.name for channel in self._channels if channel.wants(alert.kind, alert.tier, alert.severity)]
