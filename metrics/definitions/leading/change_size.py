"""Change size: lines added and deleted."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="change_size",
    name="Change size",
    side="leading",
    place=130,
    unit="lines",
    direction="lower",
    formula=(
        "Lines added plus lines deleted by a change, for the changes merged in the window. Left out: changes by"
        " bots, and changes whose source gives no line counts."
    ),
    source="changes (additions, deletions); change_facts.size_lines",
    estimators=(Distribution(fact="measured_changes", time="merged_at", value="size_lines", first_bin=1.0),),
    caveats=(
        "Generated files, lock files and moves count like any other line.",
        "Splitting one change into many makes each smaller: read throughput beside it.",
    ),
    examples=(
        Example(
            says="Changes of 10, 20 and 300 lines; one without line counts is left out.",
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 17:00", "size_lines": 10},
                    {"merged_at": "2026-01-05 17:00", "size_lines": 20},
                    {"merged_at": "2026-01-06 17:00", "size_lines": 300},
                    {"merged_at": "2026-01-06 17:00"},
                ]
            },
            expect={"n": 3, "mean": 110.0, "p50": 20.0, "p90": 244.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
