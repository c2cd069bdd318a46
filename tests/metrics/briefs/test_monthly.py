"""The whole document: from tables to a brief, also where there is little or nothing to tell of."""

from dataclasses import replace
from datetime import date, datetime

import polars as pl
import pytest

from metrics.briefs.monthly import chosen_month, monthly_brief, months_with_data
from metrics.briefs.months import last_complete, month_name, parsed
from metrics.briefs.tables import BriefTables
from metrics.calendar import Calendar
from schemas.errors import InputError
from tests.support.brief_frames import MONTH, comparison, frame, origin, paid_for, tables, value, verdict


def test_a_brief_tells_what_moved_what_was_done_and_what_is_next() -> None:
    brief = monthly_brief(paid_for(), origin(), MONTH)
    assert brief.title == "Monthly stability brief, October 2026"
    assert brief.summary[0] == "Over the four quarters to 2026-09-30: tier 3 gained at a price beyond the margins."
    [section] = brief.tiers
    assert [each.direction for each in section.moved] == ["worsened", "improved", "improved"]
    assert [each.direction for each in section.not_moved] == ["inconclusive", "unsettled"]
    assert [action.text for action in brief.actions] == ["Two <reviews> | for *payments*", "Pilot begins"]
    assert [step.owner for step in brief.next_steps] == ["lead of payments", "head of security"]
    assert [each.constraint for each in brief.undecided] == ["speed_vs_escape", "stability_regression"]
    assert brief.quality.provisional == (
        "Provisional, because outcomes may still arrive: escaped defects until 2026-12-01. "
        "The newest month always looks too good.",
    )
    assert brief.baselines_note == "Baseline: 2025-01-01 to 2025-09-30, set by the board for tier 3."
    assert brief.definitions_note.endswith("definitions, all at version 1.0.0; none changed since the baseline.")


def test_trends_hold_the_months_up_to_the_briefs() -> None:
    brief = monthly_brief(paid_for(), origin(), MONTH)
    trend = next(each for each in brief.trends if each.metric == "rollback_rate")
    assert [point.month for point in trend.points] == [date(2026, month, 1) for month in range(2, 11)]
    assert trend.baseline_value == pytest.approx(0.05)


def test_without_any_table_it_says_that_we_do_not_know() -> None:
    brief = monthly_brief(BriefTables.of({}), origin(), MONTH)
    assert brief.summary == ("We do not know how any tier stands: no verdict could be given.",)
    assert brief.chance_note == "No figure could be compared with its baseline: we do not know what moved."
    assert brief.quality.freshness == ("No source is recorded: how fresh the data are is not known.",)
    assert brief.next_steps == ()
    assert brief.baselines_note == "No baseline is named: each window is compared with the one before."


def test_a_month_of_which_nothing_can_be_judged_claims_nothing() -> None:
    short = {"shortfall": "3 units in the window; 17 more are needed to judge it"}
    gains = [{"metric": "pr_cycle_time", "statistic": "p50", "improved": False, **short}]
    found = tables(
        verdicts=[verdict("speed_vs_escape", "inconclusive", "none", gains=gains)],
        comparisons=[comparison("pr_cycle_time", "p50", 20.0, 10.0, change_ci_low=None, change_ci_high=None)],
        metric_values=[value("pr_cycle_time", "p50", 10.0, n=3)],
    )
    brief = monthly_brief(found, origin(), MONTH)
    assert brief.summary == ("In the month: tier 3 cannot be judged.",)
    assert brief.tiers[0].moved == ()
    assert (
        brief.tiers[0].standings[0].sentence.startswith("We do not know: median of cycle time of changes has 3 units")
    )
    assert brief.figures[0].direction_text == "not known"
    assert brief.figures[0].interval_text == "not known"
    assert brief.quality.not_judged == ("1 verdict of the month inconclusive for want of data.",)


def test_a_month_of_the_baseline_is_not_judged() -> None:
    known = replace(BriefTables.of({}), baselines=paid_for().baselines)
    assert monthly_brief(known, origin(), date(2025, 5, 1)).summary == (
        "The month lies before 2025-10-01, the end of the baseline: nothing of it is judged.",
    )


def test_a_running_month_is_marked() -> None:
    assert monthly_brief(paid_for(), origin(as_of=datetime(2026, 10, 20)), MONTH).is_running  # noqa: DTZ001
    assert not monthly_brief(paid_for(), origin(), MONTH).is_running


def test_unwatched_guardrails_rejected_rows_and_orphans_are_named() -> None:
    given = tables(
        verdicts=[verdict("speed_vs_escape", "holds", "with_reservation", not_judged="escaped_defects")],
        quarantine=[
            {"table": "changes", "key": "c1", "column": "state", "value": "x", "reason": "is unknown", "source": "f"},
            {"table": "changes", "key": "c1", "column": "title", "value": "x", "reason": "is empty", "source": "f"},
        ],
    )
    orphans = pl.DataFrame([{"table": "reviews", "column": "change_id", "parent": "changes", "rows": 12}])
    links = pl.DataFrame(
        [("deploy_link", "sha", 30), ("deploy_link", "none", 10)], ["kind", "way", "rows"], orient="row"
    )
    quality = monthly_brief(replace(given, orphans=orphans, link_counts=links), origin(), MONTH).quality
    assert quality.not_judged == ("Tier 3: nothing watches escaped_defects; not judged.",)
    assert quality.rejected == (
        "1 row in quarantine, left out of every figure: changes.state is unknown (1); changes.title is empty (1).",
        "Rows that wait for a parent never seen: 12 of reviews.change_id.",
    )
    assert quality.links == ("40 changes merged in the month: found in a deployment by commit 75 %, not at all 25 %.",)


def test_a_changed_definition_since_the_baseline_is_named() -> None:
    log = [
        {"kind": "metric", "id": "pr_cycle_time", "version": version, "effective_at": when, "change": change}
        for version, when, change in (
            ("1.0.0", datetime(2024, 1, 1), "First."),  # noqa: DTZ001
            ("1.1.0", datetime(2026, 5, 2), "Drafts count."),  # noqa: DTZ001
            ("2.0.0", datetime(2026, 12, 1), "Later."),  # noqa: DTZ001
        )
    ]
    brief = monthly_brief(replace(paid_for(), definition_log=frame("definition_log", log)), origin(), MONTH)
    assert brief.definitions_note.endswith(
        "changed since the baseline: pr_cycle_time 1.1.0 on 2026-05-02 (Drafts count)."
    )


def test_the_month_is_the_last_complete_one_in_the_workspaces_time_zone() -> None:
    berlin, new_york = Calendar("Europe/Berlin"), Calendar("America/New_York")
    cut = datetime(2026, 10, 31, 23, 30)  # noqa: DTZ001 -- already November in Berlin
    assert last_complete(cut, berlin) == date(2026, 10, 1)
    assert last_complete(cut, new_york) == date(2026, 9, 1)


def test_a_month_without_data_is_refused_in_one_line() -> None:
    months = months_with_data(paid_for().metric_values, origin())
    assert chosen_month(months, None, origin()) == MONTH
    with pytest.raises(
        InputError, match="there are no data for 2023-01; the snapshot has months from 2026-02 to 2026-10"
    ):
        chosen_month(months, date(2023, 1, 1), origin())
    with pytest.raises(InputError, match="no data of any month"):
        chosen_month([], None, origin())


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-00", "26-10", "2026-1", "october", "0000-01", "2026-10-01"])
def test_what_is_no_month_is_none(text: str) -> None:
    assert parsed(text) is None


def test_months_are_named_in_english_whatever_the_machine_speaks() -> None:
    assert parsed("2026-03") == date(2026, 3, 1)
    assert month_name(date(2026, 3, 1)) == "March 2026"
