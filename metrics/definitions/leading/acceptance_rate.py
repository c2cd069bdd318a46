"""Acceptance rate: changes that ended in a merge."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="acceptance_rate",
    side="leading",
    name="Acceptance rate",
    place=120,
    unit="fraction",
    direction="context",
    formula=(
        "Changes merged in the window divided by changes that ended in it, merged or closed without a merge. Left"
        " out: changes by bots, and changes still open."
    ),
    source="changes (state, merged_at, closed_at); change_facts",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="measured_changes",
                    time="coalesce(merged_at, closed_at)",
                    numerator="(state = 'merged')::integer",
                    denominator="1",
                    where="state in ('merged', 'closed')",
                ),
            ),
        ),
    ),
    caveats=(
        (
            "Read, not judged by itself: closing what should not be merged is good work, and 100 % may mean that nobody"
            " looks."
        ),
        ("A change closed and opened again under another number counts as not accepted."),
    ),
    paired_constraints=("speed_vs_review",),
    examples=(
        Example(
            says="Three of four changes that ended in January were merged; one is still open.",
            facts={
                "change_facts": [
                    *({"merged_at": "2026-01-05 12:00"} for _ in range(3)),
                    {"state": "closed", "closed_at": "2026-01-06 12:00"},
                    {"state": "open", "opened_at": "2026-01-06 12:00"},
                ]
            },
            expect={"rate": 0.75},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
