"""How briefs look: one file a form, each with `render(brief)`, text or bytes, found by name.

Belongs here: templates, figures drawn as SVG, escaping. Does not belong here: what a brief says (`metrics.briefs`), and
where it is written.
"""

import importlib
import pkgutil
from collections.abc import Callable

from metrics.briefs.document import MonthlyBrief

Render = Callable[[MonthlyBrief], str | bytes]
PREFIX = "brief_"


def form_names() -> list[str]:
    """Names of the forms (`html`, `md`…) in alphabetical order; nothing of them is imported."""
    found = [module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith(PREFIX)]
    return sorted(name.removeprefix(PREFIX) for name in found)


def rendered(brief: MonthlyBrief, form: str) -> bytes:
    """The brief in one of the forms, as it is written to a file: text in UTF-8."""
    render: Render = importlib.import_module(f"{__name__}.{PREFIX}{form}").render
    made = render(brief)
    return made if isinstance(made, bytes) else made.encode()
