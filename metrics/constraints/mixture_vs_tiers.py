"""The mixed figure against the tiers that it mixes."""

from datetime import date

from metrics.model import Constraint, Figure, Revision

FIGURES = (
    Figure(metric="pr_cycle_time", statistic="p50", margin="duration"),
    Figure(metric="lead_time", statistic="p50", margin="duration"),
    Figure(metric="change_failure_rate", statistic="rate", margin="rate"),
    Figure(metric="rollback_rate", statistic="rate", margin="rate"),
)

CONSTRAINT = Constraint(
    id="mixture_vs_tiers",
    name="Mixture against tiers",
    question="Does the average over everything improve while a tier gets worse?",
    explanation=(
        "The figure over all tiers may not improve while the same figure worsens in any tier (Simpson's paradox):"
        " work that moves to a faster tier makes the average better and nothing faster."
    ),
    gains=FIGURES,
    guardrails=FIGURES,
    same_metric_only=True,
    across_tiers=True,
    place=90,
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
