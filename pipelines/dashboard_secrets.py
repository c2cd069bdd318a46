"""What Streamlit needs to log people in, as a file that only we can read and that goes when the dashboard does."""

import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from schemas.access_settings import Access
from schemas.errors import ConfigurationError
from schemas.workspace import FILE_NAME, Workspace

CALLBACK = "/oauth2callback"
COOKIE_SECRET_BYTES = 32


@contextmanager
def secrets_file(workspace: Workspace, access: Access, environment: Mapping[str, str]) -> Iterator[Path]:
    """The `secrets.toml` of one run of the dashboard.

    The secret that signs log-ins is drawn anew for every run and written nowhere else: a dashboard started again asks
    everybody to log in again.

    Raises:
        ConfigurationError: the client's secret is not where the settings say.
    """
    entries = {
        "redirect_uri": access.address + CALLBACK,
        "cookie_secret": secrets.token_urlsafe(COOKIE_SECRET_BYTES),
        "client_id": access.client_id,
        "client_secret": client_secret(workspace, access, environment),
        "server_metadata_url": access.provider,
    }
    lines = ["[auth]", *(f"{name} = {json.dumps(value)}" for name, value in entries.items())]
    lines.append(f"client_kwargs = {{ scope = {json.dumps(' '.join(access.scopes))} }}")
    # A folder of mkdtemp's is its owner's alone.
    with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
        path = Path(folder) / "secrets.toml"
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield path


def client_secret(workspace: Workspace, access: Access, environment: Mapping[str, str]) -> str:
    """The secret that the provider gave for this client.

    Raises:
        ConfigurationError: it is not where the settings say.
    """
    where = f"{workspace.root / FILE_NAME}, [access]"
    if access.client_secret_env is not None:
        text, hint = environment.get(access.client_secret_env, ""), f"environment variable {access.client_secret_env}"
    else:
        path = workspace.root / (access.client_secret_file or "")
        hint = f"file {path}"
        try:
            text = path.expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not text"
            raise ConfigurationError(f"client_secret_file {path}: {reason}", where, "put the secret there") from None
    if not text.strip():
        raise ConfigurationError(f"{hint} holds no secret", where, "put the client's secret there")
    return text.strip()
