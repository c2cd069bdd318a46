"""The command line: discovery, one line for every expected failure, nothing heavy for help."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import click
import duckdb
import pytest

from pipelines import cli
from schemas.errors import NoSnapshot, SourceError

HEAVY = ("polars", "pandera", "dagster", "duckdb", "streamlit", "pyarrow", "pydantic")


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    code = (
        f"import sys; from pipelines.cli import run; run(['--help']); print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for name in ("init", "load", "status", "export"):
        assert f"\n  {name} " in done.stdout


def test_status_needs_neither_frames_nor_orchestrator(tmp_path: Path) -> None:
    assert cli.run(["--workspace", str(tmp_path), "init"]) == 0
    heavy = ("polars", "pandera", "dagster")
    code = (
        "import sys; from pipelines.cli import run;"
        f"status = run(['--workspace', {str(tmp_path)!r}, 'status', '--json']);"
        f"print(status, [m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def interrupted_statement() -> RuntimeError:
    """As DuckDB raises it where Ctrl-C ends a statement."""
    error = RuntimeError("Query interrupted")
    error.__cause__ = KeyboardInterrupt()
    return error


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (
            NoSnapshot("nothing has been built yet", "w", "run `plumbline build`"),
            2,
            "w: nothing has been built yet; run",
        ),
        (SourceError("the host\nanswered 500", "github"), 3, "github: the host answered 500"),
        (OSError(errno.ENOSPC, "No space left on device", "a/b"), 2, "a/b: the disk is full; make room"),
        (PermissionError(errno.EACCES, "Permission denied", "a/b"), 2, "a/b: Permission denied"),
        (duckdb.IOException("IO Error: torn\nmore"), 2, "the database refused: IO Error: torn"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (interrupted_statement(), 130, "interrupted"),
    ],
)
def test_failures_are_one_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, says: str
) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(cli.Commands, "get_command", lambda *_: failing)
    assert cli.run(["load"]) == status
    told = capsys.readouterr().err
    assert told.startswith("plumbline: ")
    assert says in told
    assert told.count("\n") == 1


def test_a_defect_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def failing() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli.Commands, "get_command", lambda *_: failing)
    with pytest.raises(ZeroDivisionError):
        cli.run(["load"])


@pytest.mark.parametrize("arguments", [["nonsense"], ["load"], ["load", "--nonsense"], ["status", "more"]])
def test_wrong_use_is_one_line_with_where_to_look(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "--help" in told


def test_workspace_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(tmp_path))
    assert cli.run(["init"]) == 0
    capsys.readouterr()
    assert cli.run(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(tmp_path.resolve())


def test_a_reader_that_has_had_enough_is_no_failure(tmp_path: Path) -> None:
    code = "import sys; from pipelines.cli import run; sys.exit(run(['--help']))"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout
    assert child.stderr
    child.stdout.close()
    with child:
        assert child.stderr.read() == b""
    assert child.returncode == 0
