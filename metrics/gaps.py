"""Why a metric has no rows: which table is empty or which coverage is missing, and what to do about it.

Imports no frame or database library, so that the reason can be told at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from metrics.model import Metric

TABLE = "metric_gaps"
"""The internal table of a snapshot that holds them: metric, tier, tables, reason."""
WHOLE = "all"
"""The tier of a gap that is one of every tier."""

SOURCES: Mapping[str, str] = {
    "repositories": "a source of repositories, such as a code host",
    "changes": "a source of changes, such as a code host",
    "commits": "a source of commits, such as a code host",
    "reviews": "a source of reviews, such as a code host",
    "change_events": "a source of the events of changes, such as a code host",
    "deployments": "a source of deployments, such as a code host or a delivery pipeline",
    "deployment_changes": "a source of deployments, such as a code host or a delivery pipeline",
    "incidents": "a source of incidents, such as an incident tool",
    "rollbacks": "a source of rollbacks, such as a delivery pipeline",
    "defects": "a source of defects, such as an issue tracker",
    "gate_results": "a source of checks, such as a code host",
    "test_runs": "a source of test runs, such as a build server",
    "context_signals": "a source of context signals",
}
"""What brings each table in; registers are filled in by hand."""


@dataclass(frozen=True)
class Gap:
    """A metric without rows, in all tiers or in one."""

    metric: str
    tier: str
    tables: tuple[str, ...]
    reason: str


def gaps_of(metric: Metric, empty: Set[str], tiers_with_rows: Set[str], watched: Mapping[str, Set[str]]) -> list[Gap]:
    """Why a metric has no row at all, or none in a tier in which there is work.

    Args:
        metric: the definition.
        empty: event tables in which nothing is loaded.
        tiers_with_rows: tiers in which the metric has rows.
        watched: per tier in which there is work, the kinds of outcome that are watched for some of it.
    """
    missing = tuple(table for table in metric.inputs if table in empty)
    if missing:
        return [Gap(metric.id, WHOLE, missing, nothing_loaded(missing))]
    blind = [tier for tier in sorted(watched) if metric.watched and watched[tier].isdisjoint(metric.watched)]
    if not tiers_with_rows:
        if blind == sorted(watched) and blind:
            return [Gap(metric.id, WHOLE, ("coverage",), _unwatched(metric.watched, "of any tier"))]
        loaded = _words(metric.inputs)
        advice = f"it needs {metric.requires}" if metric.requires else "see what it counts in its definition"
        reason = f"{loaded} are loaded, and nothing in them counts yet; {advice}"
        return [Gap(metric.id, WHOLE, metric.inputs, reason)]
    return [
        Gap(metric.id, tier, ("coverage",), _unwatched(metric.watched, f"of {_place(tier)}"))
        for tier in blind
        if tier not in tiers_with_rows
    ]


def nothing_loaded(tables: Sequence[str]) -> str:
    """`no gate results loaded; load gate_results or connect a source of checks, such as a code host`."""
    fetched = [table for table in tables if table in SOURCES]
    sources = list(dict.fromkeys(SOURCES[table] for table in fetched))
    kept = [table for table in tables if table not in SOURCES]
    ways = [f"load {_listed(fetched)} or connect {_listed(sources)}"] if fetched else []
    ways += [f"fill in the register{'s' if len(kept) > 1 else ''} {_listed(kept)}"] if kept else []
    return f"no {_words(tables, 'or')} loaded; {', and '.join(ways)}"


def _unwatched(kinds: Sequence[str], place: str) -> str:
    return (
        f"nothing watches {_words(kinds, 'or')} {place}, and silence is not safety; say in the register coverage which"
        " of them is watched, by what and since when"
    )


def _place(tier: str) -> str:
    return f"tier {tier}" if tier.isdigit() else "work without a tier"


def _words(tables: Sequence[str], link: str = "and") -> str:
    return _listed([table.replace("_", " ") for table in tables], link)


def _listed(items: Sequence[str], link: str = "and") -> str:
    return f" {link} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
