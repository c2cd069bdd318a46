"""Throughput: changes merged."""

from datetime import date

from metrics.model import Count, Example, Metric, Revision

METRIC = Metric(
    id="throughput",
    name="Throughput",
    side="lagging",
    place=130,
    core=True,
    unit="changes per week",
    direction="higher",
    formula=(
        "Changes merged in the window, and their number per week elapsed (a week has 168 hours; a running window is"
        " divided by the time elapsed). Changes by bots are left out."
    ),
    source="changes (merged_at); change_facts",
    estimators=(Count(fact="measured_changes", time="merged_at"),),
    caveats=(
        (
            "Output, not outcome: twice as many changes half the size are no gain. validated_throughput says how"
            " many held."
        ),
        "Hiring is not a gain: without team_capacity a rise is not claimable.",
        "Windows before a tier's first merge are not shown as zeros.",
    ),
    paired_constraints=("volume_vs_incidents", "throughput_vs_rework"),
    examples=(
        Example(
            says="Four changes merged in a week in which a bot merged a fifth.",
            grain="week",
            start=date(2026, 1, 5),
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 00:00"},
                    {"merged_at": "2026-01-06 12:00"},
                    {"merged_at": "2026-01-06 12:00"},
                    {"merged_at": "2026-01-11 23:59"},
                    {"merged_at": "2026-01-12 00:00"},
                    {"merged_at": "2026-01-06 12:00", "author_kind": "bot"},
                ]
            },
            expect={"count": 4, "per_week": 4.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
