"""Incident rate: incidents per production deployment, and per week."""

from datetime import date

from metrics.definitions.conditions import FINISHED_IN_PRODUCTION
from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="incident_rate",
    name="Incident rate",
    side="lagging",
    place=120,
    unit="per 100 production deployments",
    direction="lower",
    formula=(
        "Incidents opened in the window per 100 production deployments that finished in it (success or failure), and"
        " per week elapsed. Left out, above and below the line: services from before their incidents were watched."
    ),
    source="incidents (opened_at), deployments; incident_facts, deployment_facts",
    estimators=(
        Ratio(
            kind="events",
            scale=100.0,
            weekly=True,
            parts=(
                Part(
                    fact="deployment_facts",
                    time="_ended_at",
                    denominator="1",
                    where=f"{FINISHED_IN_PRODUCTION} and _incidents_watched",
                ),
                Part(fact="incident_facts", time="opened_at", numerator="1", where="_incidents_watched"),
            ),
        ),
    ),
    inputs=("incidents",),
    watched=("incidents",),
    caveats=(
        (
            "Every incident counts, whether a deployment caused it or not: change_failure_rate has only those that"
            " one did."
        ),
        "Deploying more often lowers the rate per deployment; constraints read the figure per week.",
    ),
    paired_constraints=("volume_vs_incidents", "stability_regression"),
    examples=(
        Example(
            says="Two incidents in a week of eight production deployments: 25 per 100 deployments, 2 a week.",
            grain="week",
            start=date(2026, 1, 5),
            facts={
                "deployment_facts": [
                    *({"_ended_at": f"2026-01-{day:02} 12:00"} for day in range(5, 12)),
                    {"_ended_at": "2026-01-05 18:00"},
                    {"_ended_at": "2026-01-05 12:00", "is_production": False},
                    {"_ended_at": "2026-01-05 12:00", "_incidents_watched": False},
                ],
                "incident_facts": [
                    {"opened_at": "2026-01-06 12:00"},
                    {"opened_at": "2026-01-08 12:00"},
                    {"opened_at": "2026-01-08 12:00", "_incidents_watched": False},
                ],
            },
            expect={"rate": 25.0, "count": 2, "per_week": 2.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
