"""The verdicts that count today: of each constraint, tier and grain the newest window whose follow-up has passed."""

from datetime import date

from metrics.calendar import window_name
from pipelines.snapshot_reader import Snapshot

CONSTRAINTS = "constraint_definitions"
"""An internal table: what was judged, in the order in which it is shown (`pipelines.snapshot_metadata`)."""

WORST_FIRST = ("violated", "at_risk", "inconclusive", "holds", "not_triggered")

NEWEST = """
    select "constraint", tier, grain, window_start::varchar as window_start, window_end::varchar as window_end, status,
      claim, reason, verdict_id, coalesce(evidence, '{}') as evidence
    from verdicts
    where not is_provisional
    qualify row_number() over (partition by "constraint", tier, grain order by window_start desc) = 1
"""


def newest_verdicts(snapshot: Snapshot) -> list[dict[str, str]]:
    """Rows of `verdicts`, worst first, then by tier and the order of constraints; empty while nothing is judged."""
    if "verdicts" not in snapshot.manifest.tables:
        return []
    rows = [{name: str(value) for name, value in row.items()} for row in snapshot.rows(NEWEST)]
    places = _places(snapshot)

    def place(row: dict[str, str]) -> tuple[int, str, int, str, str]:
        of_constraint = places.get(row["constraint"], len(places))
        return (WORST_FIRST.index(row["status"]), row["tier"], of_constraint, row["constraint"], row["window_start"])

    return sorted(rows, key=place)


def _places(snapshot: Snapshot) -> dict[str, int]:
    """The order in which the constraints of a snapshot are shown; none of an older version's."""
    if CONSTRAINTS not in snapshot.manifest.tables:
        return {}
    rows = snapshot.rows(f"select id from {CONSTRAINTS} order by position")
    return {str(row["id"]): number for number, row in enumerate(rows)}


def window_words(row: dict[str, str]) -> str:
    """The window of a verdict in a word: `2026-10`, `2026Q3`, or `year to 2026-09-30`."""
    start, end = date.fromisoformat(row["window_start"]), date.fromisoformat(row["window_end"])
    return window_name(row["grain"], start, end)
