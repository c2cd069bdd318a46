"""What is told after a build: the findings of its snapshot, or that it failed. Neither ever fails the build."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipelines.alerts.delivery import ChannelReport, World, deliver
from pipelines.alerts.ledger import Ledger, copy_of_ledger, open_ledger
from pipelines.alerts.look import Look
from pipelines.alerts.model import Finding, Waiting
from pipelines.look_first import look_first
from pipelines.snapshot_reader import Snapshot, open_snapshot
from schemas.errors import NoSnapshot, PlumblineError
from schemas.finding_kinds import KINDS
from schemas.snapshot import Manifest
from schemas.workspace import Workspace

BUILD = "build"
"""The kind of finding that no snapshot holds."""
NEARLY_NOW = timedelta(days=1)
"""A snapshot cut earlier than this before it was made is a look back."""

FINDINGS = "select finding_id, kind, tier, subject, severity, opened_at, reason, closed_at from findings"
BEHIND = """
    select verdict_id, evidence from verdicts
    where verdict_id in (select subject from findings where kind = 'verdict')
"""


@dataclass(frozen=True)
class Told:
    """What came of telling: how many alerts are open, and a report per channel; why nothing was compared, if so."""

    open: int
    channels: Sequence[ChannelReport] = ()
    skipped: str = ""

    @property
    def problems(self) -> list[str]:
        """One line for each channel that something waits for."""
        return [str(report) for report in self.channels if report.waiting]


def tell_of_snapshot(workspace: Workspace, world: World | None = None) -> Told:
    """Compare the newest snapshot's findings with what was told, and send what is new.

    A snapshot of the past, or of what was known in the past, tells of nothing new and closes nothing.

    Raises:
        NoSnapshot: nothing has been built yet.
        LedgerError: the record of alerts cannot be used.
    """
    world = world or World()
    with open_snapshot(workspace) as snapshot, open_ledger(workspace.state) as ledger:
        skipped = _compare(ledger, workspace, snapshot, world)
        count = len(ledger.alerts())
    return Told(count, deliver(workspace, world), skipped)


def tell_of_failed_build(workspace: Workspace, reason: str, world: World | None = None) -> Told:
    """Tell that a build failed: once, until one succeeds.

    Raises:
        LedgerError: the record of alerts cannot be used.
    """
    world = world or World()
    with open_ledger(workspace.state) as ledger:
        with ledger.transaction():
            now = world.now()
            finding = Finding("build", BUILD, None, "the build", "high", now, reason)
            Look(ledger, workspace.name, workspace.alerts.channels, now).compare([finding], (BUILD,))
        count = len(ledger.alerts())
    return Told(count, deliver(workspace, world))


def would_send(workspace: Workspace, world: World | None = None) -> list[Waiting]:
    """What `deliver` would send now if the newest snapshot were compared first; nothing is sent and nothing written."""
    world = world or World()
    with copy_of_ledger(workspace.state) as ledger:
        # What failed before the first build waits all the same.
        with suppress(NoSnapshot), open_snapshot(workspace) as snapshot:
            _compare(ledger, workspace, snapshot, world)
        return ledger.waiting()


def waiting_lines(workspace: Workspace) -> list[str]:
    """One line for each channel that something waits for, as the last attempt left it."""
    try:
        with copy_of_ledger(workspace.state) as ledger:
            waiting = ledger.waiting()
    except PlumblineError as error:
        return [f"alerts: {error}"]
    answers = {each.channel: each.answer for each in waiting}
    counts = {name: sum(each.channel == name for each in waiting) for name in answers}
    return [str(ChannelReport(name, 0, counts[name], answer or "not tried yet")) for name, answer in answers.items()]


def published_findings(snapshot: Snapshot) -> list[Finding]:
    """The findings of a snapshot that has the table, each with where to look first."""
    found = [Finding(**row) for row in snapshot.rows(FINDINGS)]  # type: ignore[arg-type]
    if "verdicts" not in snapshot.manifest.tables:
        return found
    behind = {row["verdict_id"]: json.loads(str(row["evidence"])) for row in snapshot.rows(BEHIND)}
    return [
        replace(each, reason=f"{each.reason}{look_first(behind.get(each.subject, {}))}")
        if each.kind == "verdict"
        else each
        for each in found
    ]


def is_of_the_present(manifest: Manifest, workspace: Workspace, last_look: datetime | None) -> bool:
    """Whether a snapshot says how things stand, rather than how they stood.

    That is: it holds all that is known, and is cut where the workspace itself is cut, or else about when it was made
    and not before the last one that was compared.
    """
    if manifest.known_at is not None:
        return False
    as_of = _instant(manifest.as_of)
    if workspace.as_of is not None:
        return as_of == workspace.as_of.replace(tzinfo=None)
    made = _instant(manifest.created_at)
    return made - NEARLY_NOW <= as_of <= made and (last_look is None or as_of >= last_look)


def _compare(ledger: Ledger, workspace: Workspace, snapshot: Snapshot, world: World) -> str:
    """Compare and note the look; or say in words why this snapshot is not compared."""
    manifest = snapshot.manifest
    if not is_of_the_present(manifest, workspace, ledger.last_look()):
        return f"the snapshot is a look back (as of {manifest.as_of}): nothing new is told of it"
    # A published snapshot is a build that succeeded; one without findings says nothing of any other kind.
    is_whole = "findings" in manifest.tables
    findings = published_findings(snapshot) if is_whole else []
    with ledger.transaction():
        now = world.now()
        look = Look(ledger, workspace.name, workspace.alerts.channels, now)
        look.compare(findings, KINDS if is_whole else (BUILD,))
        ledger.note_look(_instant(manifest.as_of), now)
    return ""


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z"))
