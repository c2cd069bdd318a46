"""The stage that holds most of the lead time, and its remedy."""

from datetime import date

import polars as pl
import pytest

from metrics.recommendations import REMEDIES, STAGE_NAMES, recommendations
from schemas.published.recommendations import Recommendations
from tests.support.brief_frames import comparison, frame, value


def test_shares_are_of_all_changes_not_of_those_that_have_the_stage() -> None:
    # 100 changes of 60 h each. Draft has the largest mean, but only ten changes have one: pickup holds more in all.
    rows = [
        value("lead_time", "mean", 60.0, n=100),
        value("lead_time_draft", "mean", 90.0, n=10),
        value("lead_time_pickup", "mean", 30.0, n=100),
        value("lead_time_coding", "mean", 21.0, n=100),
    ]
    found = recommendations(frame("metric_values", rows), frame("comparisons", []))
    assert found["constraint_stage"].to_list() == ["pickup"]
    assert found["share_of_lead_time"][0] == pytest.approx(0.5)
    assert found["finding"][0] == "Waiting for the first review holds 50 % of the lead time (100 changes deployed)."
    assert found["next_step"][0] == f"{REMEDIES['pickup']} Buy no more speed upstream of this queue."
    Recommendations.validate(found)


def test_fewer_than_twenty_changes_give_no_recommendation() -> None:
    rows = [value("lead_time", "mean", 60.0, n=19), value("lead_time_pickup", "mean", 60.0, n=19)]
    assert recommendations(frame("metric_values", rows), frame("comparisons", [])).is_empty()


def test_a_failure_rate_that_rose_stands_beside_the_stage() -> None:
    rows = [value("lead_time", "mean", 60.0), value("lead_time_coding", "mean", 60.0)]
    worse = [
        comparison("change_failure_rate", "rate", 0.05, 0.12, direction="worsened"),
        comparison("rework_share", "rate", 0.05, 0.06, direction="inconclusive"),
    ]
    found = recommendations(frame("metric_values", rows), frame("comparisons", worse))
    assert found["finding"][0].endswith("Change failure rate rose from 5.00 % to 12.0 %.")
    assert found["next_step"][0] == f"{REMEDIES['coding']} More checks before the merge, and tighter release criteria."


def test_every_stage_has_a_name_and_a_remedy() -> None:
    assert set(STAGE_NAMES) == set(REMEDIES)


def test_a_teams_constraint_is_its_largest_stage_and_of_equal_ones_the_last_by_name() -> None:
    window = {"tier": "2", "grain": "month", "window_start": date(2026, 1, 1), "window_end": date(2026, 2, 1), "n": 20}
    none = dict.fromkeys(STAGE_NAMES, 0.0)
    totals = [
        window | none | {"team": "clear", "whole": 100.0, "coding": 10.0, "review": 90.0},
        window | none | {"team": "equal", "whole": 100.0, "draft": 40.0, "pickup": 40.0, "coding": 20.0},
        window | none | {"team": "few", "whole": 100.0, "coding": 100.0, "n": 19},
        window | none | {"team": "rounded", "whole": 0.3, "pickup": 0.1 + 0.2},
    ]
    found = recommendations(frame("metric_values", []), frame("comparisons", []), pl.DataFrame(totals))
    assert found["segment"].to_list() == ["clear", "equal", "rounded"]
    assert found["constraint_stage"].to_list() == ["review", "pickup", "pickup"]
    assert found["share_of_lead_time"].to_list() == [0.9, 0.4, 1.0]
    assert found["finding"][0] == "Review holds 90 % of the lead time (20 changes deployed)."
    assert found["next_step"][0] == f"{REMEDIES['review']} Buy no more speed upstream of this queue."
    assert set(found["segment_kind"]) == {"team"}
    Recommendations.validate(found)
