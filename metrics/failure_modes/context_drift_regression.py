"""Context drift regression."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Rose, Worsened

FAILURE_MODE = FailureMode(
    id="context_drift_regression",
    name="Context drift regression",
    explanation=(
        "The shared context ages: what agents are told no longer fits the code, and each change is a little more wrong."
    ),
    signals=(
        Worsened("context_drift"),
        Rose("context_drift", category="stale_doc"),
        Rose("context_drift", category="context_mismatch"),
    ),
    controls=(
        ("context", "an owner and a review date for every context package"),
        ("gates", "a check that documents and interfaces change together"),
        ("access", "no AI-assisted work in tiers 3 and 4 without a current package"),
    ),
    examples=(
        ModeExample(
            says="Signals per 100 AI-assisted changes tripled.",
            status="present",
            comparisons=(
                {
                    "metric": "context_drift",
                    "statistic": "rate",
                    "baseline_value": 2.0,
                    "value": 6.0,
                    "change": 4.0,
                    "change_ci_low": 2.1,
                    "change_ci_high": 6.0,
                },
            ),
        ),
        ModeExample(
            says="As many signals as ever.",
            status="clear",
            comparisons=(
                {
                    "metric": "context_drift",
                    "statistic": "rate",
                    "baseline_value": 2.0,
                    "value": 2.1,
                    "change": 0.1,
                    "change_ci_low": -0.9,
                    "change_ci_high": 1.1,
                },
            ),
        ),
    ),
)
