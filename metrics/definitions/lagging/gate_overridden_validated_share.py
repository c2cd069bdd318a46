"""Validated share of changes with an overridden gate."""

from datetime import date

from metrics.definitions.conditions import VALIDATION_FOLLOW_UP
from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="gate_overridden_validated_share",
    name="Validated share of changes with an overridden gate",
    side="lagging",
    place=174,
    unit="fraction",
    direction="higher",
    formula=(
        "Of the changes merged in the window for which a required gate before the merge was overridden and which"
        " were deployed, those that"
        " then held for 14 days (no revert, escaped defect, rollback or attributed incident). Left out: changes by"
        " bots,"
        " changes whose 14 days still run, and changes of services for which nobody watches incidents, rollbacks or"
        " defects."
    ),
    source="gate_results, gate_policies, deployments, incidents, rollbacks, defects; change_facts.validated",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="measured_changes",
                    time="merged_at",
                    numerator="validated::integer",
                    denominator="1",
                    where=(
                        "_gate_overridden and validated is not null"
                        " and (_incidents_watched or _rollbacks_watched or _defects_watched)"
                    ),
                ),
            ),
        ),
    ),
    follow_up=VALIDATION_FOLLOW_UP,
    inputs=("changes", "deployments", "gate_results", "gate_policies"),
    watched=("incidents", "rollbacks", "defects"),
    caveats=(
        "Overridden changes are few and chosen by somebody: compared with those that passed only where both have 20.",
        "What only one of incidents, rollbacks and defects watches is held to that one alone.",
    ),
    paired_constraints=("gates_vs_stability",),
    examples=(
        Example(
            says="Three of four such changes held; one still runs its 14 days, and one stands apart.",
            facts={
                "change_facts": [
                    *({"merged_at": "2026-01-05 12:00", "_gate_overridden": True, "validated": True} for _ in range(3)),
                    {"merged_at": "2026-01-06 12:00", "_gate_overridden": True, "validated": False},
                    {"merged_at": "2026-01-06 12:00", "_gate_overridden": True, "validated": None},
                    {"merged_at": "2026-01-06 12:00", "_gate_overridden": False, "validated": False},
                ]
            },
            expect={"rate": 0.75},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
