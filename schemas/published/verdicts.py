"""Verdicts: whether a gain was paid for."""

from __future__ import annotations

from datetime import date

from schemas.tables import About, PublishedTable, column


class Verdicts(PublishedTable):
    """One constraint in one tier and window."""

    _about = About(source="comparisons, judged by the constraint's guardrails")

    verdict_id: str = column("the verdict", key=True)
    constraint: str = column("id of the constraint")
    version: str = column("version of its definition")
    tier: str = column("`1` to `4`, `untiered`, or `all`, which mixes tiers")
    grain: str = column("length of the window", allowed=("month", "quarter", "trailing_year"))
    is_provisional: bool = column("whether the window or a follow-up still runs")
    window_start: date = column("first local day")
    window_end: date = column("first local day after it")
    baseline_start: date = column("first local day")
    baseline_end: date = column("first local day after it")
    status: str = column("the judgement", allowed=("violated", "at_risk", "holds", "not_triggered", "inconclusive"))
    claim: str = column(
        "what may be claimed of the tier", allowed=("claimable", "with_reservation", "not_claimable", "none")
    )
    not_judged: str = column("guardrails that nothing watches", nullable=True)
    reason: str = column("why, in words")
    evidence: str = column("the numbers and the records behind it, as JSON")
