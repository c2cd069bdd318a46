"""The hosts of which something was recorded, found by discovery."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path

import tests.contract.recorded as package
from tests.contract.recorded.account import Line

Lines = Callable[[Path, Path], Iterable[Line]]


def hosts() -> dict[str, Lines]:
    """Each host's account by its name."""
    found: dict[str, Lines] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        if module_info.name != "__main__":
            module = importlib.import_module(f"{package.__name__}.{module_info.name}")
            if lines := vars(module).get("lines"):
                found[module_info.name] = lines
    return found
