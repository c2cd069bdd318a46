"""Parallel work: changes that a team has open at once."""

from datetime import date

from metrics.model import Concurrency, Example, Metric, Revision

METRIC = Metric(
    id="parallel_work",
    name="Parallel work",
    side="leading",
    place=190,
    unit="changes",
    direction="context",
    formula=(
        "Changes that a team had open at once, as the average over each local day (hours that its changes were open,"
        " divided by the hours of the day; the last day up to the cut): the distribution over team-days on which any"
        " was open, weekends included. Open is from the opening to the merge or close, drafts included. A tier holds"
        " its own changes, the mixed figure all of a team's. Left out: changes by bots, and of repositories without a"
        " team."
    ),
    source="changes (opened_at, merged_at, closed_at), repositories (team); change_facts",
    estimators=(
        Concurrency(fact="measured_changes", start="opened_at", end="coalesce(merged_at, closed_at)", holder="_team"),
    ),
    inputs=("changes", "repositories"),
    clustered_by="team",
    caveats=(
        "Grows with the size of the team: read it within a team over time, or beside throughput.",
        "Forgotten changes stay open: close what nobody will merge.",
        "Work before a change is opened is not seen.",
    ),
    examples=(
        Example(
            says=(
                "A team has one change open for two days, from Monday on, and another for twelve hours of Monday: 1.5"
                " on Monday and 1 on Tuesday."
            ),
            facts={
                "change_facts": [
                    {"opened_at": "2026-01-05 00:00", "merged_at": "2026-01-07 00:00"},
                    {"opened_at": "2026-01-05 06:00", "closed_at": "2026-01-05 18:00"},
                    {"opened_at": "2026-01-05 06:00", "merged_at": "2026-01-05 18:00", "_team": None},
                ]
            },
            grain="week",
            start=date(2026, 1, 5),
            expect={"n": 2, "mean": 1.25, "p50": 1.25},
        ),
        Example(
            says="Work in two tiers is at once in the mixture, one change in each tier; a bot's is in none.",
            facts={
                "change_facts": [
                    {"opened_at": "2026-01-05 00:00", "merged_at": "2026-01-05 12:00", "author_kind": "bot"},
                    {"opened_at": "2026-01-05 00:00", "merged_at": "2026-01-06 00:00", "tier": 1},
                    {"opened_at": "2026-01-05 00:00", "merged_at": "2026-01-06 00:00", "tier": 4},
                ]
            },
            grain="week",
            start=date(2026, 1, 5),
            tier="all",
            expect={"n": 1, "mean": 2.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
