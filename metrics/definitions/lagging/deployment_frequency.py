"""Deployment frequency: successful production releases and hotfixes over time."""

from datetime import date

from metrics.definitions.conditions import FINISHED_IN_PRODUCTION
from metrics.model import Count, Example, Metric, Revision

METRIC = Metric(
    id="deployment_frequency",
    name="Deployment frequency",
    side="lagging",
    place=100,
    unit="deployments per week",
    direction="higher",
    formula=(
        "Successful production deployments of kind release or hotfix that ended in the window, divided by the weeks"
        " elapsed in it. A ratio, never floored; several in a day count each. Rollbacks, redeploys, failed and"
        " cancelled deployments are left out."
    ),
    source="deployments (finished_at, status, kind) (DORA: deployment frequency); deployment_facts",
    estimators=(
        Count(
            fact="deployment_facts",
            time="_ended_at",
            where=f"{FINISHED_IN_PRODUCTION} and status = 'success' and kind in ('release', 'hotfix')",
        ),
    ),
    inputs=("deployments",),
    caveats=(
        "A deployment without a change in it counts like any other: read throughput beside it.",
        (
            "Which environments are production is the workspace's rule: `plumbline doctor` names those that it does"
            " not match."
        ),
    ),
    examples=(
        Example(
            says="24 deployments in the 28 days of February are 6.0 a week (0.857 a day, not 0 a day).",
            start=date(2026, 2, 1),
            facts={
                "deployment_facts": [
                    *({"_ended_at": f"2026-02-{day:02} 15:00"} for day in range(1, 25)),
                    {"_ended_at": "2026-02-25 15:00", "kind": "rollback"},
                    {"_ended_at": "2026-02-25 15:00", "kind": "redeploy"},
                    {"_ended_at": "2026-02-25 15:00", "status": "failure"},
                    {"_ended_at": "2026-02-25 15:00", "is_production": False},
                ]
            },
            expect={"count": 24, "per_week": 6.0},
        ),
    ),
    revisions=(
        Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version: a ratio over elapsed time."),
    ),
)
