"""Validated throughput: changes that were merged, deployed, and held."""

from datetime import date

from metrics.definitions.conditions import VALIDATION_FOLLOW_UP, VALIDATION_PENDING
from metrics.model import Count, Example, Metric, Revision

METRIC = Metric(
    id="validated_throughput",
    name="Validated throughput",
    side="lagging",
    place=140,
    unit="changes per week",
    direction="higher",
    formula=(
        "Changes merged in the window that were deployed and then held for 14 days: no revert, no escaped defect, no"
        " rollback and no attributed incident of the deployment that carried them. Per week elapsed as well, and"
        " per engineer-week"
        " where team_capacity is given. Left"
        " out: changes by bots, changes not deployed, changes whose 14 days still run, and changes of services for"
        " which nobody watches incidents, rollbacks or defects."
    ),
    source="changes, deployments, incidents, rollbacks, defects, team_capacity; change_facts.validated",
    estimators=(
        Count(
            fact="measured_changes",
            time="merged_at",
            where="validated and (_incidents_watched or _rollbacks_watched or _defects_watched)",
            per_engineer=True,
        ),
    ),
    follow_up=VALIDATION_FOLLOW_UP,
    pending=VALIDATION_PENDING,
    inputs=("changes", "deployments"),
    watched=("incidents", "rollbacks", "defects"),
    caveats=(
        (
            "What only one of incidents, rollbacks and defects watches is held to that one alone: 'validated' is"
            " worth what watches it."
        ),
        (
            "The 14 days run from the deployment: while more than one in a hundred of a window's changes waits for it"
            " (up to 30 days) or runs them, the window stays provisional, and its figure may still rise."
        ),
    ),
    examples=(
        Example(
            says=(
                "Of five changes merged in a week one was rolled back, one still runs its 14 days and one belongs to"
                " a service that nothing watches."
            ),
            grain="week",
            start=date(2026, 1, 5),
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 09:00", "validated": True},
                    {"merged_at": "2026-01-06 09:00", "validated": True},
                    {"merged_at": "2026-01-06 09:00", "validated": False},
                    {"merged_at": "2026-01-07 09:00", "validated": None},
                    {
                        "merged_at": "2026-01-07 09:00",
                        "validated": True,
                        "_incidents_watched": False,
                        "_rollbacks_watched": False,
                        "_defects_watched": False,
                    },
                ]
            },
            expect={"count": 2, "per_week": 2.0},
        ),
    ),
    revisions=(
        Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version: 14 days after deployment."),
        Revision(
            version="1.1.0",
            effective_at=date(2026, 11, 21),
            change="Per engineer-week too, where team_capacity is given: hiring is no gain.",
        ),
        Revision(
            version="1.2.0",
            effective_at=date(2026, 11, 21),
            change="Provisional for as long as more than one in a hundred changes waits for deployment or its 14 days.",
        ),
        Revision(
            version="1.3.0",
            effective_at=date(2026, 11, 21),
            change="The change per engineer-week is relative, as that of every count.",
        ),
    ),
)
