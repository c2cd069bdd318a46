"""Pickup time in working hours: how long a change waits for its first review while people work."""

from datetime import date

from metrics.definitions.working_hours import CAVEATS, REQUIRES, SOURCE, estimator_of, example_of, formula_of
from metrics.model import Metric, Revision

SECONDS = "_pickup_working_seconds"

METRIC = Metric(
    id="pickup_time_working",
    name="Pickup time in working hours",
    side="leading",
    place=41,
    unit="working hours",
    direction="lower",
    formula=formula_of("pickup_time"),
    source=SOURCE,
    estimators=(estimator_of(SECONDS),),
    requires=REQUIRES,
    inputs=("changes", "reviews"),
    caveats=CAVEATS,
    examples=(
        example_of("Reviews came 1, 3 and 8 working hours after three changes were ready; a fourth had none.", SECONDS),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)
