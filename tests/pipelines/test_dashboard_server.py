"""The dashboard is open on this machine alone; elsewhere it asks who comes, or does not start."""

import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from pipelines.cli import run
from pipelines.dashboard_secrets import client_secret, secrets_file
from pipelines.dashboard_server import serve_dashboard
from schemas.errors import ConfigurationError, InputError
from schemas.workspace import Workspace, load_workspace
from tests.support.serving import free_port

ACCESS = """
[access]
address = "https://plumbline.example.com"
provider = "https://login.example.com/.well-known/openid-configuration"
client_id = "plumbline"
{secret}
viewers = ["engineering"]
"""


def workspace_in(root: Path, secret: str = "") -> Workspace:
    """A workspace, with a log-in where a place of its secret is given."""
    access = ACCESS.format(secret=secret) if secret else ""
    (root / "plumbline.toml").write_text(f'name = "Guarded"\n{access}', encoding="utf-8")
    return load_workspace(root)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "dashboard.example.com"])
def test_beyond_this_machine_it_refuses_to_start_without_a_log_in(host: str, tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    with pytest.raises(InputError, match="without a log-in everybody there could read it") as caught:
        serve_dashboard(workspace, 0, host=host)
    assert "[access]" in str(caught.value)


def test_the_command_says_so_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace_in(tmp_path)
    assert run(["--workspace", str(tmp_path), "serve", "--host", "0.0.0.0"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "--host 0.0.0.0" in told


def test_streamlit_is_told_its_secrets_in_a_file_of_our_own_that_goes(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, 'client_secret_env = "OIDC_SECRET"')
    assert workspace.access is not None
    with secrets_file(workspace, workspace.access, {"OIDC_SECRET": ' a "quoted" one \n'}) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        auth = tomllib.loads(path.read_text(encoding="utf-8"))["auth"]
        assert auth["redirect_uri"] == "https://plumbline.example.com/oauth2callback"
        assert auth["client_secret"] == 'a "quoted" one'
        assert auth["client_kwargs"]["scope"] == "openid profile email"
        first = auth["cookie_secret"]
        assert len(first) >= 32
    assert not path.exists()
    with secrets_file(workspace, workspace.access, {"OIDC_SECRET": "x"}) as path:
        assert tomllib.loads(path.read_text(encoding="utf-8"))["auth"]["cookie_secret"] != first


def test_a_secret_that_is_not_there_is_told_by_its_place(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, 'client_secret_env = "OIDC_SECRET"')
    assert workspace.access is not None
    with pytest.raises(ConfigurationError, match="environment variable OIDC_SECRET holds no secret"):
        client_secret(workspace, workspace.access, {})
    workspace = workspace_in(tmp_path, 'client_secret_file = "secrets/oidc"')
    assert workspace.access is not None
    with pytest.raises(ConfigurationError, match="No such file"):
        client_secret(workspace, workspace.access, {})
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "oidc").write_text("of no value\n", encoding="utf-8")
    assert client_secret(workspace, workspace.access, {}) == "of no value"


def test_a_port_of_no_interface_of_ours_is_told(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, 'client_secret_env = "OIDC_SECRET"')
    with pytest.raises(InputError, match="192.0.2.7"):
        serve_dashboard(workspace, 0, host="192.0.2.7")
    with pytest.raises(InputError, match="is no address"):
        serve_dashboard(workspace, 0, host="no such host")


@pytest.mark.timeout(180)
def test_it_starts_quietly_wherever_the_user_stands(tmp_path: Path) -> None:
    """A folder called dashboard there is the user's own; one line tells the address."""
    (tmp_path / "dashboard").mkdir()
    (tmp_path / "dashboard" / "__init__.py").write_text("raise SystemExit('not ours')\n", encoding="utf-8")
    workspace_in(tmp_path)
    address = f"http://127.0.0.1:{(port := free_port())}"
    script = Path(sys.executable).with_name("plumbline")
    server = subprocess.Popen(
        [script, "--workspace", tmp_path, "serve", "--port", str(port)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert server.stdout is not None
    try:
        assert server.stdout.readline() == f"Dashboard of Guarded: {address} (stop with Ctrl-C)\n"
        assert httpx.get(f"{address}/_stcore/health").is_success
    finally:
        server.terminate()
        server.communicate(timeout=30)
