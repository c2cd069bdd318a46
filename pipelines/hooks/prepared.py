"""The hooks of a workspace made ready: their senders, the settings by which they are read, and their secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.connectors.base import Connector
from pipelines.hooks.base import HookKind, discover_kinds
from pipelines.ingest import connector_of
from schemas.errors import ConfigurationError
from schemas.hook_settings import Hook
from schemas.workspace import FILE_NAME, Workspace


@dataclass(frozen=True)
class PreparedHook:
    """A hook of plumbline.toml whose settings were found in order."""

    settings: Hook
    sender: HookKind
    root: Path
    environment: Mapping[str, str]

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.settings.name

    def secrets(self) -> list[str]:
        """The secrets that are good now: a file is read anew each time, so that replacing one needs no restart.

        Raises:
            ConfigurationError: there is none where the settings say.
        """
        where = f'{self.root / FILE_NAME}, hook "{self.name}"'
        if self.settings.secret_env is not None:
            hint = f"environment variable {self.settings.secret_env}"
            text = self.environment.get(self.settings.secret_env, "")
        else:
            path = self.root / (self.settings.secret_file or Path()).expanduser()
            hint = f"secret_file {path}"
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "is not text"
                raise ConfigurationError(f"{hint}: {reason}", where, "put the secret there") from None
        found = [line.strip() for line in text.splitlines() if line.strip()]
        if not found:
            raise ConfigurationError(f"{hint} holds no secret", where, "put the sender's secret there")
        return found


def prepared_hooks(workspace: Workspace, environment: Mapping[str, str]) -> list[PreparedHook]:
    """Every hook of a workspace; secrets are read when they are needed.

    Raises:
        ConfigurationError: A kind is not known, or the source that a hook names is another kind's or wrong itself.
    """
    return [_prepared(workspace, hook, environment) for hook in workspace.hooks]


def _prepared(workspace: Workspace, hook: Hook, environment: Mapping[str, str]) -> PreparedHook:
    where = f'{workspace.root / FILE_NAME}, hook "{hook.name}"'
    kinds = discover_kinds()
    if hook.kind not in kinds:
        raise ConfigurationError(f"kind {hook.kind!r} is not known", where, f"known kinds: {', '.join(sorted(kinds))}")
    sender = kinds[hook.kind]
    connector = _connector(workspace, hook, where) if sender.needs_source else None
    return PreparedHook(hook, sender(connector), workspace.root, environment)


def _connector(workspace: Workspace, hook: Hook, where: str) -> Connector:
    source = next((each for each in workspace.sources if each.name == hook.source), None)
    if source is None:
        known = [each.name for each in workspace.sources if each.kind == hook.kind]
        what = f"there is no source {hook.source!r}" if hook.source else "source is missing"
        advice = f"name one of {', '.join(known)}" if known else f"add a [[sources]] table of kind {hook.kind!r} for it"
        raise ConfigurationError(what, where, advice)
    if source.kind != hook.kind:
        what = f"source {source.name!r} is of kind {source.kind!r}, not {hook.kind!r}"
        raise ConfigurationError(what, where, "name one of the same kind")
    return connector_of(workspace, source)
