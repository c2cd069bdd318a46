"""One thing that was looked at, and what was found."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from schemas.errors import PlumblineError

State = Literal["ok", "info", "note", "problem"]
"""`info` is neither good nor bad; `note` works but deserves a look; a `problem` is what somebody has to mend."""


@dataclass(frozen=True)
class Check:
    """What was found: in which area (installation, workspace, a source, rules), how it stands, and what to do."""

    area: str
    state: State
    what: str
    advice: str = ""

    def as_facts(self) -> dict[str, str]:
        """For machines."""
        return asdict(self)


def told(area: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Run checks; an error that a command would end with becomes a problem, and the next ones go on."""
    try:
        yield from checks()
    except PlumblineError as error:
        where = f" ({error.where})" if error.where else ""
        yield Check(area, "problem", f"{error.what}{where}", error.what_to_do)
