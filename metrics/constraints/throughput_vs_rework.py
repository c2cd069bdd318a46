"""Throughput against rework."""

from datetime import date

from metrics.model import Constraint, Figure, Revision

CONSTRAINT = Constraint(
    id="throughput_vs_rework",
    name="Throughput against rework",
    question="Is more delivered because more of it repairs what was delivered before?",
    explanation=(
        "Throughput may not rise, per engineer-week where team_capacity is given, while a larger share of lines or of"
        " deployments only repairs. Without capacity a rise is a trigger, but no gain to claim: hiring is none."
    ),
    gains=(
        Figure(metric="throughput", statistic="per_engineer_week", otherwise="per_week", margin="count", worse="lower"),
    ),
    guardrails=(
        Figure(metric="rework_share", statistic="rate", margin="rate"),
        Figure(metric="deployment_rework_rate", statistic="rate", margin="rate"),
    ),
    place=60,
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
