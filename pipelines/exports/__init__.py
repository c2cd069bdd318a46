"""How briefs look: one file a form, each with `EXTENSION` and `render(brief) -> str`, found by name.

Belongs here: templates, figures drawn as SVG, escaping. Does not belong here: what a brief says (`metrics.briefs`), and
where it is written.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from metrics.briefs.document import MonthlyBrief

Render = Callable[[MonthlyBrief], str]
PREFIX = "brief_"


@cache
def brief_forms() -> dict[str, Render]:
    """How to make each form of the brief, by its name (`html`, `md`…)."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith(PREFIX)]
    return {name.removeprefix(PREFIX): importlib.import_module(f"{__name__}.{name}").render for name in sorted(names)}
