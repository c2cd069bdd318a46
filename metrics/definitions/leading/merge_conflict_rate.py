"""Merge conflicts: changes that ran into one another."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="merge_conflict_rate",
    side="leading",
    name="Merge conflict rate",
    place=180,
    unit="fraction",
    direction="lower",
    formula=(
        "Changes merged in the window that had a merge conflict before, divided by all changes merged in it. Changes"
        " by bots are left out. Nothing is given while no source has ever reported a conflict."
    ),
    source="change_events (merge_conflict), changes; conflict_facts, change_facts",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="measured_changes",
                    time="merged_at",
                    denominator="1",
                    where="(select count(*) from conflict_facts) > 0",
                ),
                Part(fact="conflict_facts", time="merged_at", numerator="1", where="_in_change_metrics"),
            ),
        ),
    ),
    inputs=("changes", "change_events"),
    caveats=(
        (
            "Most hosts do not report conflicts: a source that begins to raises the rate without anything having"
            " changed."
        ),
        "A change with many conflicts counts once.",
    ),
    examples=(
        Example(
            says="Two of ten merged changes had had a conflict.",
            facts={
                "change_facts": [{"merged_at": "2026-01-05 12:00"} for _ in range(10)],
                "conflict_facts": [{"merged_at": "2026-01-05 12:00"}, {"merged_at": "2026-01-05 12:00"}, {}],
            },
            expect={"rate": 0.2},
        ),
        Example(
            says="Where no source reports conflicts, no rate of zero is claimed.",
            facts={"change_facts": [{"merged_at": "2026-01-05 12:00"} for _ in range(10)]},
            expect={"rate": None},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
