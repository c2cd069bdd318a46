"""A reader limited to teams finds nothing of another team's in any table, whatever is asked."""

from pathlib import Path

import polars as pl
import pytest

from dashboard import filter_queries, queries, record_queries, verdict_queries
from dashboard.periods import window_of_key
from dashboard.segments import Segment
from dashboard.snapshots import Snapshot, newest
from metrics.calendar import Calendar
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace

pytestmark = pytest.mark.timeout(300)
OWN = "lending"
BY_TEAM = ("change_facts", "deployment_facts", "slowest_changes", "repo_dimension")


@pytest.fixture(scope="module")
def whole(demo_workspace: Workspace) -> Snapshot:
    return newest(SnapshotFolder.of_workspace(demo_workspace.root))


@pytest.fixture(scope="module")
def limited(demo_workspace: Workspace) -> Snapshot:
    return newest(SnapshotFolder.of_workspace(demo_workspace.root), (OWN,))


@pytest.fixture(scope="module")
def foreign(whole: Snapshot) -> set[str]:
    """Teams, repositories and services of the others."""
    rows = whole.rows("select team, repo_id, service from repo_dimension where team <> ?", OWN)
    return {value for column in rows.get_columns() for value in column}


def test_facts_and_lists_hold_the_own_team_alone(whole: Snapshot, limited: Snapshot) -> None:
    for table in BY_TEAM:
        assert set(limited.rows(f"select distinct team from {table}")["team"]) == {OWN}, table
        assert whole.rows(f"select count(distinct team) as n from {table}")["n"][0] > 1, table


def test_no_text_of_any_table_names_another_team(limited: Snapshot, foreign: set[str]) -> None:
    tables = [
        name for (name,) in limited.connection.cursor().execute("select view_name from duckdb_views()").fetchall()
    ]
    checked = 0
    for table in sorted(set(limited.manifest.tables) & set(tables) - {"verdicts", "register_decisions"}):
        frame = limited.rows(f'select * from "{table}"')
        for column in (each for each in frame.get_columns() if each.dtype == pl.String and each.name != "summary"):
            told = set(column.drop_nulls().unique())
            assert not told & foreign, (table, column.name)
            checked += 1
    assert checked > 50


def test_no_filter_reaches_another_team(limited: Snapshot, whole: Snapshot) -> None:
    window = window_of_key("2026-Q3")
    assert window is not None
    assert filter_queries.teams(limited) == [OWN]
    other = next(team for team in filter_queries.teams(whole) if team != OWN)
    repository = filter_queries.repositories(whole, other)[0]
    assert not filter_queries.has_repository(limited, repository, None)
    assert filter_queries.has_repository(whole, repository, other)
    assert not filter_queries.has_repository(whole, repository, OWN)
    for segment in (Segment("team", other), Segment("repo", repository)):
        assert len(queries.comparisons(limited, window, "baseline", segment)) == 0
        assert len(queries.beside_tiers(limited, window, segment)) == 0
        for tier in queries.TIERS:
            assert len(queries.values(limited, window, tier, segment)) == 0
            slowest = record_queries.slowest_changes(limited, tier, window, 10, segment)
            assert slowest is not None
            assert len(slowest) == 0


def test_the_tiers_of_the_whole_organisation_stay(limited: Snapshot, whole: Snapshot) -> None:
    window = window_of_key("2026-Q3")
    assert window is not None
    assert verdict_queries.verdicts(limited, window) == verdict_queries.verdicts(whole, window)


def test_a_tier_in_which_one_other_team_works_is_that_teams(tmp_path: Path, whole: Snapshot) -> None:
    """Somebody of developer-platform alone may not see tiers in which a single other team works, and only those."""
    teams = whole.rows(
        "select distinct tier, segment from metric_values where segment_kind = 'team' and metric = 'throughput'"
        " and grain = 'quarter' and tier not in ('all', 'untiered')"
    )
    by_tier = {tier: set(rows["segment"]) for (tier,), rows in teams.group_by("tier")}
    tier, members = min(by_tier.items(), key=lambda item: len(item[1]))
    alone = sorted(members)[0]
    reader = newest(SnapshotFolder(whole_state(whole)), tuple(sorted(members - {alone} | {"nobody"})))
    seen = set(reader.rows("select distinct tier from verdicts")["tier"])
    assert (tier in seen) == (len(members) > 1)


def whole_state(snapshot: Snapshot) -> Path:
    """The folder of the snapshot's workspace."""
    (path,) = snapshot.connection.cursor().execute(
        "select sql from duckdb_views() where view_name = 'verdicts'"
    ).fetchone() or ("",)
    return Path(path.split("'")[1]).parents[1]


def test_the_slowest_of_a_repository_are_its_own(whole: Snapshot) -> None:
    window = window_of_key("2026-Q3")
    assert window is not None
    calendar = Calendar(whole.manifest.timezone)
    for segment in (Segment("repo", filter_queries.repositories(whole, OWN)[0]), Segment("team", OWN), Segment()):
        rows = record_queries.slowest_changes(whole, "2", window, 5, segment)
        where = {"repo": "repo_id = ?", "team": "team = ?", "all": "? = 'all'"}[segment.kind]
        facts = whole.rows(
            f"select cycle_seconds from change_facts where {where} and tier = 2 and author_kind <> 'bot'"
            " and merged_at >= ? and merged_at < ? order by cycle_seconds desc limit 5",
            segment.name,
            calendar.instant(window.start),
            calendar.instant(window.end),
        )
        assert rows is not None
        assert rows["cycle_seconds"].to_list() == facts["cycle_seconds"].to_list()


def test_the_slowest_of_a_tier_are_among_what_the_reader_may_see(limited: Snapshot, whole: Snapshot) -> None:
    window = window_of_key("2026-Q3")
    assert window is not None
    of_own_team = record_queries.slowest_changes(whole, "2", window, 10, Segment("team", OWN))
    seen = record_queries.slowest_changes(limited, "2", window, 10)
    assert of_own_team is not None
    assert seen is not None
    assert len(seen) == 10
    assert seen.equals(of_own_team)
