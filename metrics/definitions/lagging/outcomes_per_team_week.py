"""Outcomes per team-week: what was delivered and held, for the time that teams spent."""

from datetime import date

from metrics.definitions.conditions import VALIDATION_FOLLOW_UP
from metrics.model import Concurrency, Example, Metric, Outcomes, PerTeamWeek, Revision

WATCHED = "(_incidents_watched or _rollbacks_watched or _defects_watched)"

METRIC = Metric(
    id="outcomes_per_team_week",
    name="Outcomes per team-week",
    side="lagging",
    place=145,
    unit="per team-week",
    direction="higher",
    formula=(
        "Intents delivered in the window whose changes are all deployed and validated (those closed unmerged apart),"
        " divided by team-weeks: the calendar weeks, by their days, in which a team had a change of that tier open; in"
        " the mixed figure a team's week is one. Where the workspace keeps no intents, validated changes by their merge"
        " stand in, and the note says so. Validated is as in validated_throughput. Left out: intents and changes"
        " without a team, changes by bots, and services for which nobody watches incidents, rollbacks or defects."
    ),
    source=(
        "intents (team, repo_id), changes (intent_id), deployments, incidents, rollbacks, defects, repositories (team);"
        " intent_facts, change_facts"
    ),
    estimators=(
        PerTeamWeek(
            outcomes=Outcomes(
                fact="intent_facts",
                time="delivered_at",
                recorded="approved_at",
                where="is_validated and _outcomes_watched",
                says="Outcomes are intents delivered and validated.",
            ),
            otherwise=Outcomes(
                fact="measured_changes",
                time="merged_at",
                recorded="merged_at",
                where=f"validated and {WATCHED}",
                says="Outcomes are validated changes, as no intents are kept.",
            ),
            activity=Concurrency(
                fact="measured_changes",
                start="opened_at",
                end="coalesce(merged_at, closed_at)",
                holder="_team",
                where=WATCHED,
            ),
        ),
    ),
    follow_up=VALIDATION_FOLLOW_UP,
    inputs=("changes", "deployments", "repositories"),
    watched=("incidents", "rollbacks", "defects"),
    clustered_by="team",
    caveats=(
        "Intents differ in size: small ones make more outcomes of the same work.",
        "A team is a team, of three or of thirty: per person it is throughput per engineer-week.",
        "n counts team-days; an intent stands in the tier that it names, whatever the tiers of its changes.",
    ),
    examples=(
        Example(
            says=(
                "Two teams work in a week and deliver three intents, of which one did not hold: one outcome per"
                " team-week."
            ),
            facts={
                "change_facts": [
                    {"opened_at": "2026-01-05 09:00", "merged_at": "2026-01-05 12:00", "validated": True},
                    {"opened_at": "2026-01-06 09:00", "merged_at": "2026-01-09 12:00", "_team": 1},
                ],
                "intent_facts": [
                    {"approved_at": "2026-01-02 09:00", "delivered_at": "2026-01-06 12:00", "is_validated": True},
                    {"approved_at": "2026-01-02 09:00", "delivered_at": "2026-01-07 12:00", "is_validated": True},
                    {"approved_at": "2026-01-02 09:00", "delivered_at": "2026-01-07 12:00", "is_validated": False},
                ],
            },
            grain="week",
            start=date(2026, 1, 5),
            expect={"rate": 1.0},
        ),
        Example(
            says="Without intents, three validated changes of a team that worked in one of the month's weeks count.",
            facts={
                "change_facts": [
                    *(
                        {"opened_at": "2026-01-05 09:00", "merged_at": "2026-01-05 18:00", "validated": True}
                        for _ in range(3)
                    ),
                    {"opened_at": "2026-01-05 09:00", "merged_at": "2026-01-05 18:00", "validated": False},
                ]
            },
            expect={"rate": 3.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
