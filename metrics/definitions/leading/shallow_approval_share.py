"""Shallow approvals: approved too fast to have been read."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="shallow_approval_share",
    side="leading",
    name="Shallow approvals",
    place=110,
    unit="fraction",
    direction="lower",
    formula=(
        "Approved changes merged in the window that nobody else commented on before the approval, and whose lines"
        " divided by the minutes from ready for review to the approval exceed the workspace's limit (100 lines a"
        " minute unless plumbline.toml says otherwise), divided by all approved changes merged in it. Left out:"
        " changes by bots, and changes that nobody eligible approved. A change of unknown size is not shallow."
    ),
    source=(
        "reviews (state, submitted_at, comment_count), changes (additions, deletions); shallow_approval_facts,"
        " change_facts"
    ),
    estimators=(
        Ratio(
            parts=(
                Part(fact="measured_changes", time="merged_at", denominator="1", where="_approved"),
                Part(fact="shallow_approval_facts", time="merged_at", numerator="1", where="_in_change_metrics"),
            ),
        ),
    ),
    inputs=("changes", "reviews"),
    caveats=(
        (
            "The clock runs from ready for review, not from when the reviewer began: it flatters whoever is slow to"
            " begin and quick to read."
        ),
        ("Pairing and reviews in a meeting leave no comment: agree on a way to record them."),
        ("The author's own comments and those of bots do not make an approval deep."),
    ),
    paired_constraints=("speed_vs_review",),
    examples=(
        Example(
            says="One of four approved changes was approved faster than anybody reads and without a comment.",
            facts={
                "change_facts": [
                    *({"merged_at": "2026-01-05 12:00", "_approved": True} for _ in range(4)),
                    {"merged_at": "2026-01-05 12:00", "_approved": False},
                ],
                "shallow_approval_facts": [{"merged_at": "2026-01-05 12:00"}],
            },
            expect={"rate": 0.25},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
