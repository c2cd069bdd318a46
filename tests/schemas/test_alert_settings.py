"""A wrong channel is told by line and key, and never with its address."""

from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from schemas.workspace import load_workspace

HEAD = "name = 'a'\n[[alerts.channels]]\nname = 'ops'\n"
ADDRESS = "slack://TokenA/TokenB/TokenC"


def test_channels_are_read(tmp_path: Path) -> None:
    wish = "kinds = ['verdict', 'build']\ntiers = [3, 4]\nminimum_severity = 'high'"
    (tmp_path / "plumbline.toml").write_text(f"{HEAD}url_env = 'OPS'\n{wish}\n")
    (channel,) = load_workspace(tmp_path).alerts.channels
    assert (channel.name, channel.url_env, channel.kinds, channel.tiers) == ("ops", "OPS", ("verdict", "build"), (3, 4))
    assert channel.wants("verdict", "3", "critical")
    assert not channel.wants("verdict", "2", "critical")
    assert not channel.wants("verdict", "3", "medium")
    assert not channel.wants("exception", "3", "critical")
    assert channel.wants("build", None, "high")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HEAD, 2, "needs either url_env or url_file"),
        (f"{HEAD}url_env = 'A'\nurl_file = 'b'", 2, "needs either url_env or url_file"),
        (f"{HEAD}url = '{ADDRESS}'", 4, "alerts.channels.0.url is not a known key; did you mean url_env?"),
        (f"{HEAD}url_env = '{ADDRESS}'", 4, "must be the name of an environment variable"),
        (f"{HEAD}url_file = '{ADDRESS}'", 4, "must be the name of a file that holds the address"),
        (f"{HEAD}url_env = 'A'\nkinds = ['verdicts']", 5, "is no kind of finding; kinds are verdict,"),
        (f"{HEAD}url_env = 'A'\ntiers = [5]", 5, "alerts.channels.0.tiers.0 = 5"),
        (f"{HEAD}url_env = 'A'\nminimum_severity = 'bad'", 5, "is no severity; mildest first they are low, medium"),
        (f"{HEAD}url_env = 'A'\nkind = ['verdict']", 5, "kind is not a known key; did you mean kinds?"),
        (f"{HEAD}url_env = 'A'\n[[alerts.channels]]\nurl_env = 'B'", 5, "alerts.channels.1.name is missing"),
        (f"{HEAD}url_env = 'A'\n[[alerts.channels]]\nname = 'ops'\nurl_env = 'B'", 2, "two channels are called 'ops'"),
        ("name = 'a'\n[alerts]\nchanels = []", 3, "alerts.chanels is not a known key; did you mean channels?"),
    ],
)
def test_a_wrong_channel_is_told_by_line_and_key(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = tmp_path / "plumbline.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert says in message
    assert "Token" not in message
    assert "\n" not in message
