"""Constraints as a workspace wants them: those that ship, with its margins, and those that it declares.

A declaration is refused where it names a metric or a statistic that is not there, or cannot be judged as it says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.model import Constraint, Count, Distribution, Figure, MarginKind, Metric, Ratio, Revision
from schemas.constraint_settings import ConstraintSettings, Gain, Guardrail, Tier

QUANTILES = ("p50", "p75", "p90", "p95")
PER_WEEK, PER_ENGINEER_WEEK = "per_week", "per_engineer_week"


class RefusedDeclaration(ValueError):
    """A declaration that cannot be followed.

    Args:
        location: keys and list positions from `[constraints]` on.
        what: what is wrong, as a clause.
        advice: what to do about it.
    """

    def __init__(self, location: Sequence[int | str], what: str, advice: str) -> None:
        """Keep the three apart."""
        super().__init__(f"{what}; {advice}")
        self.location, self.what, self.advice = tuple(location), what, advice


def constraints_with(settings: Mapping[str, ConstraintSettings]) -> dict[str, Constraint]:
    """Every constraint that is judged, by id, in the order in which they are shown: the workspace's own come last.

    Raises:
        RefusedDeclaration: a declaration cannot be followed.
    """
    found = dict(all_constraints())
    for identifier, declared in settings.items():
        if identifier in found:
            found[identifier] = _with_margins(found[identifier], declared)
        else:
            found[identifier] = _own(identifier, declared)
    return found


def _with_margins(constraint: Constraint, declared: ConstraintSettings) -> Constraint:
    """A constraint that ships, with the workspace's margins and a version that says so."""
    if not declared.margins:
        raise RefusedDeclaration(
            [constraint.id], f"{constraint.id} ships with Plumbline", "give only margins for it, or another name"
        )
    guarded = sorted({figure.metric for figure in constraint.guardrails})
    for metric in declared.margins:
        if metric not in guarded:
            advice = _advice(metric, guarded)
            raise RefusedDeclaration(
                [constraint.id, "margins", metric], f"{metric} is no guardrail of {constraint.id}", advice
            )
    version = f"{constraint.version}+{declared.version}"
    return replace(
        constraint,
        guardrails=tuple(
            replace(figure, own_margins=_by_tier(declared.margins.get(figure.metric, {})))
            for figure in constraint.guardrails
        ),
        revisions=(*constraint.revisions, _revision(version, declared)),
    )


def _own(identifier: str, declared: ConstraintSettings) -> Constraint:
    """A constraint of the workspace's own."""
    if declared.margins:
        shipped = sorted(all_constraints())
        raise RefusedDeclaration(
            [identifier], f"there is no constraint {identifier} to give margins for", _advice(identifier, shipped)
        )
    gains = tuple(_figure(identifier, "gain", i, gain) for i, gain in enumerate(declared.gain))
    guardrails = tuple(_figure(identifier, "guardrails", i, each) for i, each in enumerate(declared.guardrails))
    for number, figure in enumerate(guardrails):
        if any((figure.metric, figure.statistic) == (gain.metric, gain.statistic) for gain in gains):
            raise RefusedDeclaration(
                [identifier, "guardrails", number],
                f"{figure.metric} {figure.statistic} is the gain and the guardrail",
                "it cannot get better and worse at once; name another",
            )
    words = identifier.replace("_", " ")
    name = declared.name or f"{words[:1].upper()}{words[1:]}"
    return Constraint(
        id=identifier,
        name=name,
        question=declared.question or f"{name}?",
        explanation=declared.reason,
        gains=gains,
        guardrails=guardrails,
        tiers=tuple(str(tier) for tier in sorted(set(declared.tiers))),
        owner=declared.set_by,
        revisions=(_revision(declared.version, declared),),
    )


def _revision(version: str, declared: ConstraintSettings) -> Revision:
    return Revision(version=version, effective_at=declared.since, change=declared.reason, owner=declared.set_by)


def _figure(identifier: str, side: str, number: int, declared: Gain) -> Figure:
    """A declared statistic as a figure that can be judged."""
    place: list[int | str] = [identifier, side, number]
    metric = all_metrics().get(declared.metric)
    if metric is None:
        advice = _advice(declared.metric, list(all_metrics()))
        raise RefusedDeclaration([*place, "metric"], f"there is no metric {declared.metric}", advice)
    known = judged_statistics(metric)
    if declared.statistic not in known:
        what = f"{declared.metric} is not judged by {declared.statistic}"
        advice = f"judged are: {', '.join(known)}" if known else "no statistic of it is compared with a baseline"
        raise RefusedDeclaration([*place, "statistic"], what, advice)
    better = declared.better or metric.direction
    if better == "context":
        what = f"more of {declared.metric} is neither better nor worse by its definition"
        raise RefusedDeclaration(place, what, 'say better = "higher" or better = "lower"')
    is_level = declared.statistic == "mean"
    if is_level and side == "guardrails":
        what = f"the mean of {declared.metric} lies on both sides of zero and bears no relative margin"
        raise RefusedDeclaration([*place, "statistic"], what, "use it as the gain")
    figure = Figure(
        metric=metric.id,
        statistic=declared.statistic,
        margin=known[declared.statistic],
        worse="lower" if better == "higher" else "higher",
        above_zero=is_level,
        own_margins=_by_tier(declared.margin) if isinstance(declared, Guardrail) else (),
    )
    # More work by more people is no gain: where the number of people is known, it is divided by.
    is_output = side == "gain" and declared.statistic == PER_WEEK and PER_ENGINEER_WEEK in known
    return replace(figure, statistic=PER_ENGINEER_WEEK, otherwise=PER_WEEK) if is_output else figure


def judged_statistics(metric: Metric) -> dict[str, MarginKind]:
    """The statistics of a metric that are compared with a baseline, each with the kind of its margin."""
    found: dict[str, MarginKind] = {}
    for estimator in metric.estimators:
        if isinstance(estimator, Distribution):
            found |= {"mean": "count"} if estimator.is_signed else dict.fromkeys(QUANTILES, "duration")
        elif isinstance(estimator, Ratio):
            found[estimator.statistic] = "rate"
            if estimator.weekly:
                found[PER_WEEK] = "count"
        elif isinstance(estimator, Count):
            found |= {PER_WEEK: "count", PER_ENGINEER_WEEK: "count"}
    return found


def _by_tier(margins: Mapping[Tier, float]) -> tuple[tuple[str, float], ...]:
    return tuple((str(tier), margin) for tier, margin in sorted(margins.items()))


def _advice(wanted: str, known: Sequence[str]) -> str:
    close = get_close_matches(wanted, known, 1)
    return f"did you mean {close[0]}?" if close else f"known are: {', '.join(known)}"
