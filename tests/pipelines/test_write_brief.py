"""The brief from a real snapshot: made alike anywhere, kept with the snapshot, and refused in one line."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.brief_documents import FORMS
from pipelines.cli import run
from pipelines.exports import form_names
from pipelines.run_build import run_build
from pipelines.snapshot_reader import open_snapshot
from pipelines.write_brief import write_brief
from schemas.errors import InputError, NoSnapshot
from schemas.workspace import Workspace
from tests.support.small_workspace import built_small_workspace, make_small_workspace
from tests.support.workspaces import new_workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small workspace, built."""
    return built_small_workspace(tmp_path_factory, tmp_path_factory.mktemp("small"))


def test_every_form_is_written_for_the_last_complete_month(workspace: Workspace, tmp_path: Path) -> None:
    written = write_brief(workspace, None, tmp_path / "briefs", form_names())
    assert written.month == "2026-06"
    assert [file.name for file in written.files] == [f"stability-brief-2026-06.{form}" for form in form_names()]
    assert json.loads((tmp_path / "briefs" / "stability-brief-2026-06.json").read_text(encoding="utf-8"))["figures"]


def test_the_snapshot_keeps_the_brief_that_would_be_written(workspace: Workspace, tmp_path: Path) -> None:
    written = write_brief(workspace, None, tmp_path, FORMS)
    with open_snapshot(workspace) as snapshot:
        kept = snapshot.rows("select strftime(month, '%Y-%m') as month, form, text from brief_documents order by form")
    assert [row["month"] for row in kept] == ["2026-06"] * len(FORMS)
    assert [row["text"] for row in kept] == [file.read_text(encoding="utf-8") for file in written.files]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_bytes_are_the_same_in_any_time_zone_and_locale(workspace: Workspace, tmp_path: Path, zone: str) -> None:
    here = write_brief(workspace, "2026-05", tmp_path / "here", form_names())
    there = tmp_path / "there"
    arguments = ["--workspace", str(workspace.root), "brief", "--month", "2026-05", "-o", str(there)]
    surroundings = os.environ | {"TZ": zone, "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "7"}
    subprocess.run(
        [
            sys.executable,
            "-c",
            "from pipelines.cli import main; main()",
            *arguments,
            "--format",
            ",".join(form_names()),
        ],
        env=surroundings,
        cwd=Path(__file__).resolve().parents[2],
        check=True,
        capture_output=True,
    )
    for file in here.files:
        assert (there / file.name).read_bytes() == file.read_bytes()


def test_a_month_without_data_an_unknown_form_and_a_wrong_month_are_refused(
    workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(
        InputError, match="there are no data for 2020-01; the snapshot has months from 2026-01 to 2026-07"
    ):
        write_brief(workspace, "2020-01", tmp_path, ["md"])
    with pytest.raises(InputError, match="the brief cannot be made as 'docx'; choose among csv, html, json, md, pdf"):
        write_brief(workspace, None, tmp_path, ["md", "docx"])
    with pytest.raises(InputError, match="'June' is no month; write it as 2026-10"):
        write_brief(workspace, "June", tmp_path, ["md"])
    assert list(tmp_path.iterdir()) == []


def test_without_a_snapshot_the_command_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = new_workspace(tmp_path / "empty")
    with pytest.raises(NoSnapshot):
        write_brief(workspace, None, tmp_path, ["md"])
    assert run(["--workspace", str(workspace.root), "brief"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "run `plumbline build`" in said


def test_the_command_names_what_it_wrote(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--workspace", str(workspace.root), "brief", "-o", str(tmp_path), "--format", "md, json", "--json"]
    assert run(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["month"] == "2026-06"
    assert [Path(file).name for file in told["files"]] == ["stability-brief-2026-06.md", "stability-brief-2026-06.json"]


def test_a_workspace_before_its_first_complete_month_is_published_without_a_brief(tmp_path: Path) -> None:
    workspace = make_small_workspace(tmp_path / "young")
    run_build(workspace, as_of=datetime(2026, 1, 20, tzinfo=UTC))
    with open_snapshot(workspace) as snapshot:
        assert snapshot.rows("select * from brief_documents") == []
    with pytest.raises(InputError, match="there are no data for 2025-12"):
        write_brief(workspace, None, tmp_path, ["md"])
    write_brief(workspace, "2026-01", tmp_path, ["md"])
    assert "still running" in (tmp_path / "stability-brief-2026-01.md").read_text(encoding="utf-8")
