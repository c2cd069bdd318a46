"""Tier assignments: how critical a service or a repository is, and since when."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, Rule, column


class TierAssignments(EventTable):
    """One tier of one service or repository from one instant on."""

    _about = About(
        born="valid_from",
        is_register=True,
        rules=(
            Rule("repo_id IS NOT NULL OR service IS NOT NULL", "repo_id", "names neither a repository nor a service"),
            Rule("valid_to > valid_from", "valid_to", "must be later than valid_from"),
        ),
    )

    repo_id: str = column("the repository", key=True, nullable=True, parent="repositories.repo_id")
    service: str = column("the service; its own tier wins over its repository's", key=True, nullable=True)
    tier: int = column("1 to 4, 4 the most critical", minimum=1, maximum=4)
    valid_from: datetime = column("from when the tier applies", key=True)
    valid_to: datetime = column("until when, exclusive", nullable=True)
    approved_by: str = column("who approved it", nullable=True)
    owner: str = column("who answers for it", nullable=True)
    review_due: datetime = column("when it is to be looked at again", nullable=True)
    reason: str = column("why this tier", nullable=True)
