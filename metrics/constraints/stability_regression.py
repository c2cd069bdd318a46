"""Stability by itself, whatever speed did."""

from datetime import date

from metrics.model import Constraint, Figure, Revision

CONSTRAINT = Constraint(
    id="stability_regression",
    name="Stability regression",
    question="Did stability get worse, whatever speed did?",
    explanation=(
        "Rollbacks, failed deployments, escaped defects, weekly incidents and the 95th percentile of cycle time"
        " may not rise: slower and worse is no grey field."
    ),
    gains=(),
    guardrails=(
        Figure(metric="rollback_rate", statistic="rate", margin="rate"),
        Figure(metric="change_failure_rate", statistic="rate", margin="rate"),
        Figure(metric="escaped_defects", statistic="rate", margin="rate"),
        Figure(metric="incident_rate", statistic="per_week", margin="count"),
        Figure(metric="pr_cycle_time", statistic="p95", margin="duration"),
    ),
    place=20,
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
