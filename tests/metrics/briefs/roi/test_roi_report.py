"""What the ROI report says: claims, what they rest on, and that it does not know."""

from datetime import date, datetime

import polars as pl
import pytest

from metrics.briefs.roi.periods import chosen_quarter, claim_window, parsed_quarter, quarter_name, quarters_with_data
from metrics.briefs.roi.phases import ended_phase, quarter_at_end
from metrics.briefs.roi.report import roi_report
from metrics.briefs.roi.tables import RoiTables
from metrics.rollout.model import PHASES
from schemas.errors import InputError
from schemas.value_settings import Value
from tests.support.brief_frames import Row, frame, origin
from tests.support.roi_frames import QUARTER, YEAR, comparisons, report, verdicts


def test_claims_stand_in_the_summary_and_bars_are_named() -> None:
    made = report()
    claims = {tier.tier: (tier.claim, tier.is_priced) for tier in made.tiers}
    assert claims == {"4": ("claimable", True), "3": ("not_claimable", False)}
    assert "Not claimable, because of speed against escapes" in made.summary[1]
    assert made.summary[-1] == made.value.sentence
    assert (made.claim_start, made.claim_end) == (YEAR.start, YEAR.end)


def test_what_is_provisional_or_claimed_with_reservation_says_so() -> None:
    rows = [row | {"claim": "with_reservation"} if row["tier"] == "4" else row for row in verdicts()]
    keys = {"statistic": "p50", "metric": "lead_time", "tier": "4", "n": 100, "unit": "hours", "is_provisional": True}
    made = report(verdicts=frame("verdicts", rows), sizes=pl.DataFrame([keys]))
    assert made.value.subtotals[0].name == "Gains that may be claimed: tier 4; with reservation tier 4"
    assert "the chance that a margin is exceeded is" in made.summary[0]
    assert made.summary[-2].startswith("Figures are provisional")
    assert made.is_provisional


def test_nothing_at_all_gives_a_report_that_says_so() -> None:
    made = roi_report(RoiTables.of({}), origin(), Value(), QUARTER)
    assert made.tiers == ()
    assert made.summary == ("Nothing of the quarter can be compared with a baseline: no gain is judged.",)
    assert made.value.sentence == "No value is given: nothing can be compared with a baseline."
    assert made.risk_notes == ("No risk can be compared with a baseline.",)


def test_a_control_enables_only_what_improved_beyond_chance_after_it_and_measuring_enables_nothing() -> None:
    def control(id_: str, layer: str, tier: int) -> dict[str, object]:
        at = datetime(2026, 1, 12)  # noqa: DTZ001 -- UTC, as all tables keep it
        return {
            "control_change_id": id_,
            "layer": layer,
            "tier": tier,
            "effective_at": at,
            "summary": id_,
            "owner": "jo",
        }

    def effect(id_: str, tier: str, low: float, high: float) -> Row:
        middle = {"before": 60.0, "after": 40.0, "change": (low + high) / 2}
        return (
            {"control_change_id": id_, "metric": "lead_time", "statistic": "p50", "tier": tier}
            | middle
            | {
                "change_ci_low": low,
                "change_ci_high": high,
            }
        )

    changes = [control("works", "gates", 4), control("chance", "context", 4), control("looks", "measurement", 4)]
    effects = [effect("works", "4", -0.4, -0.1), effect("chance", "4", -0.4, 0.1), effect("looks", "4", -0.4, -0.1)]
    made = report(control_changes=frame("control_changes", changes), control_effects=frame("control_effects", effects))
    tiers = {tier.tier: tier for tier in made.tiers}
    assert [each.text for each in tiers["4"].enabled_by] == ["works"]
    assert tiers["3"].enabled_by == ()
    assert tiers["3"].enabled_note.startswith("We do not know which control enabled it")


def test_every_figure_names_the_version_that_made_it() -> None:
    rows = [row | {"version": "7.0.0"} for row in comparisons()]
    versions = {entry.id: entry.version for entry in report(comparisons=frame("comparisons", rows)).definitions}
    assert versions["lead_time"] == "7.0.0"
    assert versions["speed_vs_escape"] == "1.0.0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026Q3", date(2026, 7, 1)),
        ("2026-q1", date(2026, 1, 1)),
        ("2026Q5", None),
        ("Q3 2026", None),
        ("0000Q1", None),
    ],
)
def test_quarters_are_read(text: str, expected: date | None) -> None:
    assert parsed_quarter(text) == expected
    assert expected is None or quarter_name(expected) == text.upper().replace("-", "")


def test_only_quarters_that_are_over_can_be_chosen() -> None:
    starts = pl.DataFrame({"window_start": [date(2026, 7, 1), date(2026, 4, 1), date(2026, 10, 1)]})
    quarters = quarters_with_data(starts, origin())
    assert chosen_quarter(quarters, None) == date(2026, 7, 1)
    with pytest.raises(InputError, match="2026Q4 is not over at the snapshot's cut; .* from 2026Q2 to 2026Q3"):
        chosen_quarter(quarters, date(2026, 10, 1))
    with pytest.raises(InputError, match="2020Q1 has no data"):
        chosen_quarter(quarters, date(2020, 1, 1))
    with pytest.raises(InputError, match="no data of any whole quarter"):
        chosen_quarter([], None)


def test_the_window_of_claims_follows_a_rule_and_not_the_result() -> None:
    found = frame("verdicts", verdicts())
    assert claim_window(found, QUARTER.start).period == YEAR
    by_quarter = found.with_columns(grain=pl.lit("quarter"))
    assert claim_window(by_quarter, QUARTER.start).period == QUARTER
    assert claim_window(pl.DataFrame(), QUARTER.start).period == QUARTER


def test_a_phase_has_ended_when_a_tier_has_left_it() -> None:
    def decision(tier: int, phase: str, day: str, *, approved: bool) -> dict[str, object]:
        at = datetime.fromisoformat(f"{day}T12:00")
        known = {"decision_id": day, "tier": tier, "from_phase": phase, "to_phase": "next", "approvers": "jo"}
        return known | {"decided_at": at, "is_approved": approved, "remediation": None}

    rows = [
        decision(1, "pilot", "2025-12-01", approved=True),
        decision(2, "pilot", "2026-01-08", approved=True),
        decision(3, "pilot", "2026-04-08", approved=False),
        decision(1, "controlled_expansion", "2026-06-01", approved=False),
    ]
    decisions = frame("phase_decisions", rows)
    phase = ended_phase("pilot", PHASES, decisions, pl.DataFrame(), origin())
    assert quarter_at_end(phase, origin()) == date(2025, 10, 1)
    with pytest.raises(InputError, match="no tier has left the phase controlled_expansion"):
        ended_phase("controlled_expansion", PHASES, decisions, pl.DataFrame(), origin())
    with pytest.raises(InputError, match="no tier has left the phase pilot"):
        ended_phase("pilot", PHASES, pl.DataFrame(), pl.DataFrame(), origin())
    with pytest.raises(InputError, match="'trial' is no phase; choose among pilot"):
        ended_phase("trial", PHASES, decisions, pl.DataFrame(), origin())
