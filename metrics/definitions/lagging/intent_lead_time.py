"""Lead time of an intent: approved to fully deployed."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision, Unfinished

METRIC = Metric(
    id="intent_lead_time",
    side="lagging",
    name="Lead time of intents",
    place=90,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from the approval of an intent to the deployment of its last change, for the intents delivered in the"
        " window. An intent is delivered when all its changes that were not closed unmerged are in production. The"
        " product-limit figures (km_p50, km_p90) take the cohort approved in the window instead; intents closed"
        " without being delivered are left out of them."
    ),
    source="intents (approved_at, closed_at), changes (intent_id), deployments; intent_facts",
    estimators=(
        Distribution(
            fact="intent_facts",
            time="delivered_at",
            value="greatest(epoch_us(delivered_at) - epoch_us(approved_at), 0) / 3.6e9",
            unfinished=Unfinished(
                fact="intent_facts",
                start="approved_at",
                end="delivered_at",
                where="delivered_at is not null or closed_at is null",
            ),
        ),
    ),
    inputs=("intents",),
    caveats=(
        ("An intent whose changes do not name it (intent_id) is never delivered."),
        ("A change added to a delivered intent later opens it again, in past windows too."),
    ),
    examples=(
        Example(
            says=(
                "Intents delivered after 48 and 96 hours; one of January still waits for its last change, one was"
                " dropped."
            ),
            facts={
                "intent_facts": [
                    {"approved_at": "2026-01-05 12:00", "delivered_at": "2026-01-07 12:00"},
                    {"approved_at": "2026-01-05 12:00", "delivered_at": "2026-01-09 12:00"},
                    {"approved_at": "2026-01-06 12:00"},
                    {"approved_at": "2026-01-06 12:00", "closed_at": "2026-01-08 12:00"},
                ]
            },
            expect={"n": 2, "mean": 72.0, "p50": 72.0, "km_p50": 96.0, "km_p90": None},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
