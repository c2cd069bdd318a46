"""The verdicts that count today: of each constraint, tier and grain the newest window whose follow-up has passed."""

from datetime import date

from metrics.calendar import window_name
from pipelines.snapshot_reader import Snapshot

WORST_FIRST = ("violated", "at_risk", "inconclusive", "holds", "not_triggered")

NEWEST = """
    select "constraint", tier, grain, window_start::varchar as window_start, window_end::varchar as window_end, status,
      claim, reason, verdict_id
    from verdicts
    where not is_provisional
    qualify row_number() over (partition by "constraint", tier, grain order by window_start desc) = 1
"""


def newest_verdicts(snapshot: Snapshot) -> list[dict[str, str]]:
    """Rows of `verdicts` without evidence, worst first, then by tier and constraint; empty while nothing is judged."""
    if "verdicts" not in snapshot.manifest.tables:
        return []
    rows = [{name: str(value) for name, value in row.items()} for row in snapshot.rows(NEWEST)]
    return sorted(
        rows, key=lambda row: (WORST_FIRST.index(row["status"]), row["tier"], row["constraint"], row["window_start"])
    )


def window_words(row: dict[str, str]) -> str:
    """The window of a verdict in a word: `2026-10`, `2026Q3`, or `year to 2026-09-30`."""
    start, end = date.fromisoformat(row["window_start"]), date.fromisoformat(row["window_end"])
    return window_name(row["grain"], start, end)
