"""Tail-risk blindness."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Violation, Worsened

FAILURE_MODE = FailureMode(
    id="tail_risk_blindness",
    name="Tail-risk blindness",
    explanation="Medians improve and are celebrated; the slowest changes and the worst outages get worse, unseen.",
    signals=(
        Violation("median_vs_tail"),
        Worsened("pr_cycle_time", statistic="p95"),
        Worsened("time_to_restore", statistic="p90"),
    ),
    controls=(
        ("measurement", "distributions, never a mean or median alone"),
        ("gates", "a limit on the age of an open change"),
        ("rollout", "the slowest tenth is read in every review"),
    ),
    examples=(
        ModeExample(
            says="The median improved and the tail got worse.",
            status="present",
            verdicts=({"constraint": "median_vs_tail", "status": "violated"},),
        ),
        ModeExample(
            says="The whole distribution moved.",
            status="clear",
            verdicts=({"constraint": "median_vs_tail", "status": "holds"},),
            comparisons=(
                {
                    "metric": "pr_cycle_time",
                    "statistic": "p95",
                    "baseline_value": 90.0,
                    "value": 80.0,
                    "change": -0.1111,
                    "change_ci_low": -0.2,
                    "change_ci_high": -0.02,
                },
            ),
        ),
    ),
)
