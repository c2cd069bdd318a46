"""The pickup stage of the lead time."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="lead_time_pickup",
    name="Waiting for the first review",
    side="lagging",
    parent="lead_time",
    place=30,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from ready for review to the first eligible review (by a named human other than the author, before"
        " the merge), for the changes deployed in the window: a stage of lead_time. Null for changes merged without"
        " one; these wait under merge wait."
    ),
    source="reviews, change_events; change_facts.pickup_seconds",
    estimators=(Distribution(fact="measured_changes", time="deployed_at", value="pickup_seconds / 3600"),),
    inputs=("changes", "deployments"),
    caveats=(
        "Review bots and agents never stop this clock.",
        (
            "The mean here is over the changes that have the stage; its share of the lead time is its total over all"
            " deployed changes."
        ),
    ),
    examples=(
        Example(
            says=(
                "Of four changes deployed in January three have this stage, of 1, 5 and 9 hours; the fourth counts"
                " as nothing in it."
            ),
            facts={
                "change_facts": [
                    {"deployed_at": "2026-01-05 10:00", "pickup_seconds": 3600},
                    {"deployed_at": "2026-01-05 14:00", "pickup_seconds": 5 * 3600},
                    {"deployed_at": "2026-01-05 18:00", "pickup_seconds": 9 * 3600},
                    {"deployed_at": "2026-01-05 18:00"},
                ]
            },
            expect={"n": 3, "mean": 5.0, "p50": 5.0, "p90": 8.2},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
