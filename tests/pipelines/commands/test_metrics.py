"""`plumbline metrics`: the tree and the sheets."""

import json
import subprocess
import sys

import pytest

from metrics.definitions import all_metrics
from pipelines.cli import run


def test_the_tree_lists_every_metric_and_marks_the_headlines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metrics"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [
        line.replace("*", " ").split()[0] for line in lines if line.strip().lstrip("* ").split(" ")[0] in all_metrics()
    ]
    assert told == list(all_metrics())
    for metric in all_metrics().values():
        (line,) = (line for line in lines if line.replace("*", " ").split()[:1] == [metric.id])
        assert ("*" in line) == metric.headline
        assert metric.unit in line


def test_the_tree_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metrics", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in told] == list(all_metrics())


@pytest.mark.parametrize("metric", all_metrics())
def test_a_sheet_tells_all_that_is_declared(metric: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["metrics", metric, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert run(["metrics", metric]) == 0
    text = " ".join(capsys.readouterr().out.split())
    definition = all_metrics()[metric]
    for sentence in (definition.name, definition.formula, definition.source, *definition.caveats):
        assert sentence in text
    for constraint in definition.paired_constraints:
        assert constraint in text
    assert [each["version"] for each in told["versions"]] == [each.version for each in definition.revisions]
    assert all(each.change in text for each in definition.revisions)


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("lead-time", "did you mean lead_time"),
        ("change_failure_rat", "did you mean change_failure_rate"),
        ("zzz", "`plumbline metrics` lists all"),
    ],
)
def test_an_unknown_id_is_one_line_with_the_nearest_names(
    given: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["metrics", given]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert given in error
    assert advice in error


def test_nothing_heavy_is_imported() -> None:
    heavy = ("numpy", "polars", "duckdb", "dagster", "pandera", "pyarrow", "scipy")
    code = f"""
import sys
from pipelines.cli import run
assert run(["metrics"]) == 0 and run(["metrics", "lead_time"]) == 0
sys.exit(", ".join(name for name in {heavy!r} if name in sys.modules) or 0)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stderr == ""
    assert result.returncode == 0
