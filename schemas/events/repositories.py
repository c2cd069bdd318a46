"""Repositories: where changes are made."""

from __future__ import annotations

from schemas.tables import EventTable, column


class Repositories(EventTable):
    """One repository."""

    repo_id: str = column("by convention host:owner/name", key=True)
    name: str = column("what people call it", nullable=True)
    service: str = column("what it deploys as", nullable=True, default_column="repo_id")
    team: str = column("who owns it", nullable=True)
    default_branch: str = column("where changes are merged", nullable=True)
    archived: bool = column("no longer worked on", default=False)
