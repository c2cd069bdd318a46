"""Unreviewed merges: changes that nobody else looked at."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="unreviewed_merge_share",
    name="Unreviewed merges",
    side="leading",
    place=100,
    unit="fraction",
    direction="lower",
    formula=(
        "Changes merged in the window without an eligible review (by a named human other than the author, between"
        " opening and merge), divided by all changes merged in it. Changes by bots are left out."
    ),
    source="changes, reviews; change_facts.first_review_at",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="measured_changes",
                    time="merged_at",
                    numerator="(first_review_at is null)::integer",
                    denominator="1",
                ),
            ),
        ),
    ),
    inputs=("changes", "reviews"),
    targets={3: 0.0, 4: 0.0},
    caveats=(
        (
            "Target: none in tiers 3 and 4, the four-eyes principle of change management (ISO/IEC 27001:2022 annex A"
            " 8.32, SOC 2 CC8.1)."
        ),
        (
            "A review by a bot or an agent, by the author, or after the merge is no review here; pairing at one"
            " screen leaves no record."
        ),
    ),
    paired_constraints=("speed_vs_review",),
    examples=(
        Example(
            says="One of four changes was merged without a review; a bot's unreviewed update does not count.",
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 17:00", "first_review_at": "2026-01-05 12:00"},
                    {"merged_at": "2026-01-05 17:00", "first_review_at": "2026-01-05 12:00"},
                    {"merged_at": "2026-01-06 17:00", "first_review_at": "2026-01-06 12:00"},
                    {"merged_at": "2026-01-06 17:00"},
                    {"merged_at": "2026-01-06 17:00", "author_kind": "bot"},
                ]
            },
            expect={"rate": 0.25},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
