"""Test cycle time: what the gates before a merge take."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="test_cycle_time",
    side="leading",
    name="Test cycle time",
    place=140,
    unit="hours",
    direction="lower",
    formula=(
        "Hours that the pre_merge gates of a change ran before its merge, all runs added up, for the changes merged"
        " in the window. Left out: changes by bots, and changes without a timed pre_merge gate."
    ),
    source="gate_results (control_point, duration_seconds, ran_at); change_gate_facts",
    estimators=(
        Distribution(
            fact="change_gate_facts", time="merged_at", value="pre_merge_seconds / 3600", where="_in_change_metrics"
        ),
    ),
    inputs=("gate_results",),
    caveats=(
        ("Machine time, not waiting: gates that run side by side are added up, and queues before them are not seen."),
    ),
    examples=(
        Example(
            says="Gates of three changes ran for 0.5, 1 and 3 hours.",
            facts={
                "change_gate_facts": [
                    {"merged_at": "2026-01-05 12:00", "pre_merge_seconds": 1800},
                    {"merged_at": "2026-01-05 12:00", "pre_merge_seconds": 3600},
                    {"merged_at": "2026-01-06 12:00", "pre_merge_seconds": 3 * 3600},
                ]
            },
            expect={"n": 3, "mean": 1.5, "p50": 1.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
