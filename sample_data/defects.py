"""Simulates defects: those that escaped into production and those that were found before."""

from dataclasses import dataclass

import numpy as np

from sample_data.changes import BOT, FIX, Changes
from sample_data.random_effects import DAY, Effects, Floats, Integers

CATEGORIES = ("functional", "regression", "performance", "data", "security", "usability", "compliance")
CATEGORY_SHARES = (0.40, 0.20, 0.12, 0.10, 0.06, 0.09, 0.03)
PRODUCTION, PRE_PRODUCTION = 0, 1
FOUND_BEFORE_PER_ESCAPE = 1.4
FIXED_SHARE = 0.7


@dataclass
class Defects:
    """Defects; `cause` is the change at fault, `fix` the change that repaired it (-1 where there is none)."""

    cause: Integers
    found_in: Integers
    category: Integers
    severity: Integers
    opened: Floats
    fix: Integers


def draw_defects(random: np.random.Generator, effects: Effects, changes: Changes) -> Defects:
    """Defects of merged changes; an escape may bring a second one along."""
    merged = ~np.isnan(changes.merged) & (changes.author_kind != BOT)
    hazard = effects.tier_values("escape")[changes.unit] * effects.risk[changes.unit] * changes.risk
    escapes = np.flatnonzero(merged & (random.random(len(changes)) < hazard))
    second = escapes[random.random(len(escapes)) < 0.06]
    # Nobody files a defect against a routine change, but testers file more against a change the harder it is.
    earlier = np.flatnonzero(~changes.is_routine & (random.random(len(changes)) < hazard * FOUND_BEFORE_PER_ESCAPE))
    cause = np.concatenate([escapes, second, earlier])
    found_in = np.where(np.arange(len(cause)) < len(escapes) + len(second), PRODUCTION, PRE_PRODUCTION)
    delay = np.minimum(random.lognormal(1.6, 0.9, len(cause)) * DAY, 40 * DAY)
    ended = np.fmin(changes.merged, changes.closed)[cause]
    before = changes.opened[cause] + (ended - changes.opened[cause]) * random.uniform(0.2, 1.0, len(cause))
    opened = np.where(found_in == PRODUCTION, changes.merged[cause] + delay, before)
    known = ~np.isnan(opened)
    cause, found_in, opened = cause[known], found_in[known], opened[known]
    return Defects(
        cause=cause,
        found_in=found_in,
        category=random.choice(len(CATEGORIES), len(cause), p=CATEGORY_SHARES),
        severity=random.choice([1, 2, 3, 4, 5], len(cause), p=[0.04, 0.12, 0.34, 0.35, 0.15]),
        opened=opened,
        fix=_assign_fixes(random, changes, cause, found_in, opened),
    )


def _assign_fixes(
    random: np.random.Generator, changes: Changes, cause: Integers, found_in: Integers, opened: Floats
) -> Integers:
    """Gives most escaped defects the next change of kind fix in the same unit; each fix repairs one defect at most."""
    fix = np.full(len(cause), -1)
    fixes = np.flatnonzero((changes.kind == FIX) & ~np.isnan(changes.merged) & (changes.author_kind != BOT))
    fixes = fixes[np.lexsort((changes.opened[fixes], changes.unit[fixes]))]
    # One sortable number per (unit, instant): units lie further apart than any two instants.
    spacing = 1e10
    position = changes.unit[fixes] * spacing + changes.opened[fixes]
    wanted = np.flatnonzero((found_in == PRODUCTION) & (random.random(len(cause)) < FIXED_SHARE))
    wanted = wanted[np.argsort(opened[wanted], kind="stable")]
    begun = opened[wanted] + random.uniform(0.1, 4.0, len(wanted)) * DAY
    unit = changes.unit[cause[wanted]]
    found = np.searchsorted(position, unit * spacing + begun)
    inside = found < len(fixes)
    wanted, unit, found = wanted[inside], unit[inside], found[inside]
    inside = changes.unit[fixes[found]] == unit
    wanted, found = wanted[inside], found[inside]
    first_use = np.unique(found, return_index=True)[1]
    fix[wanted[first_use]] = fixes[found[first_use]]
    return fix
