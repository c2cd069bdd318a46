"""The workspace's working hours, with the holidays from their file."""

import csv
from datetime import date
from pathlib import Path

from metrics.calendar import WEEKDAYS
from metrics.facts.working_hours import WorkingHours
from schemas.errors import ConfigurationError
from schemas.workspace import Workspace


def working_hours_of(workspace: Workspace) -> WorkingHours | None:
    """The clock of `[working_hours]`; None where the workspace keeps none.

    Raises:
        ConfigurationError: The file of holidays cannot be read, or holds something else than dates.
    """
    given = workspace.working_hours
    if given is None:
        return None
    weekdays = tuple(WEEKDAYS.index(day) for day in given.weekdays)
    holidays = _holidays(workspace.root / given.holidays) if given.holidays else frozenset()
    return WorkingHours(given.timezone or workspace.timezone, weekdays, given.start, given.end, holidays)


def _holidays(path: Path) -> frozenset[date]:
    """The dates of a CSV file with a column `date`."""
    try:
        lines = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "the holidays cannot be read", str(path), "name a CSV file with a column date in [working_hours]"
        ) from error
    days = set()
    for number, line in enumerate(lines, start=2):
        try:
            days.add(date.fromisoformat((line.get("date") or "").strip()))
        except ValueError as error:
            raise ConfigurationError(
                f"{line.get('date')!r} is no date", f"{path}:{number}", "write a column date with days as 2026-12-25"
            ) from error
    return frozenset(days)
