"""Exception drift."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Level, Rose, Worsened

FAILURE_MODE = FailureMode(
    id="exception_drift",
    name="Exception drift",
    explanation="Exceptions become the rule: more in force each quarter, past their end, and looked at by nobody.",
    signals=(
        Level("exception_overdue", hints=0.1, shows=0.5),
        Rose("exception_load", statistic="count"),
        Worsened("gate_override_rate"),
    ),
    controls=(
        ("rollout", "every exception ends by itself; an owner reviews those in force each month"),
        ("gates", "an override names its exception"),
        ("measurement", "rising exceptions bar the next phase"),
    ),
    examples=(
        ModeExample(
            says="Six in ten exceptions are past their end or were never reviewed.",
            status="present",
            values=(
                {"metric": "exception_overdue", "statistic": "rate", "value": 0.6, "ci_low": None, "ci_high": None},
            ),
        ),
        ModeExample(
            says="Few, reviewed and in time.",
            status="clear",
            values=(
                {"metric": "exception_overdue", "statistic": "rate", "value": 0.0, "ci_low": None, "ci_high": None},
                {
                    "metric": "exception_load",
                    "statistic": "count",
                    "value": 3,
                    "ci_low": None,
                    "ci_high": None,
                    "unit": "count",
                    "window_start": "2025-07-01",
                },
                {
                    "metric": "exception_load",
                    "statistic": "count",
                    "value": 3,
                    "ci_low": None,
                    "ci_high": None,
                    "unit": "count",
                },
            ),
        ),
    ),
)
