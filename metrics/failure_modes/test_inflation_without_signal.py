"""Test inflation without signal."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Violation, Worsened

FAILURE_MODE = FailureMode(
    id="test_inflation_without_signal",
    name="Test inflation without signal",
    explanation="Tests are written by the hundred: coverage grows, and they fail at random or say nothing.",
    signals=(
        Violation("coverage_vs_signal"),
        Worsened("flaky_test_rate"),
    ),
    controls=(
        ("gates", "mutation checks on critical paths; flaky tests are quarantined and owned"),
        ("measurement", "coverage read beside flaky runs and escapes"),
    ),
    examples=(
        ModeExample(
            says="Flaky runs doubled beyond chance.",
            status="present",
            comparisons=(
                {
                    "metric": "flaky_test_rate",
                    "statistic": "rate",
                    "baseline_value": 0.02,
                    "value": 0.04,
                    "change": 0.02,
                    "change_ci_low": 0.01,
                    "change_ci_high": 0.03,
                },
            ),
        ),
        ModeExample(
            says="Coverage grew, and runs are as steady as before.",
            status="clear",
            verdicts=({"constraint": "coverage_vs_signal", "status": "holds"},),
            comparisons=(
                {
                    "metric": "flaky_test_rate",
                    "statistic": "rate",
                    "baseline_value": 0.02,
                    "value": 0.019,
                    "change": -0.001,
                    "change_ci_low": -0.004,
                    "change_ci_high": 0.002,
                },
            ),
        ),
    ),
)
