"""The phases of a rollout, one file each, each declaring `PHASE`: what a tier must show before it enters.

What belongs here: criteria as data. What does not: how the facts are asked (`metrics.rollout.checks`).
"""

import importlib
import pkgutil
from functools import cache

from metrics.rollout.model import PHASES, Phase


@cache
def all_phases() -> dict[str, Phase]:
    """Every phase by id, in the order in which a tier goes through them."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    found: dict[str, Phase] = {module.PHASE.id: module.PHASE for module in modules}
    return {phase: found[phase] for phase in PHASES}
