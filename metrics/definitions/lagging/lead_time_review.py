"""The review stage of the lead time."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="lead_time_review",
    name="Review",
    side="lagging",
    parent="lead_time",
    place=40,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from the first eligible review to the approval after the last rejection (to the merge, where nobody"
        " approved), for the changes deployed in the window: a stage of lead_time. Zero where the first review"
        " approved, null for changes merged without an eligible review."
    ),
    source="reviews; change_facts.review_seconds",
    estimators=(Distribution(fact="measured_changes", time="deployed_at", value="review_seconds / 3600"),),
    inputs=("changes", "deployments"),
    caveats=(
        "An instant approval has no duration to speak of: read shallow_approval_share beside it.",
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
                    {"deployed_at": "2026-01-05 10:00", "review_seconds": 3600},
                    {"deployed_at": "2026-01-05 14:00", "review_seconds": 5 * 3600},
                    {"deployed_at": "2026-01-05 18:00", "review_seconds": 9 * 3600},
                    {"deployed_at": "2026-01-05 18:00"},
                ]
            },
            expect={"n": 3, "mean": 5.0, "p50": 5.0, "p90": 8.2},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
