"""Dependency and version hallucination."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Rose

FAILURE_MODE = FailureMode(
    id="dependency_and_version_hallucination",
    name="Dependency and version hallucination",
    explanation="Generated code calls what is not there, or what was there two versions ago.",
    signals=(
        Rose("context_drift", category="version_misalignment"),
        Rose("gate_override_rate"),
    ),
    controls=(
        ("gates", "dependencies resolved against an approved list before the merge"),
        ("context", "versions in use stated in the context package"),
        ("access", "no package is installed that is not on the list"),
    ),
    examples=(
        ModeExample(
            says="Misalignments per 100 changes went from one to four within a year.",
            status="present",
            values=(
                {
                    "metric": "context_drift",
                    "statistic": "rate",
                    "value": 1.0,
                    "ci_low": 0.5,
                    "ci_high": 1.6,
                    "segment_kind": "category",
                    "segment": "version_misalignment",
                    "window_start": "2025-07-01",
                },
                {
                    "metric": "context_drift",
                    "statistic": "rate",
                    "value": 4.0,
                    "ci_low": 3.0,
                    "ci_high": 5.2,
                    "segment_kind": "category",
                    "segment": "version_misalignment",
                },
            ),
        ),
        ModeExample(
            says="As few as a year ago.",
            status="clear",
            values=(
                {
                    "metric": "context_drift",
                    "statistic": "rate",
                    "value": 1.0,
                    "ci_low": 0.5,
                    "ci_high": 1.6,
                    "segment_kind": "category",
                    "segment": "version_misalignment",
                    "window_start": "2025-07-01",
                },
                {
                    "metric": "context_drift",
                    "statistic": "rate",
                    "value": 1.0,
                    "ci_low": 0.5,
                    "ci_high": 1.6,
                    "segment_kind": "category",
                    "segment": "version_misalignment",
                },
            ),
        ),
    ),
)
