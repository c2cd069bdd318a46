"""init, load and status as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.cli import run
from schemas.events import all_tables
from schemas.workspace import Workspace, load_workspace
from tests.support.workspaces import write_files

REVIEWS = """\
review_id,change_id,state,submitted_at,mood
v1,c1,approved,2026-01-01T00:00:00Z,good
v2,c1,nice,2026-01-01T00:00:00Z,
"""


def test_init_writes_a_workspace_with_the_defaults_it_teaches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "my space"
    assert run(["init", str(root)]) == 0
    made = load_workspace(root)
    assert made.model_dump() == Workspace(name="my space").model_dump()
    registers = {path.stem: path.read_text().strip().split(",") for path in made.registers_folder.iterdir()}
    assert set(registers) == {name for name, table in all_tables().items() if table.table_about().is_register}
    assert registers["spend"] == ["spend_id", "month", "category", "amount", "currency"]
    assert run(["init", str(root)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_examples_in_the_template_are_valid_when_taken(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path)]) == 0
    path = tmp_path / "plumbline.toml"
    taken = [
        line.removeprefix("# ") if " = " in line or line.startswith(("# [", "# ]")) else line
        for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join(taken))
    workspace = load_workspace(tmp_path)
    assert workspace.sources[0].repositories == ("owner/name",)
    assert workspace.baselines[4].set_by == "Jo Example"


def test_load_and_status_tell_what_there_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "w"
    assert run(["init", str(root)]) == 0
    incoming = write_files(tmp_path / "in", {"reviews.csv": REVIEWS, "review.csv": "a\n"})
    capsys.readouterr()
    assert run(["--workspace", str(root), "load", str(incoming)]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[1].split() == ["reviews", "2", "1", "0", "0", "1", "1"]
    assert "reviews.csv: the contract names no column mood" in told
    assert "review.csv: left alone" in told
    assert run(["--workspace", str(root), "load", str(incoming), "--json"]) == 0
    (table,) = json.loads(capsys.readouterr().out)["tables"]
    assert (table["new"], table["changed"], table["unchanged"], table["quarantined"]) == (0, 0, 1, 1)
    assert run(["--workspace", str(root), "status", "--json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert state["tables"]["reviews"] == 1
    assert state["quarantine"]["rows"] == 1
    assert state["quarantine"]["offences"][0]["example_value"] == "nice"
    assert state["orphans"] == [{"table": "reviews", "column": "change_id", "parent": "changes.change_id", "rows": 1}]
    assert state["sources"][0]["last_record_at"] == "2026-01-01T00:00:00Z"
    assert state["last_build"] is None
    assert run(["--workspace", str(root), "status"]) == 0
    assert "reviews.state is not one of approved" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["load", "."], ["status"], ["export", "change_facts"]])
def test_a_folder_that_is_no_workspace_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(["--workspace", str(tmp_path), *arguments]) == 2
    assert "plumbline init" in capsys.readouterr().err
