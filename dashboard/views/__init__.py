"""The pages, one file each, declaring `VIEW`. A file put here is a page: nothing lists them.

What belongs here: what a page shows, in which order, in which words. What does not: SQL (`dashboard.queries`), figures
(`dashboard.charts`), looks (`dashboard.look`).
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dashboard.access import ON_THIS_MACHINE, Reader
from dashboard.filters import Filter
from dashboard.periods import Window
from dashboard.segments import WHOLE, Against, Segment
from dashboard.snapshots import Snapshot
from metrics.constraints import all_constraints
from metrics.model import Constraint
from schemas.snapshot import SnapshotFolder


@dataclass(frozen=True)
class Scene:
    """What a page is drawn from: the snapshot, its windows and the one that is looked at (None where there is none).

    `folder` is where the snapshot lies, for what is kept beside it. `against` and `segment` are as the filters say, for
    pages that name them; `reader` is who looks; `constraints` are all that were judged, declared ones among them.
    """

    folder: SnapshotFolder
    snapshot: Snapshot
    windows: Sequence[Window]
    window: Window | None
    against: Against = "baseline"
    segment: Segment = WHOLE
    reader: Reader = ON_THIS_MACHINE
    constraints: Mapping[str, Constraint] = field(default_factory=all_constraints)


@dataclass(frozen=True)
class View:
    """A page. `path` is its address; the page of place 0 is the first that a reader sees.

    `filters` says what it can be filtered by beside the window. One with `whole_organisation` shows what cannot be
    limited to teams, and is not for readers who are.
    """

    title: str
    path: str
    icon: str
    place: int
    about: str
    render: Callable[[Scene], None]
    needs_window: bool = True
    filters: tuple[Filter, ...] = ()
    whole_organisation: bool = False


def all_views() -> list[View]:
    """Every page of this folder, in order."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    views: list[View] = [module.VIEW for module in modules]
    return sorted(views, key=lambda view: (view.place, view.title))
