"""How each tier behaves before and after its onboarding: every number that the truths in truths.py rest on.

Waits are medians in working hours (working_time.py) of log-normal distributions; hazards are probabilities.
docs/sample-organisation.md shows the power that these numbers give.
"""

from dataclasses import dataclass, field, replace

REPOSITORY_EFFECT = 0.30  # standard deviation, log-hours, constant over time
QUARTER_SHOCK = 0.20  # the same, drawn anew for each repository and quarter
WEEK_SHOCK = 0.12  # the same, by week, autocorrelated
WEEK_AUTOCORRELATION = 0.30
VOLUME_SHOCK = 0.15  # log of a repository's weekly volume, autocorrelated alike
RISK_EFFECT = 0.20  # log of a repository's hazards, constant over time
RAMP_DAYS = 90.0  # from onboarding to full effect
BOT_SHARE = 0.10
OVERRIDDEN_SHARE = 0.03
GLANCED_SHARE = 0.08  # of changes reviewed without rounds: approved at a glance, before adoption in every tier
READABLE_LINES_PER_MINUTE = 100.0  # a glance is quicker than that
LEAST_GLANCE_SECONDS = 6.0
OVERRIDDEN_RISK = 1.8  # what an overridden gate does to hazards
PASSED_RISK = (1 - OVERRIDDEN_SHARE * OVERRIDDEN_RISK) / (1 - OVERRIDDEN_SHARE)  # keeps the mean hazard as stated


@dataclass(frozen=True)
class Pace:
    """Factors on the waits of a change, stage by stage."""

    coding: float = 1.0
    pickup: float = 1.0
    review: float = 1.0
    merge_wait: float = 1.0
    deploy_wait: float = 1.0


@dataclass(frozen=True)
class TierBehaviour:
    """One tier: what it is like in the baseline, and what full adoption makes of it.

    Attributes:
        merges_per_week: changes of people and agents opened per week over the whole tier, in the baseline.
        growth: factor on merges_per_week at full adoption.
        routine_growth: further factor, reached by changes that carry no risk of their own (generated configuration).
        ai_share: AI-assisted share of changes at full adoption.
        coding, pickup, review, merge_wait, deploy_wait: medians in working hours.
        review_spread: log standard deviation of pickup and review.
        pace_ai, pace_other: factors at full adoption, for AI-assisted changes and the others.
        stuck_share, stuck_factor: share of AI-assisted changes at full adoption whose review goes round and round, and
            how much longer it then takes.
        queue_hours: fixed wait of a merge queue at full adoption, in working hours.
        rollback, incident, failure: hazards of a production deployment.
        escape, revert: hazards of a merged change.
        ai_rollback_risk: factor on the rollback hazard of AI-assisted changes at full adoption.
        adopted_risk: factor on all hazards at full adoption.
        adopted_glances: factor on the share approved at a glance at full adoption.
        adopted_abandoned: factor on the share of changes closed without a merge at full adoption.
        adopted_flakiness: factor on the share of flaky test runs at full adoption.
        unreviewed: share merged without review; ai_unreviewed: the factor on it for AI-assisted changes.
        ai_size: factor on the size of AI-assisted changes.
        restore_hours: median hours from an incident's opening to its end.
    """

    merges_per_week: float
    ai_share: float
    coding: float
    pickup: float
    review: float
    merge_wait: float
    deploy_wait: float
    rollback: float
    incident: float
    escape: float
    failure: float = 0.012
    revert: float = 0.012
    growth: float = 1.0
    routine_growth: float = 1.0
    review_spread: float = 1.0
    pace_ai: Pace = field(default_factory=Pace)
    pace_other: Pace = field(default_factory=Pace)
    stuck_share: float = 0.0
    stuck_factor: float = 1.0
    queue_hours: float = 0.0
    ai_rollback_risk: float = 1.0
    adopted_risk: float = 1.0
    adopted_glances: float = 1.0
    adopted_abandoned: float = 1.0
    adopted_flakiness: float = 1.0
    unreviewed: float = 0.05
    ai_unreviewed: float = 1.5
    ai_size: float = 1.3
    restore_hours: float = 3.0


BEHAVIOUR = {
    1: TierBehaviour(
        merges_per_week=36,
        routine_growth=2.4,
        ai_share=0.5,
        coding=2.0,
        pickup=0.38,
        review=0.38,
        merge_wait=0.2,
        deploy_wait=0.8,
        pace_ai=Pace(pickup=0.3, review=0.3, merge_wait=0.5),
        pace_other=Pace(pickup=0.3, review=0.3, merge_wait=0.5),
        review_spread=1.5,
        queue_hours=2.3,
        rollback=0.02,
        incident=0.012,
        escape=0.04,
        unreviewed=0.10,
        ai_unreviewed=1.2,
        restore_hours=6.0,
    ),
    2: TierBehaviour(
        merges_per_week=56,
        ai_share=0.6,
        coding=4.0,
        pickup=3.6,
        review=3.2,
        merge_wait=0.7,
        deploy_wait=2.5,
        pace_ai=Pace(coding=0.6, pickup=0.3, review=0.3, merge_wait=0.5),
        pace_other=Pace(pickup=0.6, review=0.6, merge_wait=0.8),
        stuck_share=0.22,
        stuck_factor=45.0,
        rollback=0.045,
        incident=0.035,
        escape=0.085,
        ai_unreviewed=1.25,
    ),
    3: TierBehaviour(
        merges_per_week=60,
        growth=1.06,
        ai_share=0.65,
        coding=4.5,
        pickup=4.0,
        review=3.5,
        merge_wait=1.0,
        deploy_wait=3.0,
        pace_ai=Pace(coding=0.35, pickup=0.4, review=0.3, merge_wait=0.5),
        pace_other=Pace(coding=0.85, pickup=0.75, review=0.75, merge_wait=0.8),
        rollback=0.055,
        incident=0.035,
        escape=0.08,
        ai_rollback_risk=4.8,
        ai_unreviewed=2.2,
        ai_size=1.5,
    ),
    4: TierBehaviour(
        merges_per_week=64,
        growth=1.06,
        ai_share=0.45,
        coding=5.0,
        pickup=4.0,
        review=3.5,
        merge_wait=1.2,
        deploy_wait=4.0,
        pace_ai=Pace(coding=0.6, pickup=0.42, review=0.45, merge_wait=0.5, deploy_wait=0.85),
        pace_other=Pace(coding=0.6, pickup=0.42, review=0.45, merge_wait=0.5, deploy_wait=0.85),
        rollback=0.055,
        incident=0.055,
        escape=0.075,
        adopted_risk=0.74,
        adopted_glances=0.6,
        adopted_abandoned=0.7,
        adopted_flakiness=0.75,
        unreviewed=0.03,
        ai_unreviewed=0.7,
        ai_size=1.1,
        restore_hours=1.8,
    ),
}


def unchanged() -> dict[int, TierBehaviour]:
    """The same tiers if adoption changed nothing but the share of AI: what false alarms are counted on."""
    return {
        tier: replace(
            behaviour,
            growth=1.0,
            routine_growth=1.0,
            pace_ai=Pace(),
            pace_other=Pace(),
            stuck_share=0.0,
            queue_hours=0.0,
            ai_rollback_risk=1.0,
            adopted_risk=1.0,
            adopted_glances=1.0,
            adopted_abandoned=1.0,
            adopted_flakiness=1.0,
            ai_unreviewed=1.0,
            ai_size=1.0,
        )
        for tier, behaviour in BEHAVIOUR.items()
    }
