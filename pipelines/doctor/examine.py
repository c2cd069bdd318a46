"""All checks of a workspace, in the order in which a reader wants them; one that fails keeps no other from its turn."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipelines.doctor.installation import AREA as INSTALLATION
from pipelines.doctor.installation import disk, installation
from pipelines.doctor.model import Check, told
from pipelines.doctor.rules import AREA as RULES
from pipelines.doctor.rules import rules
from pipelines.doctor.settings import ALERTS, HOOKS, alerts, hooks, settings
from pipelines.doctor.settings import AREA as WORKSPACE
from pipelines.doctor.sources import Sighted, source_check
from pipelines.ingest_pull import World
from schemas.errors import ConfigurationError, PlumblineError
from schemas.workspace import FILE_NAME, Workspace, load_workspace


def examine(
    folder: Path,
    names: Sequence[str] = (),
    *,
    offline: bool = False,
    world: World | None = None,
    begins: Callable[[str], None] = lambda _: None,
) -> Iterator[Check]:
    """Every check, as soon as it is made.

    Args:
        folder: the workspace's.
        names: sources to look at; all by default.
        offline: ask no host.
        world: where transport, clock and environment come from.
        begins: told the name of each source before its host is asked.

    Raises:
        ConfigurationError: a source of that name is not configured.
    """
    world = world or World()
    yield from told(INSTALLATION, installation)
    try:
        workspace = load_workspace(folder)
    except PlumblineError as error:
        yield Check(WORKSPACE, "problem", f"{error.where}: {error.what}", error.what_to_do)
        return
    chosen = _chosen(workspace, names)
    yield from told(INSTALLATION, lambda: disk(workspace))
    yield from told(WORKSPACE, lambda: settings(workspace))
    yield from told(ALERTS, lambda: alerts(workspace, world.environment))
    yield from told(HOOKS, lambda: hooks(workspace, world.environment))
    sighted = Sighted()
    for each in workspace.sources:
        if each.name in chosen:
            begins(each.name)
            yield from source_check(workspace, each, world, sighted, offline=offline)
    yield from told(RULES, lambda: rules(workspace, frozenset(sighted.environments)))


def _chosen(workspace: Workspace, names: Sequence[str]) -> set[str]:
    configured = [source.name for source in workspace.sources]
    for name in names:
        if name not in configured:
            advice = f"name one of {', '.join(configured)}" if configured else "add a [[sources]] table"
            raise ConfigurationError(f"there is no source {name!r}", str(workspace.root / FILE_NAME), advice)
    return set(names or configured)
