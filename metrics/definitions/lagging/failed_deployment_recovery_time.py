"""Recovery time of failed deployments."""

from datetime import date

from metrics.definitions.conditions import FAILED, FINISHED_IN_PRODUCTION, OUTCOME_FOLLOW_UP, OUTCOMES_WATCHED
from metrics.model import Distribution, Example, Metric, Revision, Unfinished

FAILED_IN_PRODUCTION = f"{FINISHED_IN_PRODUCTION} and {OUTCOMES_WATCHED} and {FAILED}"

METRIC = Metric(
    id="failed_deployment_recovery_time",
    name="Recovery time of failed deployments",
    side="lagging",
    place=110,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from the end of a failed production deployment to the first of: its incident resolved, its rollback"
        " finished, the hotfix that blames it finished; by the deployment's end. Failed is as in"
        " change_failure_rate, within 3 days. Deployments not yet recovered are not in the quantiles; the"
        " product-limit figures (km_p50, km_p90) count them for as long as they have been seen."
    ),
    source=(
        "deployments, incidents, rollbacks (DORA: failed deployment recovery time); deployment_facts.recovery_seconds"
    ),
    estimators=(
        Distribution(
            fact="deployment_facts",
            time="_ended_at",
            value="recovery_seconds / 3600",
            where=FAILED_IN_PRODUCTION,
            unfinished=Unfinished(
                fact="deployment_facts", start="_ended_at", end="recovered_at", where=FAILED_IN_PRODUCTION
            ),
        ),
    ),
    follow_up=OUTCOME_FOLLOW_UP,
    inputs=("deployments",),
    watched=("incidents", "rollbacks"),
    caveats=(
        "The clock starts at the deployment's end, not when somebody noticed: late detection counts.",
        "A failed deployment that was repaired by an ordinary release stays unrecovered for want of a record.",
    ),
    examples=(
        Example(
            says=(
                "Two failed deployments recovered after 1 and 4 hours, one has not; one that did not fail is no part"
                " of it."
            ),
            facts={
                "deployment_facts": [
                    {
                        "_ended_at": "2026-01-05 12:00",
                        "_rolled_back_at": "2026-01-05 13:00",
                        "recovered_at": "2026-01-05 13:00",
                        "recovery_seconds": 3600,
                    },
                    {
                        "_ended_at": "2026-01-06 12:00",
                        "_first_incident_at": "2026-01-06 12:30",
                        "recovered_at": "2026-01-06 16:00",
                        "recovery_seconds": 4 * 3600,
                    },
                    {"_ended_at": "2026-01-07 12:00", "status": "failure"},
                    {"_ended_at": "2026-01-08 12:00"},
                ]
            },
            expect={"n": 2, "mean": 2.5, "p50": 2.5, "km_p50": 4.0, "km_p90": None},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
