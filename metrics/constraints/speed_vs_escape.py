"""Speed against escaped defects and rollbacks."""

from datetime import date

from metrics.model import Constraint, Figure, Revision

CONSTRAINT = Constraint(
    id="speed_vs_escape",
    name="Speed against escapes",
    question="Are changes faster because defects get through?",
    explanation=(
        "Cycle time or lead time may not fall while more defects escape to production"
        " or more deployments are rolled back."
    ),
    gains=(
        Figure(metric="pr_cycle_time", statistic="p50", margin="duration"),
        Figure(metric="pr_cycle_time", statistic="p90", margin="duration"),
        Figure(metric="lead_time", statistic="p50", margin="duration"),
        Figure(metric="lead_time", statistic="p90", margin="duration"),
    ),
    guardrails=(
        Figure(metric="escaped_defects", statistic="rate", margin="rate"),
        Figure(metric="rollback_rate", statistic="rate", margin="rate"),
    ),
    place=10,
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
