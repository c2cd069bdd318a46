"""What the incident tools have in common: settings that link their services to the workspace's, and severities."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from pipelines.connectors.base import SourceSettings

Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
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
