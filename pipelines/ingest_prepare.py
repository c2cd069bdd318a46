"""A source of plumbline.toml made ready for a pull: its connector with settings that hold, and its token."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr, ValidationError

from pipelines.connectors.base import Connector, SourceSettings, discover
from schemas.errors import ConfigurationError
from schemas.workspace import FILE_NAME, Source, Workspace


@dataclass(frozen=True)
class PreparedSource:
    """A source of plumbline.toml whose settings and token were found in order."""

    connector: Connector
    token: SecretStr | None
    token_hint: str

    @property
    def name(self) -> str:
        """The source's name."""
        return self.connector.settings.name


def prepare(workspace: Workspace, source: Source, environment: Mapping[str, str]) -> PreparedSource:
    """Check a source's settings by its connector's model, and fetch its token.

    Raises:
        ConfigurationError: The kind is not known, a key is wrong, or the token is not where the settings say.
    """
    connector = connector_of(workspace, source)
    token, hint = _token(connector.settings, workspace, environment, _where(workspace, source))
    return PreparedSource(connector, token, hint)


def connector_of(workspace: Workspace, source: Source) -> Connector:
    """A source's connector with its settings, which are checked by the connector's model.

    Raises:
        ConfigurationError: The kind is not known, or a key is wrong.
    """
    where = _where(workspace, source)
    connectors = discover()
    if source.kind not in connectors:
        raise ConfigurationError(f"kind {source.kind!r} is not known", where, f"known kinds: {', '.join(connectors)}")
    connector = connectors[source.kind]
    given = source.model_dump(include=source.model_fields_set | set(source.extra), exclude_none=True)
    try:
        return connector(connector.settings_model.model_validate(given))
    except ValidationError as error:
        raise _settings_error(error, connector.settings_model, where) from None


def _where(workspace: Workspace, source: Source) -> str:
    return f'{workspace.root / FILE_NAME}, source "{source.name}"'


def _settings_error(error: ValidationError, model: type[SourceSettings], where: str) -> ConfigurationError:
    first = error.errors(include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ConfigurationError(f"{key} is not a known key", where, f"known here: {', '.join(model.model_fields)}")
    if first["type"] == "missing":
        return ConfigurationError(f"{key} is missing", where, f"add {key} = …")
    return ConfigurationError(f"{key}: {first['msg']}", where, "correct it there")


def _token(
    settings: SourceSettings, workspace: Workspace, environment: Mapping[str, str], where: str
) -> tuple[SecretStr | None, str]:
    """The token and where it comes from, in words."""
    if settings.token_env and settings.token_file:
        raise ConfigurationError("token_env and token_file are both set", where, "keep one of them")
    if settings.token_env:
        hint = f"environment variable {settings.token_env}"
        text = environment.get(settings.token_env, "").strip()
        if not text:
            raise ConfigurationError(f"{hint} is not set", where, "set it to a token of this host")
        return _checked(text, hint, where), hint
    if settings.token_file:
        path = workspace.root / settings.token_file.expanduser()
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not text"
            raise ConfigurationError(f"token_file {path}: {reason}", where, "put the token there") from None
        if not text:
            raise ConfigurationError(f"token_file {path} is empty", where, "put the token there")
        return _checked(text, str(path), where), str(path)
    return None, "token_env or token_file"


def _checked(text: str, hint: str, where: str) -> SecretStr:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationError(f"what stands in {hint} is no token", where, "put the token alone there")
    return SecretStr(text)
