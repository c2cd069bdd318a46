"""Every error that a user may meet, each one line: what happened, where, and what to do next.

::

    PlumblineError                 2
    ├── ConfigurationError         2   plumbline.toml or a register is wrong
    ├── InputError                 2   a file, an option or an argument cannot be used
    ├── WarehouseError             2   the warehouse file cannot be used
    │   ├── WarehouseLocked        2   another process is writing it
    │   └── StorageFull            2   no room left on the disk
    ├── NoSnapshot                 2   nothing has been built yet
    └── SourceError                3   a source could not be read to its end; what arrived is kept

The number is the exit status of the command that meets the error.
"""

from __future__ import annotations


class PlumblineError(Exception):
    """An error with a message for its reader.

    Args:
        what: What happened, as a clause without a full stop.
        where: The file, row, source or URL (never with a secret), or an empty string where there is none.
        what_to_do: The next step, as an imperative clause, or an empty string.
    """

    exit_status: int = 2

    def __init__(self, what: str, where: str = "", what_to_do: str = "") -> None:
        """Keep the three parts and make one line of them."""
        self.what, self.where, self.what_to_do = what, where, what_to_do
        message = f"{where}: {what}" if where else what
        super().__init__(" ".join(f"{message}; {what_to_do}".split()) if what_to_do else " ".join(message.split()))


class ConfigurationError(PlumblineError):
    """``plumbline.toml`` or a register says something that cannot be followed."""


class InputError(PlumblineError):
    """A file, an option or an argument cannot be used as it is."""


class WarehouseError(PlumblineError):
    """The warehouse file cannot be opened, read or written."""


class WarehouseLocked(WarehouseError):
    """Another process holds the warehouse."""


class StorageFull(WarehouseError):
    """There is no room left where the workspace lies; nothing of the interrupted step is kept."""


class NoSnapshot(PlumblineError):
    """A command needs a published snapshot and none exists yet."""


class SourceError(PlumblineError):
    """A source could not be read to its end; what arrived is kept and the next pull goes on from there."""

    exit_status = 3
