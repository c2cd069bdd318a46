"""Volume against incidents."""

from datetime import date

from metrics.model import Constraint, Figure, Revision

CONSTRAINT = Constraint(
    id="volume_vs_incidents",
    name="Volume against incidents",
    question="Is more delivered because more of it fails?",
    explanation=(
        "Throughput may not rise, per engineer-week where team_capacity is given, while incidents per week or the"
        " change"
        " failure rate rise. Without capacity a rise is a trigger, but no gain to claim: hiring is none."
    ),
    gains=(
        Figure(metric="throughput", statistic="per_engineer_week", otherwise="per_week", margin="count", worse="lower"),
    ),
    guardrails=(
        Figure(metric="incident_rate", statistic="per_week", margin="count"),
        Figure(metric="change_failure_rate", statistic="rate", margin="rate"),
    ),
    place=40,
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
