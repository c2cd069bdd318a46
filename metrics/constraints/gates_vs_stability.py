"""Gates against stability."""

from datetime import date

from metrics.model import Constraint, Figure, Revision

CONSTRAINT = Constraint(
    id="gates_vs_stability",
    name="Gates against stability",
    question="Do more changes pass the gates because the gates mean less?",
    explanation=(
        "The gate pass rate of AI-assisted changes may not rise while fewer of those that pass hold in production."
        " In tiers"
        " 3 and 4 what passed must also do better than what a gate was overridden for: else the gates tell nothing. Of"
        " the validated share, the margin is one of what did not hold."
    ),
    gains=(Figure(metric="ai_gate_pass_rate", statistic="rate", margin="rate", worse="lower"),),
    guardrails=(
        Figure(metric="gate_passing_validated_share", statistic="rate", margin="rate", worse="lower"),
        Figure(
            metric="gate_passing_validated_share",
            statistic="rate",
            margin="rate",
            worse="lower",
            beside="gate_overridden_validated_share",
            tiers=("3", "4"),
        ),
    ),
    place=70,
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
