"""Known ways in which AI-assisted delivery goes wrong (METRICS §6).

What belongs here: one file a failure mode, each declaring `FAILURE_MODE` with what reveals it, what prevents it, and
two examples: one in which it shows and one in which it does not. Found by discovery. What does not: how signals are
read (`metrics.signals`) and what becomes of a mode in a tier (`metrics.failure_mode_status`).
"""

import importlib
import pkgutil
from functools import cache

from metrics.failure_mode_model import FailureMode


@cache
def all_failure_modes() -> dict[str, FailureMode]:
    """Every failure mode of this folder by id, sorted by id."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    modes: list[FailureMode] = [module.FAILURE_MODE for module in modules]
    return {mode.id: mode for mode in sorted(modes, key=lambda mode: mode.id)}
