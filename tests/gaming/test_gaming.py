"""No manipulation that leaves reality as it was improves a status or a claim (METRICS §5); one line each."""

from collections.abc import Callable

import polars as pl
import pytest

from metrics.constraints import all_constraints
from sample_data.organisation import generate
from sample_data.truths import GRAIN, TRUTHS, WINDOW_START
from tests.gaming import courses, registers, releases, splitting
from tests.gaming.judgement import CLAIM_RANKS, RANKS, Outcome, judged, outcome
from tests.gaming.tables import Tables

Manipulation = Callable[[Tables], Tables]

MANIPULATIONS: tuple[Manipulation, ...] = (
    splitting.split_one_after_another,
    splitting.split_side_by_side,
    courses.toggle_drafts,
    courses.close_and_reopen,
    courses.approve_instantly,
    releases.deploy_nothing,
    releases.deploy_the_same_again,
    registers.drop_a_gate,
    registers.move_between_tiers,
    registers.back_date_a_tier,
)
"""What is still in the records, one way or another: nothing may look better, and what was violated stays so."""

WITHHELD: tuple[Manipulation, ...] = (
    releases.stop_watching("incidents"),
    releases.stop_watching("rollbacks"),
    releases.stop_watching("defects"),
    releases.stop_reporting,
)
"""Records that are not there convict nobody: but nothing holds that was in doubt, and nothing more may be claimed."""

NOTICED = ("quarter", "trailing_year")
"""Windows long enough for records that stop to be missed in every tier; a month of a small tier expects one or two."""


@pytest.fixture(scope="session")
def tables() -> Tables:
    return generate()


@pytest.fixture(scope="session")
def honest(tables: Tables) -> pl.DataFrame:
    """The judgement of the sample organisation as it is."""
    return judged(tables)


def tampered(manipulation: Manipulation, tables: Tables, honest: pl.DataFrame) -> Outcome:
    """The judgement after a manipulation, against the honest one; its line is printed."""
    found = outcome(honest, judged(manipulation(tables)))
    print(f"{manipulation.__name__}: {found.line}")
    return found


def named(found: pl.DataFrame) -> list[tuple[str, ...]]:
    """Verdicts for a failure's message."""
    columns = ["constraint", "tier", "grain", "window_start", "status", "status_after", "claim", "claim_after"]
    return [tuple(map(str, row)) for row in found.select(columns).iter_rows()]


@pytest.mark.parametrize("manipulation", MANIPULATIONS, ids=lambda manipulation: manipulation.__name__)
def test_tampering_with_records_improves_nothing(
    manipulation: Manipulation, tables: Tables, honest: pl.DataFrame
) -> None:
    assert named(tampered(manipulation, tables, honest).improved) == []


@pytest.mark.parametrize("manipulation", WITHHELD, ids=lambda manipulation: manipulation.__name__)
def test_withholding_records_makes_nothing_hold_and_nothing_claimable(
    manipulation: Manipulation, tables: Tables, honest: pl.DataFrame
) -> None:
    improved = tampered(manipulation, tables, honest).improved
    claims = pl.col("claim_after").replace_strict(CLAIM_RANKS) > pl.col("claim").replace_strict(CLAIM_RANKS)
    holds = (pl.col("status_after").replace_strict(RANKS) > RANKS["inconclusive"]) & pl.col("grain").is_in(NOTICED)
    assert named(improved.filter(claims | holds)) == []


def test_emptying_the_register_of_what_is_watched_acquits_nothing(tables: Tables, honest: pl.DataFrame) -> None:
    # Without a register, services that never reported anything count as watched: rates thin out, as the rule of
    # METRICS §2 has it.
    improved = tampered(releases.drop_the_register, tables, honest).improved
    claims = pl.col("claim_after").replace_strict(CLAIM_RANKS) > pl.col("claim").replace_strict(CLAIM_RANKS)
    assert named(improved.filter(claims | (pl.col("status") == "violated"))) == []
    assert improved.height <= 0.01 * honest.height


def test_planted_violations_are_seen_in_the_honest_organisation(honest: pl.DataFrame) -> None:
    # Else the tests above would hold for want of anything to lose.
    year = honest.filter((pl.col("grain") == GRAIN) & (pl.col("window_start") == WINDOW_START))
    found = {(row["tier"], row["constraint"]): row["status"] for row in year.iter_rows(named=True)}
    planted = [truth for truth in TRUTHS if "violated" in truth.statuses]
    assert planted
    assert {found[(truth.tier, truth.constraint)] for truth in planted} == {"violated"}
    assert set(honest["constraint"]) == set(all_constraints())


def test_every_manipulation_changes_the_tables_after_the_baseline_only(tables: Tables) -> None:
    for manipulation in (*MANIPULATIONS, *WITHHELD, releases.drop_the_register):
        after = manipulation(tables)
        changed = [name for name, frame in tables.items() if not frame.equals(after[name].select(frame.columns))]
        assert changed, manipulation.__name__
