"""What the checks of a CI stand for: gates and test runs, by rules of the workspace's own.

The same rules for every host's jobs, check runs and builds. A check is called what its host calls it (`unit tests`,
`lint:python`); a pattern is a shell pattern in which `*` stands for anything, and case does not matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

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


def gate_of(name: str, settings: CheckSettings) -> GateRule | None:
    """The gate that a check is, its name filled in; None where it is none."""
    for rule in settings.gates:
        if _fits(name, rule.check):
            return rule if rule.gate else rule.model_copy(update={"gate": name})
    return None


def is_test(name: str, settings: CheckSettings) -> bool:
    """Whether a check runs tests."""
    return any(_fits(name, pattern) for pattern in settings.tests)


def flaky(runs: Iterable[Mapping[str, str]]) -> set[str]:
    """Ids of the runs that failed although the same check passed on the same code.

    Args:
        runs: `id`, `name`, `code` (what they ran on: a commit or a pipeline) and `outcome` (passed, failed) of each.
    """
    known: Sequence[Mapping[str, str]] = list(runs)
    passed = {(run["name"], run["code"]) for run in known if run["outcome"] == "passed"}
    return {run["id"] for run in known if run["outcome"] == "failed" and (run["name"], run["code"]) in passed}


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())
