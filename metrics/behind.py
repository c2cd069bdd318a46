"""The records behind a figure: what a reader who doubts it would look at first."""

from collections.abc import Sequence

from metrics.aggregate import Engine
from metrics.facts.worst_records import worst_records
from metrics.model import Count, Distribution, Metric, Ratio
from metrics.readings import Place

ID_COLUMNS = {
    "measured_changes": "change_id",
    "change_facts": "change_id",
    "shallow_approval_facts": "change_id",
    "deployment_facts": "deployment_id",
    "incident_facts": "incident_id",
    "defect_facts": "defect_id",
}
"""What names a row of each fact."""


def worst(engine: Engine, metric: Metric, places: Sequence[Place], limit: int) -> dict[Place, list[dict[str, object]]]:
    """The records behind a figure in each place: the largest values, or the newest events.

    Each record has kind, id, repo_id, at (ISO instant) and value (in the metric's unit, or the numerator's events).
    """
    if not places:
        return {}
    selects = [
        f"select '{ID_COLUMNS[fact][: -len('_id')]}' as kind, {ID_COLUMNS[fact]} as id, repo_id, tier,"
        f" ({time}) as happened_at,"
        f" ({value})::double as value from {fact} where ({where}) and ({time}) is not null and ({value}) > 0"
        for fact, where, time, value in _behind(metric)
        if fact in ID_COLUMNS
    ]
    if not selects:
        return {}
    starts = [
        (i, place.tier, engine.calendar.instant(place.window_start), engine.calendar.instant(place.window_end))
        for i, place in enumerate(places)
    ]
    rows = worst_records(engine.connection, " union all ".join(selects), starts, limit)
    found: dict[Place, list[dict[str, object]]] = {}
    for place, kind, id_, repo_id, at, value in rows:
        record = {"kind": kind, "id": id_, "repo_id": repo_id, "at": at, "value": value}
        found.setdefault(places[place], []).append(record)
    return found


def _behind(metric: Metric) -> list[tuple[str, str, str, str]]:
    """(fact, filter, instant, value) of the rows that make a figure what it is."""
    selections = []
    for estimator in metric.estimators:
        if isinstance(estimator, Distribution):
            selections.append((estimator.fact, estimator.where, estimator.time, estimator.value))
        elif isinstance(estimator, Ratio):
            parts = (part for part in estimator.parts if part.numerator != "0")
            selections += [(part.fact, part.where, part.time, part.numerator) for part in parts]
        elif isinstance(estimator, Count):
            selections.append((estimator.fact, estimator.where, estimator.time, "1"))
        if selections:
            break
    return selections
