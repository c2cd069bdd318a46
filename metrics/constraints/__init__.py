"""Integrity constraints: what may not get worse while something else gets better (METRICS §5).

What belongs here: one file a constraint, each declaring `CONSTRAINT`, found by discovery. What does not: how they are
judged (`metrics.judge`).
"""

import importlib
import pkgutil
from functools import cache

from metrics.model import Constraint


@cache
def all_constraints() -> dict[str, Constraint]:
    """Every constraint of this folder by id, in the order of their places."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    constraints: list[Constraint] = [module.CONSTRAINT for module in modules]
    return {constraint.id: constraint for constraint in sorted(constraints, key=lambda c: (c.place, c.id))}
