"""The pilot: a few repositories, everything measured before it begins."""

from metrics.rollout.checks import (
    access_controlled,
    baseline_frozen,
    context_packages_complete,
    gates_required,
    lead_time_measured,
    outcomes_watched,
    repositories_onboarded,
)
from metrics.rollout.model import Criterion, Phase

PHASE = Phase(
    id="pilot",
    says="A few repositories begin, and what was before is on record.",
    criteria=(
        Criterion(
            id="scope_named",
            category="scope",
            says="It is written down which repositories and which work take part.",
        ),
        Criterion(
            id="access_controlled",
            category="controls",
            says="Who and what may use AI on this tier is under control.",
            evaluate=access_controlled,
        ),
        Criterion(
            id="gates_required",
            category="controls",
            says="At least one gate before the merge is required by policy.",
            evaluate=gates_required,
        ),
        Criterion(
            id="context_packages_complete",
            category="controls",
            says="Every onboarded repository has a complete, current context package.",
            evaluate=context_packages_complete,
            tiers=("3", "4"),
        ),
        Criterion(
            id="baseline_recorded",
            category="evidence",
            says="The baseline is named, dated and frozen.",
            evaluate=baseline_frozen,
        ),
        Criterion(
            id="outcomes_watched",
            category="evidence",
            says="Everything that stability is judged by is watched.",
            evaluate=outcomes_watched,
        ),
        Criterion(
            id="rollback_rehearsed",
            category="stability",
            says="A rollback has been rehearsed.",
        ),
        Criterion(
            id="lead_time_measured",
            category="delivery_performance",
            says="Lead time is known of enough changes to be compared later.",
            evaluate=lead_time_measured,
        ),
        Criterion(
            id="repositories_onboarded",
            category="adoption",
            says="A first repository is onboarded.",
            evaluate=repositories_onboarded,
        ),
    ),
)
