"""Escaped defects: defects found in production, by the change that brought them."""

from datetime import date

from metrics.definitions.conditions import ESCAPE_FOLLOW_UP
from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="escaped_defects",
    name="Escaped defects",
    side="lagging",
    place=50,
    headline=True,
    core=True,
    unit="per 100 merged changes",
    direction="lower",
    formula=(
        "Defects found in production within 30 days of the merge of the change that they are attributed to, per 100"
        " changes merged in the window, by the change's merge; by category of the defect over the same changes. A"
        " ratio of sums: several defects may fall on one change. Left out: changes by bots, defects that name no"
        " change, and changes of services for which nobody watches defects."
    ),
    source="defects (found_in, caused_by_change_id, category), changes; defect_facts, change_facts",
    estimators=(
        Ratio(
            kind="events",
            scale=100.0,
            parts=(
                Part(fact="measured_changes", time="merged_at", denominator="1", where="_defects_watched"),
                Part(
                    fact="measured_defects",
                    time="_merged_at",
                    numerator="1",
                    where=(
                        "found_in = 'production' and _defects_watched_at_merge"
                        f" and _days_after_merge <= {ESCAPE_FOLLOW_UP.days}"
                    ),
                    category="coalesce(category, 'unknown')",
                ),
            ),
        ),
    ),
    follow_up=ESCAPE_FOLLOW_UP,
    inputs=("changes", "defects"),
    watched=("defects",),
    caveats=(
        (
            "Counts what somebody attributed: where defects seldom name the change that caused them, it is low for"
            " want of labels."
        ),
        (
            "A defect found after 30 days counts nowhere, in the baseline as in the window: otherwise the newest"
            " window would always look best."
        ),
    ),
    paired_constraints=("speed_vs_escape", "coverage_vs_signal", "stability_regression"),
    examples=(
        Example(
            says=(
                "Three defects on two of 50 merged changes are 6 per 100; one found before production and one after"
                " 40 days are not among them."
            ),
            facts={
                "change_facts": [{"merged_at": "2026-01-10 12:00"} for _ in range(50)],
                "defect_facts": [
                    {"_merged_at": "2026-01-10 12:00", "_days_after_merge": 2.0, "category": "logic"},
                    {"_merged_at": "2026-01-10 12:00", "_days_after_merge": 5.0, "category": "logic"},
                    {"_merged_at": "2026-01-10 12:00", "_days_after_merge": 30.0, "category": "security"},
                    {"_merged_at": "2026-01-10 12:00", "_days_after_merge": 40.0, "category": "logic"},
                    {"_merged_at": "2026-01-10 12:00", "_days_after_merge": 1.0, "found_in": "pre_production"},
                ],
            },
            expect={"rate": 6.0},
        ),
        Example(
            says="Of the same changes, 4 defects of category logic per 100.",
            segment_kind="category",
            segment="logic",
            facts={
                "change_facts": [{"merged_at": "2026-01-10 12:00"} for _ in range(50)],
                "defect_facts": [
                    {"_merged_at": "2026-01-10 12:00", "_days_after_merge": 2.0, "category": "logic"},
                    {"_merged_at": "2026-01-10 12:00", "_days_after_merge": 5.0, "category": "logic"},
                    {"_merged_at": "2026-01-10 12:00", "_days_after_merge": 9.0, "category": "security"},
                ],
            },
            expect={"rate": 4.0},
        ),
    ),
    revisions=(
        Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version: 30 days' follow-up."),
    ),
)
