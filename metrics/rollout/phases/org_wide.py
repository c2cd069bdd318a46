"""Organisation-wide: the way in which work is done."""

from metrics.rollout.checks import (
    adoption_at_least,
    context_packages_complete,
    gain_claimable,
    no_exception_drift,
    nothing_violated,
    outcomes_watched,
    overdue_at_most,
    overrides_at_most,
)
from metrics.rollout.model import Criterion, Phase

PHASE = Phase(
    id="org_wide",
    says="The whole tier works this way, and nothing is violated.",
    criteria=(
        Criterion(
            id="nearly_all_onboarded",
            category="scope",
            says="At least nine in ten active repositories are onboarded.",
            evaluate=adoption_at_least(0.9),
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
            says="Required gates are overridden in at most one result in fifty.",
            evaluate=overrides_at_most(0.02),
        ),
        Criterion(
            id="exceptions_reviewed",
            category="controls",
            says="No exception is past its end or was never reviewed.",
            evaluate=overdue_at_most(0.0),
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
            id="outcomes_watched",
            category="evidence",
            says="Everything that stability is judged by is watched.",
            evaluate=outcomes_watched,
        ),
        Criterion(
            id="nothing_violated",
            category="stability",
            says="No constraint is violated on four quarters.",
            evaluate=nothing_violated,
        ),
        Criterion(
            id="gain_claimable",
            category="delivery_performance",
            says="What was gained may be claimed.",
            evaluate=gain_claimable,
        ),
        Criterion(
            id="support_running",
            category="adoption",
            says="Training and support go on without the programme.",
        ),
    ),
)
