"""Governance enforcement: what was agreed is enforced by machine."""

from metrics.rollout.checks import (
    adoption_at_least,
    context_packages_complete,
    escapes_hold,
    first_value_seen,
    gain_claimable,
    no_exception_drift,
    overdue_at_most,
    overrides_at_most,
    stability_holds,
)
from metrics.rollout.model import Criterion, Phase

PHASE = Phase(
    id="governance_enforcement",
    says="Controls are enforced, exceptions end, and claims stand on verdicts.",
    criteria=(
        Criterion(
            id="half_onboarded",
            category="scope",
            says="At least half of the active repositories are onboarded.",
            evaluate=adoption_at_least(0.5),
        ),
        Criterion(
            id="context_packages_complete",
            category="controls",
            says="Every onboarded repository has a complete, current context package.",
            evaluate=context_packages_complete,
        ),
        Criterion(
            id="gates_enforced",
            category="controls",
            says="Required gates are overridden in at most one result in twenty.",
            evaluate=overrides_at_most(0.05),
        ),
        Criterion(
            id="exceptions_reviewed",
            category="controls",
            says="At most one exception in ten is past its end or was never reviewed.",
            evaluate=overdue_at_most(0.1),
        ),
        Criterion(
            id="no_exception_drift",
            category="controls",
            says="Exceptions do not become the rule.",
            evaluate=no_exception_drift,
        ),
        Criterion(
            id="audit_trail_complete",
            category="evidence",
            says="Who approved what, when and why can be shown.",
        ),
        Criterion(
            id="stability_holds",
            category="stability",
            says="Stability did not get worse by more than its margin.",
            evaluate=stability_holds,
        ),
        Criterion(
            id="escapes_hold",
            category="stability",
            says="Speed was not bought with escapes, on four quarters.",
            evaluate=escapes_hold,
        ),
        Criterion(
            id="gain_claimable",
            category="delivery_performance",
            says="What was gained may be claimed.",
            evaluate=gain_claimable,
        ),
        Criterion(
            id="first_value_seen",
            category="adoption",
            says="An AI-assisted change went through all gates and held.",
            evaluate=first_value_seen,
        ),
    ),
)
