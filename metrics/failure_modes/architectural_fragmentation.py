"""Architectural fragmentation."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Rose, Worsened

FAILURE_MODE = FailureMode(
    id="architectural_fragmentation",
    name="Architectural fragmentation",
    explanation="Each change is sensible by itself; together they cross boundaries, duplicate and collide.",
    signals=(
        Rose("context_drift", category="boundary_violation"),
        Worsened("merge_conflict_rate"),
        Worsened("change_size", statistic="p90"),
    ),
    controls=(
        ("context", "boundaries and their owners in the context package"),
        ("gates", "a check of dependencies between modules before the merge"),
        ("rollout", "a limit on changes open at once per team"),
    ),
    examples=(
        ModeExample(
            says="Conflicts rose beyond chance.",
            status="present",
            comparisons=(
                {
                    "metric": "merge_conflict_rate",
                    "statistic": "rate",
                    "baseline_value": 0.05,
                    "value": 0.09,
                    "change": 0.04,
                    "change_ci_low": 0.02,
                    "change_ci_high": 0.06,
                },
            ),
        ),
        ModeExample(
            says="Boundaries hold.",
            status="clear",
            comparisons=(
                {
                    "metric": "merge_conflict_rate",
                    "statistic": "rate",
                    "baseline_value": 0.05,
                    "value": 0.05,
                    "change": 0.0,
                    "change_ci_low": -0.01,
                    "change_ci_high": 0.01,
                },
            ),
            values=(
                {
                    "metric": "context_drift",
                    "statistic": "rate",
                    "value": 1.0,
                    "ci_low": 0.5,
                    "ci_high": 1.6,
                    "segment_kind": "category",
                    "segment": "boundary_violation",
                    "window_start": "2025-07-01",
                },
                {
                    "metric": "context_drift",
                    "statistic": "rate",
                    "value": 1.1,
                    "ci_low": 0.6,
                    "ci_high": 1.7,
                    "segment_kind": "category",
                    "segment": "boundary_violation",
                },
            ),
        ),
    ),
)
