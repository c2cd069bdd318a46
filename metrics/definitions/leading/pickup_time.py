"""Pickup time: how long a change waits for its first review."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="pickup_time",
    name="Pickup time",
    side="leading",
    place=40,
    headline=True,
    core=True,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from ready for review to the first eligible review, for the changes merged in the window. Eligible is"
        " a review by a named human other than the author, between opening and merge. Left out: changes by bots, and"
        " changes merged without an eligible review."
    ),
    source="reviews (submitted_at, reviewer, reviewer_kind), change_events; change_facts.pickup_seconds",
    estimators=(Distribution(fact="measured_changes", time="merged_at", value="pickup_seconds / 3600"),),
    inputs=("changes", "reviews"),
    targets={1: 24.0, 2: 24.0, 3: 24.0, 4: 24.0},
    caveats=(
        (
            "Target, for the median: one day, after Google's engineering practices (\"one business day is the"
            ' maximum time it should take to respond").'
        ),
        "Wall clock: a change opened on Friday evening waits through the weekend.",
        (
            "What nobody reviews has no pickup time: read unreviewed_merge_share beside it, which must not rise"
            " while this falls."
        ),
        "Review bots and agents never stop the clock, and turning a change back into a draft does not restart it.",
    ),
    paired_constraints=("speed_vs_review",),
    examples=(
        Example(
            says="Reviews came 1, 3 and 8 hours after three changes were ready; a fourth was merged without one.",
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 17:00", "pickup_seconds": 3600},
                    {"merged_at": "2026-01-05 17:00", "pickup_seconds": 3 * 3600},
                    {"merged_at": "2026-01-06 17:00", "pickup_seconds": 8 * 3600},
                    {"merged_at": "2026-01-06 17:00"},
                ]
            },
            expect={"n": 3, "mean": 4.0, "p50": 3.0, "p90": 7.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version: wall clock."),),
)
