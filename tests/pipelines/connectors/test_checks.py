"""Which checks are gates and tests, and which failures were flaky."""

import pytest
from pydantic import ValidationError

from pipelines.connectors.checks import CheckSettings, GateRule, flaky, gate_of, is_test


def test_by_default_every_check_is_a_gate_of_its_own_name() -> None:
    assert gate_of("Lint / python", CheckSettings()) == GateRule(check="*", gate="Lint / python")


def test_the_first_rule_that_fits_decides() -> None:
    rules = (GateRule(check="lint*", gate="lint"), GateRule(check="*scan", control_point="post_merge"))
    settings = CheckSettings(gates=rules)
    assert gate_of("LINT:python", settings) == rules[0]
    found = gate_of("secret scan", settings)
    assert found is not None
    assert (found.gate, found.control_point) == ("secret scan", "post_merge")
    assert gate_of("deploy", settings) is None
    assert gate_of("deploy", CheckSettings(gates=())) is None


@pytest.mark.parametrize(("name", "expected"), [("unit tests", True), ("E2E-chrome", True), ("build", False)])
def test_tests_by_their_names(name: str, expected: bool) -> None:
    assert is_test(name, CheckSettings()) is expected


def test_a_rule_without_a_pattern_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 1 character"):
        GateRule(check=" ")


def test_a_failure_is_flaky_where_the_same_check_passed_on_the_same_code() -> None:
    def run(number: int, name: str, code: str, outcome: str) -> dict[str, str]:
        return {"id": str(number), "name": name, "code": code, "outcome": outcome}

    runs = [
        run(1, "unit", "a", "failed"),
        run(2, "unit", "a", "passed"),
        run(3, "unit", "b", "failed"),
        run(4, "lint", "a", "failed"),
    ]
    assert flaky(runs) == {"1"}
