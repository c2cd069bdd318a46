"""What the incident tools have in common: settings that link their services to the workspace's, and severities."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from pipelines.connectors.base import Probed, SourceSettings
from pipelines.connectors.newest_first import Item
from schemas.errors import ConfigurationError, SourceError

Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
NAMES_SHOWN = 12
Severity = Annotated[int, Field(ge=1, le=5)]


class IncidentToolSettings(SourceSettings):
    """Settings that every incident tool knows.

    Attributes:
        services: The tool's service (its name or id) → service of the workspace. A name that is not in here is taken
            as it is: it links where the workspace calls the service the same.
        ignored_services: Services whose incidents are none of the workspace's: test and staging, say.
        security_services: Services whose incidents concern security.
        severities: The tool's priority → severity, 1 is worst to 5; case does not matter.
    """

    services: Mapping[Name, Name] = {}
    ignored_services: tuple[Name, ...] = ()
    security_services: tuple[Name, ...] = ()
    severities: Mapping[Name, Severity] = {"P1": 1, "P2": 2, "P3": 3, "P4": 4, "P5": 5}


def probed_services(settings: IncidentToolSettings, listed: Callable[[], Iterable[Item]]) -> Iterator[Probed]:
    """What the settings say of services, held against those that the tool has.

    Args:
        settings: The source's.
        listed: Asks the tool for its services, each with `id` and `name`.
    """
    try:
        there = [(str(item["id"]), str(item["name"])) for item in listed()]
    except (SourceError, ConfigurationError) as error:
        yield Probed("note", f"services cannot be listed, so that their names cannot be checked ({error.what})")
        return
    known = {name for names in there for name in names}
    shown = ", ".join(sorted(name for _, name in there)[:NAMES_SHOWN]) or "none"
    for rule in ("services", "ignored_services", "security_services"):
        missing = sorted(set(getattr(settings, rule)) - known)
        if missing:
            what = f"{rule}: there is no service {', '.join(repr(name) for name in missing)}"
            yield Probed("note", what, f"services there are: {shown}")
    linked = {*settings.services, *settings.ignored_services}
    left = sorted(name for identifier, name in there if not {identifier, name} & linked)
    if left:
        what = f"services: {len(left)} of {len(there)} are not linked and go by their own names: "
        more = ", …" if len(left) > NAMES_SHOWN else ""
        advice = "write them into services where yours are called otherwise"
        yield Probed("note", f"{what}{', '.join(left[:NAMES_SHOWN])}{more}", advice)
    elif there:
        yield Probed("ok", f"services: all {len(there)} are linked or ignored")


def linked_service(settings: IncidentToolSettings, *names: str | None) -> str | None:
    """The workspace's service: by the first of the tool's names for it that the settings know, else the last given."""
    given = [name for name in names if name]
    return next((settings.services[name] for name in given if name in settings.services), given[-1] if given else None)


def is_ignored(settings: IncidentToolSettings, *names: str | None) -> bool:
    """Whether the settings leave a service out."""
    return any(name in settings.ignored_services for name in names)


def is_security(settings: IncidentToolSettings, *names: str | None) -> bool:
    """Whether the incidents of a service concern security."""
    return any(name in settings.security_services for name in names)


def severity_of(settings: IncidentToolSettings, priority: str | None) -> int | None:
    """The severity that the settings give a priority; None where they give none."""
    wanted = (priority or "").strip().casefold()
    return next((severity for name, severity in settings.severities.items() if name.casefold() == wanted), None)
