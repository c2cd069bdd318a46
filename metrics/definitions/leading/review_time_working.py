"""Review time in working hours: how long a review takes while people work."""

from datetime import date

from metrics.definitions.working_hours import CAVEATS, REQUIRES, SOURCE, estimator_of, example_of, formula_of
from metrics.model import Metric, Revision

SECONDS = "_review_working_seconds"

METRIC = Metric(
    id="review_time_working",
    name="Review time in working hours",
    side="leading",
    place=51,
    unit="working hours",
    direction="lower",
    formula=formula_of("review_time"),
    source=SOURCE,
    estimators=(estimator_of(SECONDS),),
    requires=REQUIRES,
    inputs=("changes", "reviews"),
    caveats=CAVEATS,
    examples=(
        example_of("Three reviews took 1, 3 and 8 working hours; a fourth change was merged without one.", SECONDS),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
