"""Change failure rate: production deployments that failed."""

from datetime import date

from metrics.definitions.conditions import FAILED, FINISHED_IN_PRODUCTION, OUTCOME_FOLLOW_UP, OUTCOMES_WATCHED
from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="change_failure_rate",
    name="Change failure rate",
    side="lagging",
    place=30,
    headline=True,
    core=True,
    unit="fraction",
    direction="lower",
    formula=(
        "Distinct production deployments that failed, divided by distinct production deployments that finished"
        " (success or failure), by the end of the deployment. Failed is: its own status, or within 3 days of its end"
        " an incident attributed to it, a rollback of it, or a hotfix that blames it. Incidents are never counted,"
        " only the deployments that they fell on. Left out: deployments of services for which neither incidents nor"
        " rollbacks are watched."
    ),
    source="deployments, incidents, rollbacks (DORA: change failure rate); deployment_facts",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="deployment_facts",
                    time="_ended_at",
                    numerator=f"{FAILED}::integer",
                    denominator="1",
                    where=f"{FINISHED_IN_PRODUCTION} and {OUTCOMES_WATCHED}",
                ),
            ),
        ),
    ),
    follow_up=OUTCOME_FOLLOW_UP,
    inputs=("deployments",),
    watched=("incidents", "rollbacks"),
    caveats=(
        (
            "Where only one of incidents and rollbacks is watched, the rate knows nothing of the other: the kinds"
            " watched stand in the register `coverage`."
        ),
        (
            "An incident that names no deployment is attributed to the latest of its service within 24 hours, and to"
            " none otherwise."
        ),
        (
            "Deployments that change nothing dilute the rate: it is also judged per week where deployments became"
            " more frequent."
        ),
    ),
    paired_constraints=("volume_vs_incidents", "mixture_vs_tiers", "stability_regression"),
    examples=(
        Example(
            says="Six incidents on four of 23 deployments are a rate of 17.4 %, not of 26.1 %.",
            facts={
                "deployment_facts": [
                    *({"_ended_at": f"2026-01-{day:02} 12:00"} for day in range(1, 20)),
                    *(
                        {
                            "_ended_at": f"2026-01-{day:02} 12:00",
                            "_first_incident_at": f"2026-01-{day:02} 14:00",
                            "incident_count": incidents,
                        }
                        for day, incidents in ((20, 3), (21, 1), (22, 1), (23, 1))
                    ),
                ]
            },
            expect={"rate": 4 / 23},
        ),
        Example(
            says=(
                "Of four watched deployments one failed by its status and one was rolled back within three days; a"
                " rollback after five days, a service that nobody watches and a cancelled deployment do not count."
            ),
            facts={
                "deployment_facts": [
                    {"_ended_at": "2026-01-05 12:00", "status": "failure"},
                    {"_ended_at": "2026-01-06 12:00", "_rolled_back_at": "2026-01-06 13:00"},
                    {"_ended_at": "2026-01-07 12:00", "_rolled_back_at": "2026-01-12 13:00"},
                    {"_ended_at": "2026-01-08 12:00"},
                    {
                        "_ended_at": "2026-01-09 12:00",
                        "status": "failure",
                        "_incidents_watched": False,
                        "_rollbacks_watched": False,
                    },
                    {"_ended_at": "2026-01-09 12:00", "status": "cancelled"},
                ]
            },
            expect={"rate": 0.5},
        ),
    ),
    revisions=(
        Revision(
            version="1.0.0",
            effective_at=date(2026, 11, 20),
            change="First version: deployments, with 3 days' follow-up.",
        ),
    ),
)
