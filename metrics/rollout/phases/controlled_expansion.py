"""Controlled expansion: more repositories, in the order of risk."""

from metrics.rollout.checks import (
    baseline_frozen,
    context_packages_complete,
    delivery_not_slower,
    first_value_seen,
    no_exception_drift,
    owners_named,
    stability_holds,
    staging_kept,
    verdicts_conclusive,
)
from metrics.rollout.model import Criterion, Phase

PHASE = Phase(
    id="controlled_expansion",
    says="More repositories follow, lower tiers first.",
    criteria=(
        Criterion(
            id="staging_kept",
            category="scope",
            says="Lower tiers went first, and gates were tightened before volume rose.",
            evaluate=staging_kept,
        ),
        Criterion(
            id="context_packages_complete",
            category="controls",
            says="Every onboarded repository has a complete, current context package.",
            evaluate=context_packages_complete,
        ),
        Criterion(
            id="owners_named",
            category="controls",
            says="Every service of the tier has an owner.",
            evaluate=owners_named,
        ),
        Criterion(
            id="no_exception_drift",
            category="controls",
            says="Exceptions do not become the rule.",
            evaluate=no_exception_drift,
        ),
        Criterion(
            id="baseline_recorded",
            category="evidence",
            says="The baseline is named, dated and frozen.",
            evaluate=baseline_frozen,
        ),
        Criterion(
            id="verdicts_conclusive",
            category="evidence",
            says="The newest final quarter could be judged.",
            evaluate=verdicts_conclusive,
        ),
        Criterion(
            id="stability_holds",
            category="stability",
            says="Stability did not get worse by more than its margin.",
            evaluate=stability_holds,
        ),
        Criterion(
            id="delivery_not_slower",
            category="delivery_performance",
            says="Neither cycle time nor lead time got slower beyond chance.",
            evaluate=delivery_not_slower,
        ),
        Criterion(
            id="training_held",
            category="adoption",
            says="The teams that follow were trained.",
        ),
        Criterion(
            id="first_value_seen",
            category="adoption",
            says="An AI-assisted change went through all gates and held.",
            evaluate=first_value_seen,
        ),
    ),
)
