"""One way to filter, kept in the address; no filter pools tiers, and what does not apply is said."""

from pathlib import Path

import pytest

from dashboard.periods import window_of_key
from dashboard.queries import comparisons, values
from dashboard.segments import Segment
from dashboard.snapshots import newest
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace
from tests.support.dashboard import open_page, text_of

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def sample(demo_workspace: Workspace) -> Path:
    return demo_workspace.root


@pytest.fixture(scope="module")
def repository(sample: Path) -> str:
    """A repository of the team lending."""
    rows = newest(SnapshotFolder.of_workspace(sample)).rows(
        "select repo_id from change_facts where team = 'lending' and tier = 2 group by 1 order by count(*) desc, 1"
    )
    return str(rows["repo_id"][0])


def test_a_team_is_looked_at_within_a_tier(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, sample, "tier", tier="2", team="lending")
    said = text_of(app)
    assert "Team lending within tier 2." in said
    assert "described and not judged" in said
    assert "Cycle time of changes" in said
    assert "Given for whole tiers only" in said
    assert app.query_params["team"] == "lending"
    assert "changes merged by team lending in Q3 2026" in said


def test_a_repository_is_looked_at_within_its_tier(
    repository: str, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(monkeypatch, sample, "tier", tier="2", repository=repository)
    said = text_of(app)
    assert f"{repository} within tier 2" in said.replace(repository.capitalize(), repository)
    assert "By quarter, without intervals" in said
    app.selectbox(key="choose-window").select("2026-09").run()
    assert "are given by quarter: choose such a window" in text_of(app)


def test_a_repository_of_another_team_is_let_go(repository: str, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, sample, "tier", tier="3", team="digital-banking", repository=repository)
    assert "Team digital-banking within tier 3." in text_of(app)
    assert "repository" not in app.query_params


def test_a_team_stands_beside_its_tiers_on_the_overview(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = text_of(open_page(monkeypatch, sample, "overview", team="lending"))
    assert "Team lending within its tiers" in said
    assert "Are we faster?" in said


def test_the_bar_is_chosen_from_and_stays_from_page_to_page(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, sample, "stability")
    app.selectbox(key="choose-team").select("lending").run()
    assert app.query_params["team"] == "lending"
    assert "Team lending · Q3 2026" in text_of(app)
    app.selectbox(key="choose-team").select("").run()
    assert "team" not in app.query_params


def test_a_filter_that_a_page_cannot_follow_is_said(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = text_of(open_page(monkeypatch, sample, "integrity", team="lending"))
    assert "the filter for team lending does not apply here" in said


def test_a_team_that_is_not_there_is_no_team(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, sample, "tier", tier="2", team="<script>", against="nothing")
    assert "Where the time goes" in text_of(app)
    assert app.query_params == {"tier": ["2"]} or app.query_params["tier"] == "2"


def test_another_comparison_says_what_it_is(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = text_of(open_page(monkeypatch, sample, "tier", tier="3", against="year"))
    assert "against a year before" in said
    assert "Verdicts are against the baseline all the same" in said
    assert "two windows side by side, not tested" in said
    controlled = text_of(open_page(monkeypatch, sample, "tier", tier="3", window="2026-Q1", against="control"))
    assert "difference in differences" in controlled


def test_windows_side_by_side_are_the_figures_of_both(sample: Path) -> None:
    snapshot = newest(SnapshotFolder.of_workspace(sample))
    now, before = window_of_key("2026-Q3"), window_of_key("2026-Q2")
    assert now is not None
    assert before is not None
    for segment in (Segment(), Segment("team", "lending")):
        rows = comparisons(snapshot, now, "previous", segment)
        row = next(
            row
            for row in rows.iter_rows(named=True)
            if (row["metric"], row["tier"], row["statistic"]) == ("lead_time", "2", "p50")
        )
        earlier, later = (
            next(
                each["value"]
                for each in values(snapshot, window, "2", segment).iter_rows(named=True)
                if (each["metric"], each["statistic"]) == ("lead_time", "p50")
            )
            for window in (before, now)
        )
        assert (row["baseline_value"], row["value"], row["direction"]) == (earlier, later, "untested")
        assert row["change"] == pytest.approx(later / earlier - 1)
        rate = next(
            row
            for row in rows.iter_rows(named=True)
            if (row["metric"], row["tier"], row["statistic"]) == ("rollback_rate", "2", "rate")
        )
        assert rate["change"] == pytest.approx(rate["value"] - rate["baseline_value"])
