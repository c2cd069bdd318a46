"""The ROI report from a real snapshot: what was planted, the same bytes anywhere, editions, and one-line refusals."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from metrics.briefs.roi.document import RoiReport
from pipelines.cli import run
from pipelines.exports import form_names
from pipelines.intake.load import load_folder
from pipelines.issue_brief import issue_brief, issue_report, reissue_corrected
from pipelines.run_build import run_build
from pipelines.warehouse import Warehouse
from pipelines.write_brief import write_brief, write_report
from schemas.errors import InputError
from schemas.workspace import Workspace, load_workspace
from tests.support.small_workspace import built_small_workspace, make_small_workspace, small_events

ROOT = Path(__file__).resolve().parents[2]
FORMS = form_names(RoiReport)


def read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def report(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The sample organisation's report of 2026Q3, read back from JSON."""
    written = write_report(demo_workspace, "2026Q3", None, tmp_path_factory.mktemp("sample"), ["json"])
    return read(written.files[0])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small workspace, built; not to be changed by a test."""
    return built_small_workspace(tmp_path_factory, tmp_path_factory.mktemp("small"))


@pytest.fixture
def german(tmp_path: Path) -> Workspace:
    """A small workspace that writes as German does, built; a test may change it."""
    workspace = make_small_workspace(tmp_path / "german")
    settings = workspace.root / "plumbline.toml"
    settings.write_text('locale = "de_DE"\n' + settings.read_text(encoding="utf-8"), encoding="utf-8")
    run_build(load_workspace(workspace.root))
    return load_workspace(workspace.root)


def test_the_planted_violation_is_not_claimable_and_the_honest_success_is_with_its_range(
    report: dict[str, Any],
) -> None:
    tiers = {tier["tier"]: tier for tier in report["tiers"]}
    assert tiers["3"]["claim"] == "not_claimable"
    assert "because of speed against escapes" in tiers["3"]["claim_sentence"]
    assert not tiers["3"]["is_priced"]
    assert tiers["4"]["claim"] in ("claimable", "with_reservation")
    assert tiers["4"]["is_priced"]
    sums = {each["id"]: each["amount"] for each in report["value"]["subtotals"]}
    assert sums["claimed"]["low"] < sums["claimed"]["estimate"] < sums["claimed"]["high"]
    lines = {line["id"]: line for line in report["value"]["lines"]}
    for tier, result in tiers.items():
        if not result["is_priced"]:
            assert all(line["counted"]["high"] <= 0 for line in lines.values() if line["tier"] == tier)
    assert report["value"]["total"]["low"] < report["value"]["total"]["high"]
    assert report["value"]["missing"] == []
    assert lines["tools.programme"]["counted"]["estimate"] < 0


def test_controls_enable_only_what_was_gained_in_their_tier(report: dict[str, Any]) -> None:
    [four] = [tier for tier in report["tiers"] if tier["tier"] == "4"]
    enabled = {each["text"] for each in four["enabled_by"]}
    assert "Tier 4 onboarded behind its gates, reviews routed to owners" in enabled
    assert "Figures by tier only; mixed ones marked as mixed" not in enabled


def test_a_phase_has_a_report_at_its_end(demo_workspace: Workspace, tmp_path: Path) -> None:
    written = write_report(demo_workspace, None, "pilot", tmp_path, ["json", "md"])
    found = read(tmp_path / "roi-report-pilot.json")
    assert found["quarter"] == "2025-10-01"
    assert {each["tier"] for each in found["phase"]["decisions"]} == {"1", "2", "3", "4"}
    assert written.title == "ROI report, end of pilot"
    assert "passed to controlled expansion" in (tmp_path / "roi-report-pilot.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_bytes_are_the_same_in_any_time_zone_and_locale(
    demo_workspace: Workspace, tmp_path: Path, zone: str
) -> None:
    here = write_report(demo_workspace, "2026Q3", None, tmp_path / "here", FORMS)
    there = tmp_path / "there"
    arguments = ["--workspace", str(demo_workspace.root), "roi", "--quarter", "2026Q3", "-o", str(there)]
    surroundings = os.environ | {"TZ": zone, "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", *arguments, "--format", ",".join(FORMS)]
    subprocess.run(command, env=surroundings, cwd=ROOT, check=True, capture_output=True)
    for file in here.files:
        assert (there / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--quarter", "2020Q1"], "2020Q1 has no data; the snapshot has whole quarters from 2026Q1 to 2026Q2"),
        (["--quarter", "2026Q3"], "2026Q3 is not over at the snapshot's cut"),
        (["--quarter", "summer"], "'summer' is no quarter; write it as 2026Q3"),
        (["--phase", "pilot"], "no tier has left the phase pilot; record it in registers/phase_decisions.csv"),
        (["--phase", "trial"], "'trial' is no phase; choose among pilot"),
        (["--phase", "pilot", "--quarter", "2026Q1"], "a report is of a quarter or of a phase"),
        (["--format", "docx"], "the report cannot be made as 'docx'; choose among csv, html, json, md, pdf"),
    ],
)
def test_what_cannot_be_had_is_refused_in_one_line(
    small: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(["--workspace", str(small.root), "roi", "-o", str(tmp_path / "out"), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
    assert not (tmp_path / "out").exists()


def test_without_assumptions_the_command_gives_no_money_and_says_what_to_give(
    small: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--workspace", str(small.root), "roi", "-o", str(tmp_path), "--format", "md"]) == 0
    assert "No value is given in money" in capsys.readouterr().out
    said = (tmp_path / "roi-report-2026Q2.md").read_text(encoding="utf-8")
    assert "To give amounts in money, this is missing:" in said
    assert "USD" not in said.split("## 6")[0].replace("in USD", "")


def correct(workspace: Workspace) -> None:
    """Every second deployment of May turns out to have failed."""
    folder = workspace.root / "late"
    folder.mkdir()
    late = pl.col("finished_at").is_between(datetime(2026, 5, 1), datetime(2026, 6, 1))  # noqa: DTZ001 -- UTC
    deployments = small_events()["deployments"].filter(late).gather_every(2).with_columns(status=pl.lit("failure"))
    deployments.write_parquet(folder / "deployments.parquet")
    with Warehouse.open(workspace, write=True) as warehouse:
        load_folder(warehouse, folder)


def test_a_late_correction_makes_an_edition_that_says_what_changed_and_the_earlier_one_stays(
    german: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = write_report(german, None, None, out, ["json", "md"])
    brief = write_brief(german, "2026-05", out, ["json", "md", "html"])
    kept = {file: file.read_bytes() for file in (*first.files, *brief.files)}
    for file in (first.files[1], brief.files[1], brief.files[2]):
        check_german(file.read_text(encoding="utf-8"))
    issued = issue_report(german, None)
    assert not issued.was_there
    before_correction = datetime.now(UTC)
    assert write_report(german, None, None, out, ["json"]).edition == 1
    correct(german)
    run_build(german)
    second = write_report(german, None, None, out, ["json", "md"])
    corrected = write_brief(german, "2026-05", out, ["json"])
    assert (second.edition, second.is_new_edition) == (2, True)
    assert [file.name for file in second.files] == ["roi-report-2026Q2-r2.json", "roi-report-2026Q2-r2.md"]
    assert corrected.files[0].name == "stability-brief-2026-05-r2.json"
    assert {file: file.read_bytes() for file in kept} == kept
    said = read(second.files[0])["revision"]
    assert "Tier 3, median of lead time for changes: 7.50 h before, 8.00 h now." in said["changes"]
    assert "It replaces edition 1" in second.files[1].read_text(encoding="utf-8")
    [reissued] = reissue_corrected(german)
    assert [file.stem for file in reissued.brief.files] == ["roi-report-2026Q2-r2"] * len(FORMS)
    assert all(file.exists() for file in (*issued.brief.files, *reissued.brief.files))
    assert reissue_corrected(german) == []
    again = write_report(german, None, None, tmp_path / "again", ["json", "md"])
    assert [file.read_bytes() for file in again.files] == [file.read_bytes() for file in second.files]

    assert write_brief(german, "2026-07", out, ["json"]).edition is None
    with pytest.raises(InputError, match="cannot be issued: its month still runs, or its snapshot is a look back"):
        issue_brief(german, "2026-07")

    run_build(german, known_at=before_correction)
    past = write_report(german, None, None, tmp_path / "past", ["json"])
    assert past.edition == 1
    rebuilt, original = read(past.files[0]), read(first.files[0])
    assert {**rebuilt, "identity": None} == {**original, "identity": None}
    assert rebuilt["identity"]["known_at"] is not None


def check_german(said: str) -> None:
    """Numbers with a comma, days with points, and no day written otherwise."""
    assert re.search(r"\d,\d", said)
    assert re.search(r"\b\d\d\.\d\d\.2026", said)
    assert not re.search(r"\b2026-0\d-\d\d\b(?!T)", said)


def test_an_unknown_locale_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plumbline.toml").write_text('name = "x"\nlocale = "xx_YY"\n', encoding="utf-8")
    assert run(["--workspace", str(tmp_path), "status"]) == 2
    assert "plumbline.toml:2: locale = 'xx_YY': is no locale; write it as en, en_GB or de_DE" in capsys.readouterr().err


def test_a_wrong_assumption_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = 'name = "x"\n[value]\nreview_hours = { low = 2, likely = 1, high = 3 }\n'
    (tmp_path / "plumbline.toml").write_text(wrong, encoding="utf-8")
    assert run(["--workspace", str(tmp_path), "status"]) == 2
    assert "must be in order: low, likely, high" in capsys.readouterr().err


def test_a_quarter_in_the_baseline_is_told_as_that(small: Workspace, tmp_path: Path) -> None:
    written = write_report(small, "2026Q1", None, tmp_path, ["json", "pdf", "html", "md", "csv"])
    assert "no gain is judged" in written.summary[0]
    with pytest.raises(InputError):
        write_report(small, "2025Q4", None, tmp_path, ["json"])
