"""Simulates changes from first commit to merge."""

from dataclasses import dataclass

import numpy as np

from sample_data.behaviour import (
    BOT_SHARE,
    GLANCED_SHARE,
    LEAST_GLANCE_SECONDS,
    OVERRIDDEN_RISK,
    OVERRIDDEN_SHARE,
    PASSED_RISK,
    READABLE_LINES_PER_MINUTE,
)
from sample_data.changes import (
    AGENT,
    ASSISTED,
    AUTHORED,
    BOT,
    CHORE,
    FEATURE,
    FIX,
    HUMAN,
    NONE,
    TEAM_SIZES,
    UNIT_TEAM,
    UNKNOWN,
    UNKNOWN_KIND,
    Changes,
    instant,
    worked,
)
from sample_data.company import UNITS
from sample_data.random_effects import HOUR, START_SECONDS, WEEK, Booleans, Effects, Floats, Integers, adoption

EARLY_AI_SHARE = 0.05
MAX_ROUNDS = 3
SPREAD = 1.0  # log standard deviation of the waits that depend on no reviewer
ORDINARY_WEEK_HOURS = 57.0  # on the working clock, an average week of the year


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


@dataclass
class _Cohort:
    """Changes as far as they are decided before their waits: where, when, by whom, how hard."""

    random: np.random.Generator
    effects: Effects
    unit: Integers
    ramp: Floats
    is_ai: Booleans
    is_bot: Booleans
    difficulty: Floats

    def value(self, attribute: str) -> Floats:
        """A number of each change's tier."""
        return self.effects.tier_values(attribute)[self.unit]

    def adopted(self, attribute: str) -> Floats:
        """A factor of each change's tier that is 1 before onboarding and whole at full adoption."""
        return 1 + (self.value(attribute) - 1) * self.ramp

    def chance(self, share: float | Floats) -> Booleans:
        """True in that share of changes."""
        return self.random.random(len(self.unit)) < share

    def wait(self, stage: str) -> Floats:
        """Working hours of a stage."""
        other = self.effects.pace_values("pace_other", stage)[self.unit]
        assisted = self.effects.pace_values("pace_ai", stage)[self.unit]
        pace = 1 + (np.where(self.is_ai, assisted, other) - 1) * self.ramp
        spread = self.value("review_spread") if stage in ("pickup", "review") else SPREAD
        return self.value(stage) * self.difficulty * pace * self.random.lognormal(0.0, spread, len(self.unit))


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
    cohort = _Cohort(random, effects, unit, ramp, is_ai, is_bot, difficulty)
    start = worked(unit, opened)
    review = _draw_review(cohort, start, size)
    is_overridden = cohort.chance(OVERRIDDEN_SHARE) & ~is_bot
    risk = np.where(is_overridden, OVERRIDDEN_RISK, PASSED_RISK) * cohort.adopted("adopted_risk")
    risk = np.where(is_routine, 0.0, risk) * np.where(is_bot, 0.5, 1.0)
    person, reviewer = _draw_people(random, unit)
    changes = Changes(
        unit=unit,
        person=person,
        reviewer=reviewer,
        author_kind=author_kind,
        ai_use=ai_use,
        kind=kind,
        size=size,
        first_commit=instant(unit, start - np.where(is_bot, 0.0, cohort.wait("coding"))),
        opened=opened,
        ready=instant(unit, review.ready),
        first_review=instant(unit, review.first_review),
        approved=instant(unit, review.approved),
        merged=instant(unit, review.ended) + 60.0,
        closed=np.full(count, np.nan),
        rounds=review.rounds,
        is_draft=review.is_draft,
        is_overridden=is_overridden,
        is_routine=is_routine,
        risk=risk,
        rollback_risk=risk * np.where(is_ai, cohort.adopted("ai_rollback_risk"), 1.0),
        deploy_wait=cohort.wait("deploy_wait"),
        reverts=np.full(count, -1),
    )
    return _abandon_some(random, changes, cohort.adopted("adopted_abandoned"))


@dataclass
class _Review:
    """From opening to merge in working hours; NaN where it did not happen."""

    is_draft: Booleans
    ready: Floats
    first_review: Floats
    approved: Floats
    ended: Floats
    rounds: Integers


def _draw_review(cohort: _Cohort, start: Floats, size: Floats) -> _Review:
    """Drafts, review with its rounds, and the wait for the merge, of changes opened at `start` on the working clock."""
    random, count = cohort.random, len(start)
    is_draft = cohort.chance(0.18) & ~cohort.is_bot
    ready = start + np.where(is_draft, random.lognormal(1.0, 1.0, count), 0.0)
    unreviewed = cohort.value("unreviewed") * np.where(cohort.is_ai, cohort.value("ai_unreviewed"), 1.0)
    is_reviewed = ~cohort.chance(np.where(cohort.is_bot, 0.5, unreviewed))
    first_review = ready + cohort.wait("pickup")
    rounds = np.minimum(random.geometric(0.72, count) - 1, MAX_ROUNDS)
    is_stuck = cohort.is_ai & cohort.chance(cohort.value("stuck_share") * cohort.ramp)
    rounds = np.where(is_stuck, MAX_ROUNDS, rounds)
    at_once = (rounds == 0) & cohort.chance(0.6)
    # Their draws are a stream apart, so that no other number depends on them.
    apart = random.spawn(1)[0]
    is_glanced = (
        (rounds == 0) & ~cohort.is_bot & (apart.random(count) < GLANCED_SHARE * cohort.adopted("adopted_glances"))
    )
    glance = size / READABLE_LINES_PER_MINUTE * 60 * apart.uniform(0.2, 0.7, count)
    first_review = np.where(is_glanced, ready + np.maximum(glance, LEAST_GLANCE_SECONDS) / HOUR, first_review)
    at_once |= is_glanced
    reviewing = cohort.wait("review") * (0.6 + 0.8 * rounds) * np.where(is_stuck, cohort.value("stuck_factor"), 1.0)
    approved = first_review + np.where(at_once, 0.0, reviewing)
    is_approved = is_reviewed & ~cohort.chance(0.03)
    queue = cohort.value("queue_hours") * cohort.ramp * random.uniform(0.7, 1.3, count)
    unseen = ready + 0.5 * cohort.wait("pickup")
    return _Review(
        is_draft=is_draft,
        ready=ready,
        first_review=np.where(is_reviewed, first_review, np.nan),
        approved=np.where(is_approved, approved, np.nan),
        ended=np.where(is_reviewed, approved, unseen) + cohort.wait("merge_wait") + queue,
        rounds=np.where(is_reviewed, rounds, 0),
    )


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


def _abandon_some(random: np.random.Generator, changes: Changes, factor: Floats) -> Changes:
    """Closes some changes without a merge (a share times `factor`) and leaves a few open for ever."""
    count = len(changes)
    share = np.select(
        [changes.author_kind == BOT, changes.ai_use == AUTHORED, changes.ai_use == ASSISTED], [0.25, 0.16, 0.08], 0.075
    )
    is_closed = random.random(count) < share * factor
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
