"""Speed against review."""

from datetime import date

from metrics.model import Constraint, Figure, Revision

CONSTRAINT = Constraint(
    id="speed_vs_review",
    name="Speed against review",
    question="Are changes faster because nobody looks at them?",
    explanation=(
        "Pickup time or cycle time may not fall while more is merged without a review, more approvals are faster than"
        " anybody reads, or fewer changes are accepted. Of the acceptance rate, the margin is one of what was turned"
        " down."
    ),
    gains=(
        Figure(metric="pickup_time", statistic="p50", margin="duration"),
        Figure(metric="pr_cycle_time", statistic="p50", margin="duration"),
    ),
    guardrails=(
        Figure(metric="unreviewed_merge_share", statistic="rate", margin="rate"),
        Figure(metric="shallow_approval_share", statistic="rate", margin="rate"),
        Figure(metric="acceptance_rate", statistic="rate", margin="rate", worse="lower"),
    ),
    place=50,
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
