"""Where a channel's address comes from: the environment or a file, read when it is sent to; never plumbline.toml."""

from collections.abc import Mapping

from pydantic import SecretStr

from schemas.alert_settings import AlertChannel
from schemas.errors import ConfigurationError
from schemas.workspace import FILE_NAME, Workspace


def address_of(workspace: Workspace, channel: AlertChannel, environment: Mapping[str, str]) -> SecretStr:
    """The address of a channel, as Apprise writes it (`slack://…`, `mailtos://…`).

    Raises:
        ConfigurationError: it is not where the settings say.
    """
    where = f'{workspace.root / FILE_NAME}, channel "{channel.name}"'
    if channel.url_env is not None:
        text = environment.get(channel.url_env, "")
    else:
        path = workspace.root / (channel.url_file or "")
        try:
            text = path.expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not text"
            raise ConfigurationError(f"url_file {path}: {reason}", where, "put the address there") from None
    if not text.strip():
        raise ConfigurationError(f"{channel.address_hint} holds no address", where, "put the channel's address there")
    return SecretStr(text.strip())
