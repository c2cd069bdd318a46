"""Validated share of changes that passed their gates."""

from datetime import date

from metrics.definitions.conditions import VALIDATION_FOLLOW_UP
from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="gate_passing_validated_share",
    name="Validated share of changes that passed their gates",
    side="lagging",
    place=172,
    unit="fraction",
    direction="higher",
    formula=(
        "Of the changes merged in the window whose required gates before the merge all passed and which were"
        " deployed, those that"
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
                        "gates_passed and validated is not null"
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
        "A gate that is dropped or weakened lets more through: this falls, if the gate did any good.",
        "What only one of incidents, rollbacks and defects watches is held to that one alone.",
    ),
    paired_constraints=("gates_vs_stability",),
    examples=(
        Example(
            says="Three of four such changes held; one still runs its 14 days, and one stands apart.",
            facts={
                "change_facts": [
                    *({"merged_at": "2026-01-05 12:00", "gates_passed": True, "validated": True} for _ in range(3)),
                    {"merged_at": "2026-01-06 12:00", "gates_passed": True, "validated": False},
                    {"merged_at": "2026-01-06 12:00", "gates_passed": True, "validated": None},
                    {"merged_at": "2026-01-06 12:00", "gates_passed": False, "validated": False},
                ]
            },
            expect={"rate": 0.75},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
