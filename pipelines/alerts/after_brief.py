"""What is told when a brief is issued: its summary, with the PDF where a channel takes files."""

from pipelines.alerts.delivery import ChannelReport, World, deliver
from pipelines.alerts.ledger import open_ledger
from pipelines.alerts.model import Note
from pipelines.write_brief import WrittenBrief
from schemas.finding_kinds import SEVERITIES
from schemas.workspace import Workspace

ATTACHED = ".pdf"


def tell_of_brief(
    workspace: Workspace, name: str, brief: WrittenBrief, world: World | None = None
) -> list[ChannelReport]:
    """Write a message to every channel that wants briefs into the ledger, and send what waits there.

    Args:
        workspace: whose channels.
        name: of the edition; each is told once.
        brief: as it was written.
        world: what sends, the environment and the clock.

    Returns:
        One report for each channel that something waited for.

    Raises:
        LedgerError: the record of alerts cannot be used.
    """
    world = world or World()
    channels = [channel for channel in workspace.alerts.channels if channel.wants_briefs]
    if not channels:
        return []
    with open_ledger(workspace.state) as ledger, ledger.transaction():
        if not ledger.was_written(name):
            message = ledger.write_letter(name, brief.edition or 1, note_of(workspace.name, brief), world.now())
            for channel in channels:
                ledger.address(message, channel.name)
    return deliver(workspace, world)


def note_of(workspace: str, brief: WrittenBrief) -> Note:
    """The message about a brief."""
    edition = f" (edition {brief.edition})" if brief.edition is not None and brief.edition > 1 else ""
    attached = next((str(file) for file in brief.files if file.suffix == ATTACHED), None)
    body = "\n".join([*brief.summary, "", *(str(file) for file in brief.files)])
    return Note(f"{workspace}: {brief.title}{edition}", body, "issued", SEVERITIES[0], attached)
