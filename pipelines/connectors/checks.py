"""What the checks of a CI stand for: gates and test runs, by rules of the workspace's own.

The same rules for every host's jobs, check runs and builds. A check is called what its host calls it (`unit tests`,
`lint:python`); a pattern is a shell pattern in which `*` stands for anything, and case does not matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from pipelines.connectors.base import RECORD_COLUMN, Row

Pattern = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
ControlPoint = Literal["pre_commit", "pre_pr", "pre_merge", "post_merge"]


class GateRule(BaseModel):
    """Which checks are which gate.

    Attributes:
        check: Pattern of the check's name.
        gate: The gate's name in your gate policies; the check's own by default.
        control_point: Where the gate stands; by default where the check ran: before the change was opened, before it
            was merged, or after.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    check: Pattern
    gate: Pattern | None = None
    control_point: ControlPoint | None = None


class CheckSettings(BaseModel):
    """Settings of every host whose checks are read; a connector's settings inherit them beside SourceSettings.

    Attributes:
        gates: The first rule whose pattern fits decides; a check that none fits is no gate. By default every check is
            a gate of its own name.
        tests: Patterns of checks that run tests: their runs are test runs as well.
    """

    gates: tuple[GateRule, ...] = (GateRule(check="*"),)
    tests: tuple[Pattern, ...] = ("*test*", "*spec*", "*e2e*")


@dataclass(frozen=True)
class CheckRun:
    """One run of one check, as any host tells of it.

    Attributes:
        position: Of its raw record within the batch.
        identifier: The run's id, unique in the workspace.
        repo_id: What was checked.
        change_id: The change that it ran for, if any.
        point: Where it ran; None where it ran for no change.
        name: The check's name.
        outcome: passed, failed or skipped.
        code: What it ran on (a commit, a pipeline): runs of one check on the same code should end alike.
        ran_at: As the host sent it.
        duration_seconds: How long it ran, if the host says.
        reason: Why it was skipped, in words.
    """

    position: int
    identifier: str
    repo_id: str
    change_id: str | None
    point: ControlPoint | None
    name: str
    outcome: Literal["passed", "failed", "skipped"]
    code: str
    ran_at: Any
    duration_seconds: Any = None
    reason: str | None = None


def gate_rows(runs: Iterable[CheckRun], settings: CheckSettings) -> list[Row]:
    """The gate results that runs stand for: those that ran for a change and are a gate by the rules."""
    rows = []
    for run in runs:
        rule = gate_of(run.name, settings)
        if run.change_id is None or run.point is None or rule is None:
            continue
        rows.append(
            {
                RECORD_COLUMN: run.position,
                "gate_result_id": run.identifier,
                "change_id": run.change_id,
                "gate": rule.gate,
                "control_point": rule.control_point or run.point,
                "outcome": run.outcome,
                "ran_at": run.ran_at,
                "duration_seconds": run.duration_seconds,
                "reason": run.reason,
            }
        )
    return rows


def test_run_rows(runs: Iterable[CheckRun], settings: CheckSettings) -> list[Row]:
    """The test runs that runs stand for; the runs of one code come together, so that a retry tells what was flaky."""
    tests = [run for run in runs if run.outcome != "skipped" and is_test(run.name, settings)]
    failed_once = flaky(
        {"id": run.identifier, "name": run.name, "code": run.code, "outcome": run.outcome} for run in tests
    )
    return [
        {
            RECORD_COLUMN: run.position,
            "test_run_id": run.identifier,
            "repo_id": run.repo_id,
            "change_id": run.change_id,
            "suite": run.name,
            "outcome": run.outcome,
            "is_flaky": run.identifier in failed_once,
            "ran_at": run.ran_at,
            "duration_seconds": run.duration_seconds,
        }
        for run in tests
    ]


def gate_of(name: str, settings: CheckSettings) -> GateRule | None:
    """The gate that a check is, its name filled in; None where it is none."""
    for rule in settings.gates:
        if fits(name, rule.check):
            return rule if rule.gate else rule.model_copy(update={"gate": name})
    return None


def is_test(name: str, settings: CheckSettings) -> bool:
    """Whether a check runs tests."""
    return any(fits(name, pattern) for pattern in settings.tests)


def flaky(runs: Iterable[Mapping[str, str]]) -> set[str]:
    """Ids of the runs that failed although the same check passed on the same code.

    Args:
        runs: `id`, `name`, `code` (what they ran on: a commit or a pipeline) and `outcome` (passed, failed) of each.
    """
    known: Sequence[Mapping[str, str]] = list(runs)
    passed = {(run["name"], run["code"]) for run in known if run["outcome"] == "passed"}
    return {run["id"] for run in known if run["outcome"] == "failed" and (run["name"], run["code"]) in passed}


def fits(name: str, pattern: str) -> bool:
    """Whether a name fits a shell pattern, case aside."""
    return fnmatchcase(name.casefold(), pattern.casefold())
