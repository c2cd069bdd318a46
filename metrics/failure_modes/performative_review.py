"""Performative review."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Violation, Worsened

FAILURE_MODE = FailureMode(
    id="performative_review",
    name="Performative review",
    explanation="Reviews happen on paper: approved faster than anybody reads, or merged without one.",
    signals=(
        Violation("speed_vs_review"),
        Worsened("shallow_approval_share"),
        Worsened("unreviewed_merge_share"),
    ),
    controls=(
        ("gates", "an eligible review before the merge, by an owner in tiers 3 and 4"),
        ("rollout", "smaller changes and a limit on reviews per reviewer"),
        ("measurement", "shallow approvals counted"),
    ),
    examples=(
        ModeExample(
            says="Twice as much is merged unreviewed.",
            status="present",
            comparisons=(
                {
                    "metric": "unreviewed_merge_share",
                    "statistic": "rate",
                    "baseline_value": 0.05,
                    "value": 0.1,
                    "change": 0.05,
                    "change_ci_low": 0.03,
                    "change_ci_high": 0.07,
                },
            ),
        ),
        ModeExample(
            says="Reviews are as they were.",
            status="clear",
            comparisons=(
                {
                    "metric": "unreviewed_merge_share",
                    "statistic": "rate",
                    "baseline_value": 0.05,
                    "value": 0.051,
                    "change": 0.001,
                    "change_ci_low": -0.01,
                    "change_ci_high": 0.012,
                },
                {
                    "metric": "shallow_approval_share",
                    "statistic": "rate",
                    "baseline_value": 0.09,
                    "value": 0.09,
                    "change": 0.0,
                    "change_ci_low": -0.02,
                    "change_ci_high": 0.02,
                },
            ),
        ),
    ),
)
