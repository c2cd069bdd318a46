"""Definition log: which version of a definition held from when."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, PublishedTable, column


class DefinitionLog(PublishedTable):
    """One version of one metric or constraint."""

    _about = About(source="the definitions themselves")

    kind: str = column("what is defined", key=True, allowed=("metric", "constraint"))
    id: str = column("which one", key=True)
    version: str = column("its version", key=True)
    effective_at: datetime = column("from when")
    owner: str = column("who answers for it")
    change: str = column("what was changed and why")
