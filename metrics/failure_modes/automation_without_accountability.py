"""Automation without accountability."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Apart, Worsened

FAILURE_MODE = FailureMode(
    id="automation_without_accountability",
    name="Automation without accountability",
    explanation="What agents author is merged without anybody who answers for it.",
    signals=(
        Apart("unreviewed_merge_share"),
        Apart("unreviewed_merge_share", segment="assisted"),
        Worsened("gate_override_rate"),
    ),
    controls=(
        ("access", "agents cannot merge; a named person approves"),
        ("gates", "an eligible review is required whatever the author is"),
        ("rollout", "an owner for every service of tiers 3 and 4"),
    ),
    examples=(
        ModeExample(
            says="Of what agents author one in five is merged unreviewed, of the rest one in twenty.",
            status="present",
            values=(
                {
                    "metric": "unreviewed_merge_share",
                    "statistic": "rate",
                    "value": 0.2,
                    "ci_low": 0.15,
                    "ci_high": 0.26,
                    "segment_kind": "ai_use",
                    "segment": "authored",
                },
                {
                    "metric": "unreviewed_merge_share",
                    "statistic": "rate",
                    "value": 0.05,
                    "ci_low": 0.03,
                    "ci_high": 0.07,
                    "segment_kind": "ai_use",
                    "segment": "none",
                },
            ),
        ),
        ModeExample(
            says="Agents' changes are reviewed like everybody's.",
            status="clear",
            values=(
                {
                    "metric": "unreviewed_merge_share",
                    "statistic": "rate",
                    "value": 0.05,
                    "ci_low": 0.02,
                    "ci_high": 0.1,
                    "segment_kind": "ai_use",
                    "segment": "authored",
                },
                {
                    "metric": "unreviewed_merge_share",
                    "statistic": "rate",
                    "value": 0.05,
                    "ci_low": 0.03,
                    "ci_high": 0.07,
                    "segment_kind": "ai_use",
                    "segment": "none",
                },
            ),
        ),
    ),
)
