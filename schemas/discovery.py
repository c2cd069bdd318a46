"""Finding tables by folder, so that a new file is a new table and no list is kept."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # names alone can be listed without the models
    from schemas.tables import Table

AnyTable = TypeVar("AnyTable", bound="Table")


def table_names(package: ModuleType) -> list[str]:
    """Names of the tables in a package, sorted, without importing them."""
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))


def tables_in(package: ModuleType, base: type[AnyTable]) -> dict[str, type[AnyTable]]:
    """The one subclass of ``base`` that each module of ``package`` defines, by the module's name.

    Raises:
        TypeError: A module defines no table, or more than one.
    """
    found: dict[str, type[AnyTable]] = {}
    for name in table_names(package):
        module = importlib.import_module(f"{package.__name__}.{name}")
        models = [
            member
            for _, member in inspect.getmembers(module, inspect.isclass)
            if issubclass(member, base) and member.__module__ == module.__name__
        ]
        if len(models) != 1:
            raise TypeError(f"{module.__name__} must define exactly one {base.__name__}, not {len(models)}")
        found[name] = models[0]
    return found
