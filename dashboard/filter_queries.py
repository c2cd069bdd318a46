"""What can be filtered by: the teams and repositories of a snapshot, and which comparisons it holds."""

from dashboard.periods import Window
from dashboard.segments import Against
from dashboard.snapshots import Snapshot

REPOSITORIES_LISTED = 200
"""The busiest repositories of a list; any other is found by typing its name."""


def teams(snapshot: Snapshot) -> list[str]:
    """The teams for which there are figures, in alphabetical order."""
    rows = snapshot.rows(
        "select distinct segment from metric_values"
        " where segment_kind = 'team' and grain = 'quarter' and metric = 'throughput' order by segment"
    )
    return rows["segment"].to_list()


def repositories(snapshot: Snapshot, team: str | None) -> list[str]:
    """The busiest repositories, of one team or of all, in alphabetical order."""
    rows = snapshot.rows(
        f"""select segment from metric_values
        where segment_kind = 'repo' and grain = 'quarter' and metric = 'throughput' and statistic = 'count'
            and (?::varchar is null or segment in (select repo_id from repo_dimension where team = ?))
        group by segment order by sum(n) desc, segment limit {REPOSITORIES_LISTED}""",
        team,
        team,
    )
    return sorted(rows["segment"].to_list())


def has_repository(snapshot: Snapshot, repository: str, team: str | None) -> bool:
    """Whether there are figures of a repository, and it is that team's, where a team is named."""
    rows = snapshot.rows(
        """select 1 from metric_values
        where segment_kind = 'repo' and grain = 'quarter' and metric = 'throughput' and segment = ?
            and (?::varchar is null or segment in (select repo_id from repo_dimension where team = ?)) limit 1""",
        repository,
        team,
        team,
    )
    return bool(len(rows))


def comparators(snapshot: Snapshot, window: Window) -> list[Against]:
    """What a window can be compared with: an earlier one only where it has values of its own."""
    rows = snapshot.rows(
        "select distinct comparator from comparisons where grain = ? and window_start = ?", window.grain, window.start
    )
    found: list[Against] = ["baseline"]
    if "control" in set(rows["comparator"]):
        found.append("control")
    if window.grain != "trailing_year":
        found += ["previous", "year"]
    return found
