"""Simulates the small, fast changes that repair others: reverts and hotfixes."""

import numpy as np

from sample_data.changes import BOT, HUMAN, NONE, REVERT, Changes, instant, worked
from sample_data.random_effects import DAY, HOUR, Effects, Floats


def repairs_of(random: np.random.Generator, origin: Changes, kind: int, begun: Floats) -> Changes:
    """Small, fast changes (reverts or hotfixes) in the units of `origin`, begun at the given instants."""
    count = len(origin)
    opened = begun + random.uniform(0.1, 0.5, count) * HOUR
    first_review = opened + random.lognormal(-0.7, 0.7, count) * HOUR
    is_reviewed = random.random(count) < 0.85
    merged = first_review + random.lognormal(-0.7, 0.8, count) * HOUR + 60.0
    missing = np.full(count, np.nan)
    scale = 1.0 if kind == REVERT else 0.4
    return Changes(
        unit=origin.unit,
        person=origin.reviewer,
        reviewer=origin.person,
        author_kind=np.full(count, HUMAN),
        ai_use=np.full(count, NONE),
        kind=np.full(count, kind),
        size=np.ceil(origin.size * scale),
        first_commit=begun,
        opened=opened,
        ready=opened,
        first_review=np.where(is_reviewed, first_review, missing),
        approved=np.where(is_reviewed, first_review, missing),
        merged=merged,
        closed=missing,
        rounds=np.zeros(count, dtype=np.int64),
        is_draft=np.zeros(count, dtype=np.bool_),
        is_overridden=random.random(count) < 0.1,
        is_routine=np.zeros(count, dtype=np.bool_),
        risk=np.full(count, 0.5),
        rollback_risk=np.full(count, 0.5),
        deploy_wait=random.lognormal(-0.5, 0.5, count),
        reverts=np.full(count, -1),
    )


def draw_reverts(random: np.random.Generator, effects: Effects, changes: Changes) -> Changes:
    """Reverts of merged changes, within the 30 days in which a revert counts."""
    hazard = effects.tier_values("revert")[changes.unit] * changes.risk
    rows = np.flatnonzero(
        ~np.isnan(changes.merged) & (changes.author_kind != BOT) & (random.random(len(changes)) < hazard)
    )
    origin = changes.take(rows)
    delay = np.minimum(random.lognormal(3.0, 1.0, len(rows)) * HOUR, 25 * DAY)
    reverts = repairs_of(random, origin, REVERT, instant(origin.unit, worked(origin.unit, origin.merged + delay)))
    reverts.reverts = rows
    return reverts
