"""How a stage of a build is declared: the function that makes its assets, and what they wait for.

The words are Dagster's (an asset, what it depends on, its group), but none of it is imported: `plumbline build` calls
the functions itself (`pipelines.stages_in_order`), and would wait half a second for what it does not use. Dagster's
own assets are made of these declarations, and of nothing else (`pipelines.dagster_assets`).

Belongs here: what can be said of a stage. Does not: which stages there are, and their order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from inspect import getdoc, signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.build_store import BuildStore


@dataclass(frozen=True)
class Asset:
    """Something that a stage makes, mostly a table; all of it but what it waits for is for readers of the graph."""

    name: str
    """The name that others wait for; a slash sets a family apart."""
    deps: tuple[str, ...] = ()
    group_name: str = ""
    description: str = ""
    kinds: frozenset[str] = frozenset()
    code_version: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Check:
    """Something that a stage tells beside what it makes. It warns and stops nothing."""

    name: str
    description: str


@dataclass(frozen=True)
class Checked:
    """What a check came to."""

    check: Check
    passed: bool
    description: str


@dataclass(frozen=True)
class Made:
    """What a stage tells of an asset that it has made."""

    metadata: Mapping[str, Any]
    asset: str = ""
    """Its name; none where the stage makes no other."""
    checked: tuple[Checked, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What a stage is asked for."""

    assets: AbstractSet[str]
    """The names of the assets that are wanted."""
    warn: Callable[[str], object]
    """Tells the log of a run; what a reader has to know is in the tables."""
    settings: Mapping[str, bool]
    """What the stage's own settings are set to."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A function of the build that makes assets. Called, it makes them, and gives what it tells of each."""

    name: str
    assets: tuple[Asset, ...]
    function: Callable[..., Made | Iterator[Made]]
    """Takes the build, and what it is asked for if it wants to know."""
    is_divisible: bool = False
    """Whether it can be asked for some of its assets alone."""
    checks: tuple[Check, ...] = ()
    settings: Mapping[str, bool] = field(default_factory=dict)
    """What can be switched on and off, and how it stands if nobody does."""

    def __call__(self, build: "BuildStore", asked: Asked | None = None) -> list[Made]:
        """Make the assets."""
        asked = asked or self.everything()
        made = self.function(build, asked) if len(signature(self.function).parameters) > 1 else self.function(build)
        return [made] if isinstance(made, Made) else list(made)

    def everything(self) -> Asked:
        """All that it makes, its settings as they are, and nobody who reads a log."""
        return Asked(self.names, lambda _: None, self.settings)

    @property
    def names(self) -> frozenset[str]:
        """What it makes."""
        return frozenset(asset.name for asset in self.assets)

    @property
    def deps(self) -> frozenset[str]:
        """What it waits for."""
        return frozenset(dep for asset in self.assets for dep in asset.deps)


def asset(
    *,
    group_name: str,
    deps: Sequence[str] = (),
    name: str = "",
    description: str = "",
    kinds: AbstractSet[str] = frozenset(),
    checks: Sequence[Check] = (),
) -> Callable[[Callable[..., Made]], Stage]:
    """Declare a stage that makes one asset, named and described like its function unless something else is said."""

    def declare(function: Callable[..., Made]) -> Stage:
        called = name or function.__name__
        made = Asset(called, tuple(deps), group_name, description or getdoc(function) or "", frozenset(kinds))
        return Stage(called, (made,), function, checks=tuple(checks))

    return declare


def assets(
    declared: Sequence[Asset], *, is_divisible: bool = False, settings: Mapping[str, bool] | None = None
) -> Callable[[Callable[..., Iterator[Made]]], Stage]:
    """Declare a stage that makes several assets in one go, named like its function."""

    def declare(function: Callable[..., Iterator[Made]]) -> Stage:
        return Stage(function.__name__, tuple(declared), function, is_divisible, settings=settings or {})

    return declare
