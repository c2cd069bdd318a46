"""Changes: pull requests and merge requests."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, Rule, column
from schemas.units import Unit


class Changes(EventTable):
    """One change."""

    _about = About(
        born="opened_at",
        rules=(
            Rule("state <> 'closed' OR closed_at IS NOT NULL", "closed_at", "is missing on a closed change"),
            Rule("state <> 'merged' OR merged_at IS NOT NULL", "merged_at", "is missing on a merged change"),
            Rule("state = 'merged' OR merged_at IS NULL", "merged_at", "is given on a change that is not merged"),
            Rule("merged_at >= opened_at", "merged_at", "is earlier than opened_at"),
            Rule("closed_at >= opened_at", "closed_at", "is earlier than opened_at"),
            Rule("ready_at >= opened_at", "ready_at", "is earlier than opened_at"),
            Rule("reverts_change_id <> change_id", "reverts_change_id", "names the change itself"),
        ),
    )

    change_id: str = column("by convention repo_id#number", key=True)
    repo_id: str = column("where it was made", parent="repositories.repo_id")
    service: str = column("the repository's where null", nullable=True)
    number: int = column("the host's number", nullable=True)
    title: str = column("its title", nullable=True)
    author: str = column("who opened it", nullable=True)
    author_kind: str = column("what kind of account", default="human", allowed=("human", "bot", "agent"))
    ai_use: str = column("how AI took part", default="unknown", allowed=("none", "assisted", "authored", "unknown"))
    ai_evidence: str = column("what shows the use of AI", nullable=True)
    state: str = column("where it stands", allowed=("open", "merged", "closed"))
    opened_at: datetime = column("when it was opened")
    ready_at: datetime = column("when it left its draft; events win over it", nullable=True)
    first_commit_at: datetime = column("its earliest author date; commits win over it", nullable=True)
    merged_at: datetime = column("when it was merged", nullable=True)
    closed_at: datetime = column("when it was merged or given up", nullable=True)
    merge_commit_sha: str = column("the commit that it became", nullable=True)
    base_branch: str = column("where it was to go", nullable=True)
    additions: int = column("lines added", nullable=True, minimum=0, unit=Unit.LINES)
    deletions: int = column("lines removed", nullable=True, minimum=0, unit=Unit.LINES)
    changed_files: int = column("files touched", nullable=True, minimum=0, unit=Unit.FILES)
    labels: list[str] = column("its labels", nullable=True)
    kind: str = column(
        "what it is for", default="unknown", allowed=("feature", "fix", "hotfix", "revert", "chore", "unknown")
    )
    reverts_change_id: str = column("the change that it takes back", nullable=True, parent="changes.change_id")
    fixes_defect_id: str = column("the defect that it repairs", nullable=True, parent="defects.defect_id")
    intent_id: str = column("the intent that it serves", nullable=True, parent="intents.intent_id")
