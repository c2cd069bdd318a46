"""Review time: from the first review to the approval."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="review_time",
    name="Review time",
    side="leading",
    place=50,
    headline=True,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from the first eligible review of a change to the approval after the last rejection (to the merge,"
        " where nobody approved), for the changes merged in the window; zero where the first review approved. Left"
        " out: changes by bots, and changes merged without an eligible review."
    ),
    source="reviews (submitted_at, state); change_facts.review_seconds",
    estimators=(Distribution(fact="measured_changes", time="merged_at", value="review_seconds / 3600"),),
    inputs=("changes", "reviews"),
    caveats=(
        (
            "An approval in the first review is a review time of zero: the lowest bin of the histogram holds those,"
            " and shallow_approval_share tells how many were too quick to have been read."
        ),
        "Small changes are reviewed faster: read change_size beside it.",
    ),
    examples=(
        Example(
            says="One change approved in its first review, two after 2 and 7 hours of discussion.",
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 17:00", "review_seconds": 0},
                    {"merged_at": "2026-01-05 17:00", "review_seconds": 2 * 3600},
                    {"merged_at": "2026-01-06 17:00", "review_seconds": 7 * 3600},
                    {"merged_at": "2026-01-06 17:00"},
                ]
            },
            expect={"n": 3, "mean": 3.0, "p50": 2.0, "p90": 6.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
