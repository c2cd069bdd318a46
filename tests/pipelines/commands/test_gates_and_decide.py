"""The checklist and the decisions as a user meets them: printed, and written to the register."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import run
from pipelines.snapshot_reader import open_snapshot
from schemas.workspace import Workspace
from tests.support.small_workspace import make_small_workspace

REGISTERS = {
    "control_changes": (
        "control_change_id,layer,tier,effective_at,summary\n"
        "c1,gates,3,2026-04-01,Tests before the merge\n"
        "c2,access,,2026-04-10,Single sign-on only\n"
        "c3,rollout,2,2026-04-10,Another tier\n"
    ),
    "onboardings": "repo_id,onboarded_at,context_package_complete\nhost:acme/one,2026-04-01,false\n",
    "attestations": (
        "attestation_id,phase,criterion,outcome,attested_by,attested_at\na1,pilot,scope_named,pass,Jo,2026-03-01\n"
    ),
    "phase_decisions": (
        "decision_id,tier,from_phase,to_phase,is_approved,approvers,decided_at,remediation\n"
        "p1,3,pilot,controlled_expansion,false,Jo; Ann,2026-05-01,complete the packages\n"
    ),
    "exceptions": (
        "exception_id,policy,tier,approver,granted_at,expires_at\ne1,security_scan,3,Jo,2026-05-01,2026-06-01\n"
    ),
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = make_small_workspace(tmp_path_factory.mktemp("gates"))
    workspace.registers_folder.mkdir()
    for name, text in REGISTERS.items():
        (workspace.registers_folder / f"{name}.csv").write_text(text)
    assert plumbline(workspace, "build") == 0
    return workspace


def plumbline(workspace: Workspace, *arguments: str) -> int:
    return run(["--workspace", str(workspace.root), *arguments])


def rows(workspace: Workspace, query: str) -> list[dict[str, Any]]:
    with open_snapshot(workspace) as snapshot:
        return snapshot.rows(query)


def test_gates_say_what_was_shown_what_is_missing_and_what_was_decided(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plumbline(workspace, "gates", "--phase", "pilot", "--tier", "3", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    outcomes = {row["criterion"]: row["outcome"] for row in found["criteria"]}
    assert outcomes["scope_named"] == "pass"
    assert outcomes["access_controlled"] == "pass"
    assert outcomes["context_packages_complete"] == "fail"
    assert outcomes["rollback_rehearsed"] == "no_evidence"
    assert set(found["missing"]) == {name for name, outcome in outcomes.items() if outcome != "pass"}
    assert plumbline(workspace, "gates") == 0
    text = capsys.readouterr().out
    assert "tier 3 is in pilot; controlled_expansion:" in text
    assert "decided 2026-05-01 by Jo; Ann: controlled_expansion held; first complete the packages" in text
    assert " of 10 criteria met; failed " in text.partition("on that day ")[2]
    assert plumbline(workspace, "gates", "--tier", "3", "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)[0]["decisions"]
    assert (told["approvers"], told["decided_on"], len(told["checklist"])) == ("Jo; Ann", "2026-05-01", 10)
    assert "tier 4 has not begun; pilot: 2 of 9" in text


def test_an_unknown_phase_is_one_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert plumbline(workspace, "gates", "--phase", "later") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "phases are pilot, controlled_expansion" in error


def test_control_effects_hold_a_quarter_against_the_one_before_and_name_what_else_changed(workspace: Workspace) -> None:
    found = rows(workspace, "select * from control_effects where metric = 'pr_cycle_time' and statistic = 'p50'")
    assert {(row["control_change_id"], row["tier"]) for row in found} == {("c1", "3"), ("c2", "3")}
    first = next(row for row in found if row["control_change_id"] == "c1")
    assert first["before"] == pytest.approx(5.0)
    assert first["after"] == pytest.approx(5.0)
    assert first["change_ci_low"] < 0 < first["change_ci_high"]
    assert "Not its effect alone: in the same time Single sign-on only (2026-04-10)" in first["note"]
    assert "Another tier" not in first["note"]
    assert "Provisional: its quarter ends on 2026-07-02." in first["note"]


def test_teams_have_their_own_next_steps(workspace: Workspace) -> None:
    found = rows(workspace, "select * from recommendations where segment_kind = 'team' and grain = 'quarter'")
    assert {row["segment"] for row in found} == {"blue", "red"}
    assert all(0 < row["share_of_lead_time"] <= 1 for row in found)


def test_findings_of_the_build(workspace: Workspace) -> None:
    kinds = {row["finding_id"]: row["kind"] for row in rows(workspace, "select finding_id, kind from findings")}
    assert kinds["exception/e1"] == "exception"
    assert kinds["stage_gate/context_packages_complete/3"] == "stage_gate"
    assert kinds["risk_staging/3"] == "risk_staging"


def test_a_decision_is_written_and_known_to_the_next_build(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    subject = str(rows(workspace, "select verdict_id from verdicts order by 1 limit 1")[0]["verdict_id"])
    options = ("--action", "Hold, then look", "--owner", 'Jo "J." Doe', "--due", "2026-07-15")
    assert plumbline(workspace, "decide", subject, *options) == 0
    assert plumbline(workspace, "decide", "exception/e1", "--action", "Close it", "--owner", "Ann", "--json") == 0
    said = capsys.readouterr().out
    assert '"subject_kind": "finding"' in said
    register = workspace.registers_folder / "decisions.csv"
    with register.open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["subject_kind"] for row in written] == ["verdict", "finding"]
    assert written[0]["owner"] == 'Jo "J." Doe'
    assert written[0]["decision_id"] != written[1]["decision_id"]
    # The workspace shows July 2026; a decision taken later would never be seen there.
    assert "This workspace shows 2026-07-01" in said
    assert {row["decided_at"] for row in written} == {"2026-07-01T00:00:00Z"}
    assert plumbline(workspace, "build") == 0
    assert rows(workspace, "select count(*) as n from quarantine")[0]["n"] == 0
    known = rows(workspace, "select subject_id from register_decisions order by decision_id")
    assert [row["subject_id"] for row in known] == [subject, "exception/e1"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("speed_vs_escape:3:nothing", "--action", "a", "--owner", "b"), "there is no verdict, gate, finding"),
        (("e1", "--action", "a", "--owner", "b", "--kind", "gate"), "there is no gate of that id"),
        (("e1", "--action", " ", "--owner", "b"), "--action: is blank"),
        (("e1", "--action", "a", "--owner", "b", "--due", "soon"), "does not match the format"),
    ],
)
def test_what_cannot_be_decided_is_one_line(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert plumbline(workspace, "decide", *arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert says in error


def test_a_register_without_the_columns_is_left_as_it_is(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register = workspace.registers_folder / "decisions.csv"
    before = register.read_text() if register.exists() else None
    register.write_text("decision_id,subject_kind\n")
    try:
        assert plumbline(workspace, "decide", "e1", "--action", "a", "--owner", "b") == 2
        assert "has no column subject_id; add subject_id to its first line" in capsys.readouterr().err
        assert register.read_text() == "decision_id,subject_kind\n"
    finally:
        register.write_text(before) if before is not None else register.unlink()
