"""The brief as canonical JSON: keys sorted, days as ISO-8601, numbers as they are in the tables."""

import json
from dataclasses import asdict
from datetime import date

from metrics.briefs.document import MonthlyBrief
from metrics.briefs.roi.document import RoiReport


def render(brief: MonthlyBrief | RoiReport) -> str:
    """The whole document."""
    return json.dumps(asdict(brief), default=_day, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
