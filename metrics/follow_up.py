"""How long after a window's end what belongs to it may still arrive."""

from datetime import timedelta

from metrics.definitions import all_metrics
from metrics.model import Constraint


def of_metric(metric: str) -> timedelta:
    """The follow-up of a metric; none of one that is not known."""
    definition = all_metrics().get(metric)
    return definition.follow_up if definition else timedelta(0)


def of_constraint(constraint: Constraint | None) -> timedelta:
    """The longest follow-up among the figures of a constraint."""
    figures = (*constraint.gains, *constraint.guardrails) if constraint else ()
    return max((of_metric(figure.metric) for figure in figures), default=timedelta(0))
