"""Faster code becoming slower delivery."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Against

FAILURE_MODE = FailureMode(
    id="faster_code_slower_delivery",
    name="Faster code becoming slower delivery",
    explanation=(
        "Code is written faster than it can be reviewed, tested and released: it waits longer, and delivery slows down."
    ),
    signals=(
        Against(
            faster=(("lead_time_coding", "p50"), ("pickup_time", "p50"), ("review_time", "p50")),
            slower=(
                ("lead_time_merge_wait", "p50"),
                ("lead_time_deploy_wait", "p50"),
                ("lead_time", "p50"),
                ("pr_cycle_time", "p50"),
            ),
        ),
    ),
    controls=(
        ("rollout", "no more speed upstream of a queue: limit work in progress"),
        ("gates", "faster and steadier checks before the merge"),
        ("measurement", "lead time by stage, to the deployment"),
    ),
    examples=(
        ModeExample(
            says="Reviews are quicker, and changes wait twice as long for their merge.",
            status="present",
            comparisons=(
                {
                    "metric": "review_time",
                    "statistic": "p50",
                    "baseline_value": 6.0,
                    "value": 3.0,
                    "change": -0.5,
                    "change_ci_low": -0.6,
                    "change_ci_high": -0.4,
                },
                {
                    "metric": "lead_time_merge_wait",
                    "statistic": "p50",
                    "baseline_value": 4.0,
                    "value": 8.0,
                    "change": 1.0,
                    "change_ci_low": 0.6,
                    "change_ci_high": 1.5,
                },
            ),
        ),
        ModeExample(
            says="Reviews are quicker, and the waits are as they were.",
            status="clear",
            comparisons=(
                {
                    "metric": "review_time",
                    "statistic": "p50",
                    "baseline_value": 6.0,
                    "value": 3.0,
                    "change": -0.5,
                    "change_ci_low": -0.6,
                    "change_ci_high": -0.4,
                },
                {
                    "metric": "lead_time_merge_wait",
                    "statistic": "p50",
                    "baseline_value": 4.0,
                    "value": 4.0,
                    "change": 0.0,
                    "change_ci_low": -0.2,
                    "change_ci_high": 0.2,
                },
            ),
        ),
    ),
)
