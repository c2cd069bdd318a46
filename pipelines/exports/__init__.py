"""How briefs look: one file a form and kind of brief, with `render(document)`, text or bytes, found by name.

Belongs here: templates, figures drawn as SVG, escaping. Does not belong here: what a brief says (`metrics.briefs`), and
where it is written.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from metrics.briefs.document import MonthlyBrief
from metrics.briefs.roi.document import RoiReport
from metrics.words import written_in

Document = MonthlyBrief | RoiReport
Render = Callable[[Any], str | bytes]
PREFIXES: dict[type[Document], str] = {MonthlyBrief: "brief_", RoiReport: "roi_"}
NOT_FORMS = ("layout",)


def form_names(kind: type[Document] = MonthlyBrief) -> list[str]:
    """Names of a brief's forms (`html`, `md`…) in alphabetical order; nothing of them is imported."""
    prefix = PREFIXES[kind]
    found = [
        module.name.removeprefix(prefix) for module in pkgutil.iter_modules(__path__) if module.name.startswith(prefix)
    ]
    return sorted(name for name in found if name not in NOT_FORMS)


def rendered(brief: Document, form: str) -> bytes:
    """The brief in one of the forms, as it is written to a file: text in UTF-8, days and numbers as its locale does."""
    render: Render = importlib.import_module(f"{__name__}.{PREFIXES[type(brief)]}{form}").render
    with written_in(brief.identity.locale):
        made = render(brief)
    return made if isinstance(made, bytes) else made.encode()
