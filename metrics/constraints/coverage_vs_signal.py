"""Coverage against signal."""

from datetime import date

from metrics.model import Constraint, Figure, Revision

CONSTRAINT = Constraint(
    id="coverage_vs_signal",
    name="Coverage against signal",
    question="Do tests cover more and tell less?",
    explanation=(
        "Coverage of critical paths may not grow, on average over changes, while more test runs are flaky or more"
        " defects"
        " escape: tests that say nothing are written fast."
    ),
    gains=(Figure(metric="coverage_delta", statistic="mean", margin="count", worse="lower", above_zero=True),),
    guardrails=(
        Figure(metric="flaky_test_rate", statistic="rate", margin="rate"),
        Figure(metric="escaped_defects", statistic="rate", margin="rate"),
    ),
    place=80,
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
