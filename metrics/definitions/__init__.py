"""The metric tree, one file a metric: `leading/<metric>.py` and `lagging/<metric>.py`, each declaring one `METRIC`.

What belongs here: definitions as data, what several of them share (`conditions.py`, `working_hours.py`), and their
fingerprints. What does not: anything that computes (`metrics.aggregate`, `metrics.stats`), and facts
(`metrics.facts`). A file put into a folder is in the tree: nothing lists them. Importing this package imports no
frame or database library, so that the tree can be printed at once.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from metrics.definitions import lagging, leading
from metrics.model import Metric


@cache
def all_metrics() -> dict[str, Metric]:
    """Every metric by id in the order of the tree: leading first, headlines before the others, parts after their whole.

    Raises:
        TypeError: A file declares no `METRIC`, or one of another id or side than its own name and folder say.
    """
    found: dict[str, Metric] = {}
    for package in (leading, lagging):
        side = package.__name__.rpartition(".")[2]
        for module in pkgutil.iter_modules(package.__path__):
            metric = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "METRIC", None)
            if not isinstance(metric, Metric) or (metric.id, metric.side) != (module.name, side):
                where = f"{package.__name__}.{module.name}"
                raise TypeError(f"{where} must declare METRIC = Metric(id={module.name!r}, side={side!r})")
            found[metric.id] = metric
    return {metric.id: metric for metric in sorted(found.values(), key=lambda metric: _place(metric, found))}


def _place(metric: Metric, found: dict[str, Metric]) -> tuple[bool, bool, int, str, int, str]:
    whole = found[metric.parent] if metric.parent else metric
    own = (metric.place, metric.id) if metric.parent else (-1, "")
    return (whole.side == "lagging", not whole.headline, whole.place, whole.id, *own)
