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
        " divided by the time elapsed). Changes by bots are left out. Per engineer-week as well, where the register"
        " team_capacity says how many engineers the teams have; those of a team that works in several tiers are"
        " split by"
        " its share of changes."
    ),
    source="changes (merged_at), team_capacity; change_facts",
    estimators=(Count(fact="measured_changes", time="merged_at", per_engineer=True),),
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
        Example(
            says=(
                "A team of four engineers merged six changes of tier 3 in a week, and two of tier 1: two for each"
                " of them."
            ),
            grain="week",
            start=date(2026, 1, 5),
            facts={
                "team_capacity": [{"team": "team", "month": "2026-01-01", "engineers": 4}],
                "change_facts": [
                    *({"merged_at": "2026-01-06 12:00"} for _ in range(6)),
                    *({"merged_at": "2026-01-07 12:00", "tier": 1} for _ in range(2)),
                ],
            },
            expect={"count": 6, "per_week": 6.0, "per_engineer_week": 2.0},
        ),
    ),
    revisions=(
        Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),
        Revision(
            version="1.1.0",
            effective_at=date(2026, 11, 21),
            change="Per engineer-week too, where team_capacity is given: hiring is no gain.",
        ),
        Revision(
            version="1.2.0",
            effective_at=date(2026, 11, 21),
            change="The change per engineer-week is relative, as that of every count.",
        ),
    ),
)
