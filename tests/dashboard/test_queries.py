"""Figures on the pages are the figures of the snapshot."""

from datetime import date

import polars as pl
import pytest

from dashboard import queries, record_queries, verdict_queries
from dashboard.periods import default_window, window_of_key
from dashboard.snapshots import Snapshot, age, newest
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def snapshot(demo_workspace: Workspace) -> Snapshot:
    return newest(SnapshotFolder.of_workspace(demo_workspace.root))


def test_the_default_window_is_the_latest_complete_quarter(snapshot: Snapshot) -> None:
    window = default_window(verdict_queries.windows(snapshot))
    assert window is not None
    assert window.key == "2026-Q3"


def test_histograms_of_months_add_up_to_the_units(snapshot: Snapshot) -> None:
    window = window_of_key("2026-Q3")
    assert window is not None
    bins = queries.histograms(snapshot, "3", window.start, window.end).filter(pl.col("metric") == "pr_cycle_time")
    n = queries.units(snapshot, window)[("pr_cycle_time", "3", "p50")]
    facts = snapshot.rows(
        "select count(*) as n from change_facts where tier = 3 and author_kind <> 'bot'"
        " and merged_at >= ? and merged_at < ?",
        window.start,
        window.end,
    )
    assert bins["count"].sum() == n == facts["n"][0]


def test_stages_add_up_to_the_mean_lead_time(snapshot: Snapshot) -> None:
    start, end = date(2026, 7, 1), date(2026, 10, 1)
    stages = queries.stage_hours(snapshot, "3", start, end)
    facts = snapshot.rows(
        "select avg(lead_seconds) / 3600 as hours from change_facts where tier = 3 and author_kind <> 'bot'"
        " and deployed_at >= ? and deployed_at < ?",
        start,
        end,
    )
    assert sum(stages.values()) == pytest.approx(facts["hours"][0], rel=1e-9)
    assert queries.stage_hours(snapshot, "3", date(1999, 1, 1), date(1999, 2, 1)) == {}


def test_a_trailing_year_counts_the_units_of_its_quarters(snapshot: Snapshot) -> None:
    year, quarters = window_of_key("2026-Q3-year"), ["2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]
    assert year is not None
    key = ("rollback_rate", "3", "rate")
    summed = sum(queries.units(snapshot, window)[key] for each in quarters if (window := window_of_key(each)))
    assert queries.units(snapshot, year)[key] == summed
    rows = queries.values(snapshot, year, "3").filter((pl.col("metric") == key[0]) & (pl.col("statistic") == key[2]))
    assert rows["n"].to_list() == [summed]


def test_the_slowest_changes_are_those_of_the_tier_and_window(snapshot: Snapshot) -> None:
    window = window_of_key("2026-09")
    assert window is not None
    rows = record_queries.slowest_changes(snapshot, "2", window, 5)
    assert rows is not None
    assert len(rows) == 5
    assert rows["cycle_seconds"].is_sorted(descending=True)
    assert rows["merged_at"].dt.date().is_between(date(2026, 9, 1), date(2026, 9, 30)).all()


def test_deployments_bring_their_changes_and_incidents(snapshot: Snapshot) -> None:
    row = snapshot.rows(
        "select deployment_id, repo_id, change_count, incident_count from deployment_facts"
        " where incident_count > 0 and change_count > 1 order by deployment_id limit 1"
    ).row(0, named=True)
    found = record_queries.deployments_by_id(snapshot, [row["deployment_id"]], [row["repo_id"]])[row["deployment_id"]]
    assert len(found["incidents"]) == row["incident_count"]
    assert 1 <= len(found["changes"]) <= row["change_count"]


def test_age_is_told_roughly(snapshot: Snapshot) -> None:
    at = snapshot.as_of
    assert age(at, at) == "just now"
    assert age(at, at.replace(hour=at.hour + 1)) == "1 hour ago"
    assert age(at, at.replace(day=at.day + 12)) == "12 days ago"
