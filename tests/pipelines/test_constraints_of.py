"""Constraints declared in plumbline.toml: judged as those that ship, or refused with line and reason."""

import re
from pathlib import Path

import pytest

from metrics.constraints import all_constraints
from metrics.judge import Judge
from metrics.model import Constraint
from pipelines.constraints_of import constraints_of
from pipelines.new_workspace import TEMPLATE
from schemas.errors import ConfigurationError
from schemas.workspace import load_workspace
from tests.support.contrasts import contrasts, median, per_week, share

SIGNED = 'since = 2026-11-01\nset_by = "Jo"\nreason = "agreed"\n'
OWN = """\
name = "Example"

[constraints.review_speed_vs_failures]
question = "Do we review faster and break more?"
gain = [{ metric = "review_time", statistic = "p50" }]
guardrails = [
  { metric = "change_failure_rate", statistic = "rate", margin = { 3 = 1.0 } },
  { metric = "acceptance_rate", statistic = "rate", better = "higher" },
]
tiers = [3, 4]
"""


def declared(folder: Path, text: str) -> dict[str, Constraint]:
    """The constraints of a workspace with this plumbline.toml."""
    (folder / "plumbline.toml").write_text(text, encoding="utf-8")
    return constraints_of(load_workspace(folder))


def test_a_constraint_of_the_workspace_s_own_is_judged_in_the_same_terms(tmp_path: Path) -> None:
    own = declared(tmp_path, OWN + SIGNED)["review_speed_vs_failures"]
    assert (own.name, own.version, own.owner) == ("Review speed vs failures", "1", "Jo")
    faster = median("review_time", 6.0, 3.0)
    # Half as many again are beyond a quarter, but within the margin of 100 % that tier 3 was given.
    worse = share("change_failure_rate", 0.10, 0.15)
    rows = [faster, worse, *(row | {"tier": tier} for tier in ("2", "4") for row in (faster, worse))]
    found = {verdict.place.tier: verdict.status for verdict in Judge(contrasts(*rows)).verdicts([own])}
    assert found == {"3": "holds", "4": "violated"}


def test_output_is_divided_by_people_where_their_number_is_known(tmp_path: Path) -> None:
    text = 'name = "a"\n[constraints.own]\ngain = [{ metric = "throughput", statistic = "per_week" }]\n'
    own = declared(tmp_path, f'{text}guardrails = [{{ metric = "rollback_rate", statistic = "rate" }}]\n{SIGNED}')[
        "own"
    ]
    rows = (per_week("throughput", 20.0, 40.0), per_week("throughput", 20.0, 20.0, "per_engineer_week"))
    (verdict,) = Judge(contrasts(*rows, share("rollback_rate", 0.04, 0.08))).verdicts([own])
    assert verdict.status == "not_triggered"


def test_a_margin_of_one_s_own_makes_a_new_version_of_what_ships(tmp_path: Path) -> None:
    text = 'name = "a"\n[constraints.speed_vs_escape]\nmargins = { rollback_rate = { 3 = 1.0 } }\n'
    found = declared(tmp_path, text + SIGNED)
    assert set(found) == set(all_constraints())
    changed = found["speed_vs_escape"]
    assert changed.version == "1.0.0+1"
    assert (changed.revisions[-1].owner, changed.revisions[-1].change) == ("Jo", "agreed")
    rows = [median("pr_cycle_time", 24.0, 18.0), share("rollback_rate", 0.04, 0.065)]
    statuses = [
        verdict.status
        for constraint in (all_constraints()["speed_vs_escape"], changed)
        for verdict in Judge(contrasts(*rows)).verdicts([constraint])
    ]
    assert statuses == ["violated", "holds"]


GUARD = 'guardrails = [{ metric = "rollback_rate", statistic = "rate" }]\n'


@pytest.mark.parametrize(
    ("table", "line", "says"),
    [
        ("[constraints.own]\n" + SIGNED, 2, "names no guardrails"),
        ("[constraints.own]\n" + GUARD + "since = 2026-11-01\nset_by = 'Jo'\n", 2, "reason is missing"),
        ("[constraints.own]\n" + GUARD + "guard = 1\n" + SIGNED, 4, "did you mean guardrails?"),
        (
            "[constraints.own]\nguardrails = [{ metric = 'rollbak_rate', statistic = 'rate' }]\n" + SIGNED,
            3,
            "no metric rollbak_rate; did you mean rollback_rate?",
        ),
        (
            "[constraints.own]\nguardrails = [\n  { metric = 'rollback_rate', statistic = 'rate' },\n"
            "  { metric = 'lead_time', statistic = 'p99' },\n]\n" + SIGNED,
            5,
            "lead_time is not judged by p99; judged are: p50, p75, p90, p95",
        ),
        (
            "[constraints.own]\nguardrails = [{ metric = 'acceptance_rate', statistic = 'rate' }]\n" + SIGNED,
            3,
            'say better = "higher" or better = "lower"',
        ),
        (
            "[constraints.own]\ngain = [{ metric = 'rollback_rate', statistic = 'rate' }]\n" + GUARD + SIGNED,
            4,
            "is the gain and the guardrail",
        ),
        ("[constraints.own]\n" + GUARD + "tiers = [5]\n" + SIGNED, 4, "tiers.0"),
        (
            "[constraints.own]\nguardrails = [{ metric = 'rollback_rate', statistic = 'rate', margin = -1 }]\n"
            + SIGNED,
            3,
            "greater than 0",
        ),
        ("[constraints.speed_vs_escape]\n" + GUARD + SIGNED, 2, "ships with Plumbline; give only margins"),
        (
            "[constraints.speed_vs_escape]\nmargins = { throughput = 0.1 }\n" + SIGNED,
            3,
            "throughput is no guardrail of speed_vs_escape",
        ),
        (
            "[constraints.speed_vs_escapes]\nmargins = { rollback_rate = 0.1 }\n" + SIGNED,
            2,
            "did you mean speed_vs_escape?",
        ),
    ],
)
def test_a_wrong_declaration_is_refused_with_line_and_reason(tmp_path: Path, table: str, line: int, says: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        declared(tmp_path, 'name = "a"\n' + table)
    assert f"plumbline.toml:{line}:" in str(error.value)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_what_the_template_teaches_can_be_followed(tmp_path: Path) -> None:
    lines = TEMPLATE.format(name='"a"').splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("# [constraints."))
    end = next(i for i, line in enumerate(lines) if line.startswith("# Where to pull from"))
    taught = [line.removeprefix("# ") for line in lines[start:end] if re.match(r"# (\[|\]|  |\w+ = )", line)]
    found = declared(tmp_path, 'name = "a"\n' + "\n".join(taught))
    assert found["speed_vs_escape"].version == "1.0.0+1"
    assert "review_speed_vs_failures" in found
