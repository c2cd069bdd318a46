"""The figures of the brief as CSV: a row per statistic and tier, numbers as they are in the tables."""

import csv
import io

from metrics.briefs.document import MonthlyBrief

COLUMNS = (
    *("month", "tier", "metric", "statistic", "unit", "baseline_value", "value", "change", "change_low", "change_high"),
    *("is_relative", "n", "direction", "is_provisional", "snapshot_id"),
)


def render(brief: MonthlyBrief) -> str:
    """All figures; an empty field is a figure that cannot be given."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    known = {"month": brief.month.isoformat(), "snapshot_id": brief.identity.snapshot_id}
    for figure in brief.figures:
        writer.writerow(_text(known.get(name) or getattr(figure, name)) for name in COLUMNS)
    return buffer.getvalue()


def _text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
