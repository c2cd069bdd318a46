"""Simulates changes from first commit to merge, and the small changes that repair others (reverts, hotfixes)."""

from dataclasses import dataclass, fields

import numpy as np

from sample_data.behaviour import BOT_SHARE, OVERRIDDEN_RISK, OVERRIDDEN_SHARE, PASSED_RISK
from sample_data.company import TEAMS, UNITS
from sample_data.random_effects import (
    HOUR,
    START_SECONDS,
    WEEK,
    Booleans,
    Effects,
    Floats,
    Integers,
    adoption,
)
from sample_data.working_time import clock_of

AI_USES = ("none", "assisted", "authored", "unknown")
AUTHOR_KINDS = ("human", "bot", "agent")
KINDS = ("feature", "fix", "chore", "unknown", "hotfix", "revert")
HUMAN, BOT, AGENT = 0, 1, 2
NONE, ASSISTED, AUTHORED, UNKNOWN = 0, 1, 2, 3
FEATURE, FIX, CHORE, UNKNOWN_KIND, HOTFIX, REVERT = range(6)
EARLY_AI_SHARE = 0.05
MAX_ROUNDS = 3
SPREAD = 1.0  # log standard deviation of the waits that depend on no reviewer
ORDINARY_WEEK_HOURS = 57.0  # on the working clock, an average week of the year
TEAM_NAMES = [team.name for team in TEAMS]
UNIT_TEAM = np.array([TEAM_NAMES.index(unit.team) for unit in UNITS])
UNIT_ZONE = [TEAMS[team].time_zone for team in UNIT_TEAM]
ZONES = sorted(set(UNIT_ZONE))
ZONE_OF_UNIT = np.array([ZONES.index(zone) for zone in UNIT_ZONE])
TEAM_SIZES = np.array([team.engineers_last for team in TEAMS])


@dataclass
class Changes:
    """Changes as columns of equal length; instants in seconds, NaN where it never happened.

    `person` and `reviewer` are ranks within the team. `risk` is the factor on the hazards of what the change does.
    """

    unit: Integers
    person: Integers
    reviewer: Integers
    author_kind: Integers
    ai_use: Integers
    kind: Integers
    size: Floats
    first_commit: Floats
    opened: Floats
    ready: Floats
    first_review: Floats
    approved: Floats
    merged: Floats
    closed: Floats
    rounds: Integers
    is_draft: Booleans
    is_overridden: Booleans
    is_routine: Booleans
    risk: Floats
    rollback_risk: Floats
    deploy_wait: Floats
    reverts: Integers

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, rows: Integers | Booleans) -> "Changes":
        """The given rows, in that order."""
        return Changes(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def followed_by(self, other: "Changes") -> "Changes":
        """These changes, then the others."""
        return Changes(
            **{
                column.name: np.concatenate([getattr(self, column.name), getattr(other, column.name)])
                for column in fields(self)
            }
        )


def worked(unit: Integers, seconds: Floats) -> Floats:
    """Hours of work done by an instant on the clock of each unit's team."""
    return _by_zone(unit, seconds, to_instant=False)


def instant(unit: Integers, hours: Floats) -> Floats:
    """The instant at which so many hours of work are done on the clock of each unit's team."""
    return _by_zone(unit, hours, to_instant=True)


def _by_zone(unit: Integers, values: Floats, *, to_instant: bool) -> Floats:
    result = np.empty_like(values)
    zone_of_row = ZONE_OF_UNIT[unit]
    for index, zone in enumerate(ZONES):
        rows = zone_of_row == index
        clock = clock_of(zone)
        result[rows] = clock.instant(values[rows]) if to_instant else clock.worked(values[rows])
    return result


def draw_openings(random: np.random.Generator, effects: Effects) -> tuple[Integers, Floats, Booleans]:
    """Unit, opening instant and whether it is routine, of every change that is not a repair."""
    units = np.arange(len(UNITS))
    starts = START_SECONDS + WEEK * np.arange(effects.week_count)
    unit = np.repeat(units, effects.week_count)
    start = np.tile(starts, len(units))
    first, last = worked(unit, start), worked(unit, start + WEEK)
    weight = np.array([each.weight for each in UNITS])
    tier = np.array([each.tier for each in UNITS])
    share = weight / np.bincount(tier, weight)[tier]
    ramp = adoption(unit, start + WEEK / 2)
    growth = 1 + (effects.tier_values("growth")[unit] - 1) * ramp
    routine = (effects.tier_values("routine_growth")[unit] - 1) * ramp
    base = (
        (effects.tier_values("merges_per_week") * share)[unit] / (1 - BOT_SHARE) * (last - first) / ORDINARY_WEEK_HOURS
    )
    shock = np.exp(effects.volume.ravel() - effects.volume.var() / 2)
    ordinary_count = random.poisson(base * growth * shock)
    routine_count = random.poisson(base * routine * shock)
    row = np.concatenate([np.repeat(np.arange(len(unit)), count) for count in (ordinary_count, routine_count)])
    hours = random.uniform(first[row], last[row])
    opened_unit = unit[row]
    is_routine = np.arange(len(row)) >= ordinary_count.sum()
    return opened_unit, instant(opened_unit, hours), is_routine


def draw_changes(random: np.random.Generator, effects: Effects) -> Changes:
    """All changes that are not repairs, from before the first day until the cut and beyond."""
    unit, opened, is_routine = draw_openings(random, effects)
    count = len(unit)
    ramp = adoption(unit, opened)
    author_kind, ai_use, kind = _draw_cohorts(random, effects, unit, ramp, is_routine)
    is_ai = (ai_use == ASSISTED) | (ai_use == AUTHORED)
    is_bot = author_kind == BOT
    bigger = np.where(is_ai, effects.tier_values("ai_size")[unit], 1.0)
    size = np.ceil(np.where(is_bot, random.lognormal(2.0, 0.8, count), random.lognormal(3.9, 1.25, count) * bigger))
    difficulty = effects.wait_factor(unit, opened) * np.exp(0.12 * (np.log(size) - 3.9)) * np.where(is_bot, 0.6, 1.0)

    def wait(stage: str) -> Floats:
        other, assisted = effects.pace_values("pace_other", stage)[unit], effects.pace_values("pace_ai", stage)[unit]
        pace = 1 + (np.where(is_ai, assisted, other) - 1) * ramp
        spread = effects.tier_values("review_spread")[unit] if stage in ("pickup", "review") else SPREAD
        drawn: Floats = effects.tier_values(stage)[unit] * difficulty * pace * random.lognormal(0.0, spread, count)
        return drawn

    start = worked(unit, opened)
    is_draft = (random.random(count) < 0.18) & ~is_bot
    ready = start + np.where(is_draft, random.lognormal(1.0, 1.0, count), 0.0)
    unreviewed = effects.tier_values("unreviewed")[unit] * np.where(
        is_ai, effects.tier_values("ai_unreviewed")[unit], 1.0
    )
    is_reviewed = random.random(count) >= np.where(is_bot, 0.5, unreviewed)
    first_review = ready + wait("pickup")
    rounds = np.minimum(random.geometric(0.72, count) - 1, MAX_ROUNDS)
    is_stuck = is_ai & (random.random(count) < effects.tier_values("stuck_share")[unit] * ramp)
    rounds = np.where(is_stuck, MAX_ROUNDS, rounds)
    at_once = (rounds == 0) & (random.random(count) < 0.6)
    stuck = np.where(is_stuck, effects.tier_values("stuck_factor")[unit], 1.0)
    reviewing = wait("review") * (0.6 + 0.8 * rounds) * stuck
    approved = first_review + np.where(at_once, 0.0, reviewing)
    is_approved = is_reviewed & (random.random(count) >= 0.03)
    queue = effects.tier_values("queue_hours")[unit] * ramp * random.uniform(0.7, 1.3, count)
    ended = np.where(is_reviewed, approved, ready + 0.5 * wait("pickup")) + wait("merge_wait") + queue
    is_overridden = (random.random(count) < OVERRIDDEN_SHARE) & ~is_bot
    risk = np.where(is_overridden, OVERRIDDEN_RISK, PASSED_RISK) * (
        1 + (effects.tier_values("adopted_risk")[unit] - 1) * ramp
    )
    risk = np.where(is_routine, 0.0, risk) * np.where(is_bot, 0.5, 1.0)
    ai_risk = np.where(is_ai, 1 + (effects.tier_values("ai_rollback_risk")[unit] - 1) * ramp, 1.0)
    person, reviewer = _draw_people(random, unit)
    changes = Changes(
        unit=unit,
        person=person,
        reviewer=reviewer,
        author_kind=author_kind,
        ai_use=ai_use,
        kind=kind,
        size=size,
        first_commit=instant(unit, start - np.where(is_bot, 0.0, wait("coding"))),
        opened=opened,
        ready=instant(unit, ready),
        first_review=np.where(is_reviewed, instant(unit, first_review), np.nan),
        approved=np.where(is_approved, instant(unit, approved), np.nan),
        merged=instant(unit, ended) + 60.0,
        closed=np.full(count, np.nan),
        rounds=np.where(is_reviewed, rounds, 0),
        is_draft=is_draft,
        is_overridden=is_overridden,
        is_routine=is_routine,
        risk=risk,
        rollback_risk=risk * ai_risk,
        deploy_wait=wait("deploy_wait"),
        reverts=np.full(count, -1),
    )
    return _abandon_some(random, changes)


def _draw_cohorts(
    random: np.random.Generator, effects: Effects, unit: Integers, ramp: Floats, is_routine: Booleans
) -> tuple[Integers, Integers, Integers]:
    """Author kind, AI use and kind of each change."""
    count = len(unit)
    is_bot = (random.random(count) < BOT_SHARE) & ~is_routine
    share = EARLY_AI_SHARE + (effects.tier_values("ai_share")[unit] - EARLY_AI_SHARE) * ramp
    is_ai = (random.random(count) < np.where(is_routine, 0.9, share)) & ~is_bot
    is_authored = is_ai & (random.random(count) < 0.15 * ramp)
    is_unknown = ~is_ai & ~is_bot & (random.random(count) < 0.04)
    ai_use = np.select([is_authored, is_ai, is_unknown], [AUTHORED, ASSISTED, UNKNOWN], NONE)
    is_agent = is_authored & (random.random(count) < 0.6)
    author_kind = np.select([is_bot, is_agent], [BOT, AGENT], HUMAN)
    kind = random.choice([FEATURE, FIX, CHORE, UNKNOWN_KIND], count, p=[0.48, 0.24, 0.2, 0.08])
    return author_kind, ai_use, np.where(is_bot | is_routine, CHORE, kind)


def _draw_people(random: np.random.Generator, unit: Integers) -> tuple[Integers, Integers]:
    """Author and reviewer as ranks in the team, never the same; some people do far more than others."""
    size = TEAM_SIZES[UNIT_TEAM[unit]]
    person = np.floor(size * random.beta(1.0, 1.5, len(unit))).astype(np.int64)
    offset = 1 + np.floor((size - 1) * random.beta(1.0, 1.7, len(unit))).astype(np.int64)
    return person, (person + offset) % size


def _abandon_some(random: np.random.Generator, changes: Changes) -> Changes:
    """Closes some changes without a merge and leaves a few open for ever."""
    count = len(changes)
    share = np.select(
        [changes.author_kind == BOT, changes.ai_use == AUTHORED, changes.ai_use == ASSISTED], [0.25, 0.16, 0.08], 0.075
    )
    is_closed = random.random(count) < share
    is_stale = ~is_closed & (random.random(count) < 0.008)
    elapsed = changes.merged - changes.opened
    changes.closed = np.where(is_closed, changes.opened + elapsed * random.lognormal(0.6, 0.7, count) + HOUR, np.nan)
    changes.merged = np.where(is_closed | is_stale, np.nan, changes.merged)
    changes.approved = np.where(is_stale | (is_closed & (random.random(count) < 0.8)), np.nan, changes.approved)
    ended = np.fmin(changes.merged, changes.closed)
    for name in ("ready", "first_review", "approved"):
        values = getattr(changes, name)
        setattr(changes, name, np.where(values > ended, np.nan, values))
    return changes
