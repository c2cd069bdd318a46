"""The median against the tail of the same distribution."""

from datetime import date

from metrics.model import Constraint, Figure, Revision

CONSTRAINT = Constraint(
    id="median_vs_tail",
    name="Median against tail",
    question="Does the typical change get faster while the slow ones get slower?",
    explanation="The median of cycle time or lead time may not fall while the same metric's 95th percentile rises.",
    gains=(
        Figure(metric="pr_cycle_time", statistic="p50", margin="duration"),
        Figure(metric="lead_time", statistic="p50", margin="duration"),
    ),
    guardrails=(
        Figure(metric="pr_cycle_time", statistic="p95", margin="duration"),
        Figure(metric="lead_time", statistic="p95", margin="duration"),
    ),
    same_metric_only=True,
    place=30,
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
