"""Security incident rate: security incidents per production deployment, and per week."""

from datetime import date

from metrics.definitions.conditions import FINISHED_IN_PRODUCTION
from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="security_incident_rate",
    side="lagging",
    name="Security incident rate",
    place=121,
    unit="per 100 production deployments",
    direction="lower",
    formula=(
        "Incidents marked as security incidents that were opened in the window, per 100 production deployments that"
        " finished in it (success or failure), and per week elapsed. Left out, above and below the line: services"
        " from before their incidents were watched."
    ),
    source="incidents (is_security, opened_at), deployments; incident_facts, deployment_facts",
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
                Part(
                    fact="incident_facts", time="opened_at", numerator="1", where="is_security and _incidents_watched"
                ),
            ),
        ),
    ),
    inputs=("incidents",),
    watched=("incidents",),
    caveats=(
        ("Worth what marks them: where no source says is_security, none is a security incident."),
        "Rare by nature: read its interval, not its ups and downs.",
    ),
    examples=(
        Example(
            says="One of two incidents of a week with eight deployments concerned security: 12.5 per 100 deployments.",
            grain="week",
            start=date(2026, 1, 5),
            facts={
                "deployment_facts": [{"_ended_at": "2026-01-06 12:00"} for _ in range(8)],
                "incident_facts": [
                    {"opened_at": "2026-01-06 12:00", "is_security": True},
                    {"opened_at": "2026-01-08 12:00"},
                ],
            },
            expect={"rate": 12.5, "count": 1, "per_week": 1.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
