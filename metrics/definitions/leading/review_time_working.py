"""Review time in working hours: how long a review takes while people work."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="review_time_working",
    name="Review time in working hours",
    side="leading",
    place=51,
    unit="working hours",
    direction="lower",
    formula=(
        "As review_time, on a clock that stands still outside the workspace's working hours (its weekdays, hours,"
        " holidays"
        " and time zone). A metric of its own: it is never mixed with the wall clock's."
    ),
    source="reviews, changes, change_events, working_hours in plumbline.toml; change_facts",
    estimators=(Distribution(fact="measured_changes", time="merged_at", value="_review_working_seconds / 3600"),),
    requires="the section [working_hours] in plumbline.toml, which says when work is done",
    inputs=("changes", "reviews"),
    caveats=(
        "Only where plumbline.toml has a section [working_hours]; without one there are no rows.",
        "One clock for all: a colleague in another time zone seems to answer at once, or not at all.",
    ),
    examples=(
        Example(
            says="Three reviews took 1, 3 and 8 working hours; a fourth change was merged without one.",
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 17:00", "_review_working_seconds": 1 * 3600},
                    {"merged_at": "2026-01-05 17:00", "_review_working_seconds": 3 * 3600},
                    {"merged_at": "2026-01-06 17:00", "_review_working_seconds": 8 * 3600},
                    {"merged_at": "2026-01-06 17:00"},
                ]
            },
            expect={"n": 3, "mean": 4.0, "p50": 3.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
