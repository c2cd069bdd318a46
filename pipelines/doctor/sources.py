"""Each source: settings, token, and what its connector finds on the host."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from pipelines.connectors.transport import HostClient
from pipelines.doctor.model import Check, State
from pipelines.ingest_prepare import prepare
from pipelines.ingest_pull import World
from schemas.errors import ConfigurationError, PlumblineError, SourceError
from schemas.workspace import Source, Workspace


@dataclass
class Sighted:
    """What was seen on the hosts, for the rules: names of environments."""

    environments: set[str] = field(default_factory=set)


def source(workspace: Workspace, given: Source, world: World, sighted: Sighted, *, offline: bool) -> Iterator[Check]:
    """Look at one source. Asks its host, unless `offline`.

    Raises:
        PlumblineError: the settings or the token are wrong, or the host cannot be asked at all.
    """
    area = f"Source {given.name}"
    prepared = prepare(workspace, given, world.environment)
    connector = prepared.connector
    yield from _mapped_repositories(area, connector.settings.model_dump())
    where = f"{given.kind} at {connector.settings.base_url}"
    token = f"token from {prepared.token_hint}" if prepared.token else "no token"
    yield Check(area, "ok", f"{where}, {token}")
    if not offline:
        client = HostClient(
            given.name,
            connector.settings.base_url,
            prepared.token,
            prepared.token_hint,
            headers=connector.headers,
            transport=world.transport,
            clock=world.clock,
            sleep=world.sleep,
            authorization=connector.authorization,
        )
        with client:
            yield from _probed(area, connector.probe(client), sighted)
            yield from _budgets(area, client)
    if connector.cannot_see:
        yield Check(area, "info", f"cannot see: {'; '.join(connector.cannot_see)}")


def _probed(area: str, findings: Iterator[Any], sighted: Sighted) -> Iterator[Check]:
    try:
        for each in findings:
            sighted.environments |= each.environments
            yield Check(area, cast("State", each.state), each.what, each.advice)
    except (SourceError, ConfigurationError) as error:
        yield Check(area, "problem", f"{error.where}: {error.what}", error.what_to_do)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        what = f"the host sent something that could not be read ({type(error).__name__}: {error})"
        yield Check(area, "problem", what, "check base_url; if it is right, report it with this line")


def _budgets(area: str, client: HostClient) -> Iterator[Check]:
    left = {name: count for name, count in client.remaining.items() if count is not None}
    asked = f"{client.all_requests:,} requests made for this look"
    told = ", ".join(f"{count:,} {name}".strip() for name, count in sorted(left.items()))
    yield Check(area, "info", f"{asked}; the host says {told} are left" if told else asked)


def _mapped_repositories(area: str, settings: dict[str, Any]) -> Iterator[Check]:
    """Entries of `services` and `teams` for repositories that the source does not read."""
    read = tuple(settings.get("repositories") or settings.get("projects") or ())
    for rule in ("services", "teams") if read else ():
        for name in settings.get(rule) or {}:
            owner = name.rpartition("/")[0]
            if name not in read and not any(each.endswith("/*") and f"{owner}/".startswith(each[:-1]) for each in read):
                what = f"{rule}: {name!r} is no repository that this source reads"
                yield Check(area, "note", what, f"it reads {', '.join(read[:12])}")


def source_check(
    workspace: Workspace, given: Source, world: World, sighted: Sighted, *, offline: bool
) -> Iterator[Check]:
    """Like `source`, with what is wrong as a problem."""
    try:
        yield from source(workspace, given, world, sighted, offline=offline)
    except PlumblineError as error:
        yield Check(f"Source {given.name}", "problem", f"{error.where}: {error.what}", error.what_to_do)
