"""A wrong plumbline.toml is told in one line: file, line, key and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from schemas.workspace import load_workspace

FULL = """\
name = "Example"
timezone = "Europe/Berlin"
week_start = "sunday"
as_of = 2026-10-31T01:00:00+01:00
include_bots = true

[production]
environments = ["live"]
patterns = ["^live-"]

[baselines.4]
start = 2026-01-01
end = 2026-04-01
set_by = "Jo"
reason = "before the pilot"

[constraints.speed_vs_escape]
margins = { escaped_defects = 0.1 }
since = 2026-04-01
set_by = "Jo"
reason = "no more escapes"

[[sources]]
kind = "github"
name = "hub"
base_url = "https://github.example/api/v3"
token_env = "TOKEN"
repositories = ["a/b"]
bulk = true
"""


def test_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").write_text(FULL)
    workspace = load_workspace(tmp_path)
    assert workspace.as_of == datetime(2026, 10, 31, tzinfo=UTC)
    assert workspace.baselines[4].set_by == "Jo"
    assert workspace.sources[0].extra == {"bulk": True}
    assert workspace.production.patterns == ("^live-",)
    assert (workspace.links.deploy_link_days, workspace.links.hotfix_blame_hours) == (30, 72)
    assert workspace.warehouse_path == tmp_path.resolve() / ".plumbline" / "warehouse.duckdb"
    assert workspace.zone.key == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("name = ", 1, "is not valid TOML"),
        ("timezone = 'UTC'", 1, "name is missing"),
        ("nam = 'a'", 1, "nam is not a known key; did you mean name?"),
        ("name = 'a'\ntimezone = 'Europe/Berln'", 2, "did you mean Europe/Berlin?"),
        ("name = 'a'\n\n[links]\ndeploy_link_day = 3", 4, "did you mean deploy_link_days?"),
        ("name = 'a'\n[links]\ndeploy_link_days = 0", 3, "links.deploy_link_days = 0"),
        ("name = 'a'\n[production]\npatterns = ['']", 3, "is blank"),
        ("name = 'a'\n[production]\npatterns = ['(']", 3, "is no regular expression"),
        ("name = 'a'\n[production]\nenvironments = []", 2, "names no environment"),
        ("name = 'a'\nas_of = 2026-01-01T00:00:00", 2, "needs a zone"),
        (
            "name = 'a'\n[baselines.5]\nstart = 2026-01-01\nend = 2026-02-01\nset_by = 'a'\nreason = 'b'",
            2,
            "baselines.5",
        ),
        (
            "name = 'a'\n[baselines.4]\nstart = 2026-02-01\nend = 2026-01-01\nset_by = 'a'\nreason = 'b'",
            2,
            "later than",
        ),
        ("name = 'a'\n[[sources]]\nkind = 'x'\nname = 'a'\n[[sources]]\nkind = 'x'", 5, "sources.1.name is missing"),
        (
            "name = 'a'\n[[sources]]\nkind='x'\nname='a'\n[[sources]]\nkind='x'\nname='a'",
            1,
            "two sources are called 'a'",
        ),
        ("name = 'a'\n[[sources]]\nkind='x'\nname='a'\nbase_url='example.com'", 5, "sources.0.base_url"),
    ],
)
def test_wrong_settings_are_told_by_line_and_key(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = tmp_path / "plumbline.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert says in message
    assert "\n" not in message


def test_a_folder_that_is_no_workspace_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="plumbline init"):
        load_workspace(tmp_path)


def test_text_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").write_bytes(b"name = 'a'\n# \xff\n")
    with pytest.raises(ConfigurationError, match=r"toml:2: is not UTF-8"):
        load_workspace(tmp_path)
