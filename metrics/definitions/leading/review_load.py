"""Review load: reviews that a person submits in a week, and how unevenly they fall."""

from datetime import date

from metrics.model import Example, Load, Metric, Revision


def _reviews(counts: tuple[int, ...]) -> list[dict[str, object]]:
    """So many reviews of each reviewer, on Tuesday 6 January."""
    return [
        {"submitted_at": "2026-01-06 12:00", "_reviewer": reviewer}
        for reviewer, count in enumerate(counts)
        for _ in range(count)
    ]


MERGED = {"merged_at": "2026-01-05 12:00"}
"""The first record: what lies before it belongs to no window."""

METRIC = Metric(
    id="review_load",
    name="Review load",
    side="leading",
    place=60,
    headline=True,
    unit="reviews per reviewer-week",
    direction="context",
    formula=(
        "Reviews that a person submitted in a calendar week, of changes that others authored, bots' changes and"
        " reviews after the merge included: the distribution over reviewer-weeks with at least one review, by the first"
        " review of that week. gini and top_decile_share: how unevenly the reviews of the window fall on its reviewers"
        " (0 and a tenth where all review alike). A tier holds the reviews of its own changes; the mixed figure"
        " a reviewer's whole week. Left out: reviews by bots, authors' reviews of their own changes, and the week that"
        " still runs."
    ),
    source="reviews (reviewer, reviewer_kind, submitted_at), changes (author); review_facts",
    estimators=(Load(fact="review_facts", time="submitted_at", holder="_reviewer"),),
    inputs=("changes", "reviews"),
    clustered_by="reviewer",
    caveats=(
        "A review is a review, however large the change: read change_size beside it.",
        "Who reviewed nothing all week is not in it: people who never review lower no figure here.",
        "The Gini coefficient of n reviewers cannot exceed (n - 1) / n: compare teams of like size only.",
        "Reviewers are numbers here, and no figure names one; a tier with two reviewers still gives them away.",
    ),
    examples=(
        Example(
            says="Four people review 1, 1, 2 and 6 changes in a week: the busiest tenth has 0.4 x 6 of 10 reviews.",
            facts={"change_facts": [MERGED], "review_facts": _reviews((1, 1, 2, 6))},
            grain="week",
            start=date(2026, 1, 5),
            expect={"n": 4, "mean": 2.5, "p50": 1.5, "p90": 4.8, "gini": 0.4, "top_decile_share": 0.24},
        ),
        Example(
            says="One person's week with reviews in two tiers is one reviewer-week of the mixture.",
            facts={
                "change_facts": [MERGED],
                "review_facts": [
                    *({"submitted_at": "2026-01-06 12:00", "_reviewer": 0, "tier": 4} for _ in range(3)),
                    {"submitted_at": "2026-01-08 12:00", "_reviewer": 0, "tier": 2},
                ],
            },
            grain="week",
            start=date(2026, 1, 5),
            tier="all",
            expect={"n": 1, "mean": 4.0, "gini": None},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
