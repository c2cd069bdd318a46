"""Working hours come from plumbline.toml, holidays from a file; what is wrong there is said in one line."""

from datetime import date, time
from pathlib import Path

import pytest

from metrics.facts.working_hours import WorkingHours
from pipelines.working_hours import working_hours_of
from schemas.errors import ConfigurationError
from schemas.workspace import load_workspace

CLOCK = """name = "w"
timezone = "Europe/Berlin"
[working_hours]
weekdays = ["monday", "saturday"]
start = 08:30:00
end = 16:00:00
holidays = "holidays.csv"
"""


def workspace_with(folder: Path, text: str, holidays: str | None = None) -> WorkingHours | None:
    (folder / "plumbline.toml").write_text(text)
    if holidays is not None:
        (folder / "holidays.csv").write_text(holidays)
    return working_hours_of(load_workspace(folder))


def test_all_that_is_said_is_kept(tmp_path: Path) -> None:
    found = workspace_with(tmp_path, CLOCK, "date,name\n2026-12-25,Christmas\n")
    assert found == WorkingHours("Europe/Berlin", (0, 5), time(8, 30), time(16), frozenset({date(2026, 12, 25)}))


def test_none_without_the_section(tmp_path: Path) -> None:
    assert workspace_with(tmp_path, 'name = "w"\n') is None


@pytest.mark.parametrize(("holidays", "says"), [(None, "cannot be read"), ("date\n2026-12-25\nsoon\n", "csv:3")])
def test_holidays_that_cannot_be_read_are_named(tmp_path: Path, holidays: str | None, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        workspace_with(tmp_path, CLOCK, holidays)


@pytest.mark.parametrize("wrong", [("end = 16:00:00", "end = 07:00:00"), ('["monday", "saturday"]', "[]")])
def test_hours_in_which_nothing_is_done_are_refused(tmp_path: Path, wrong: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="working_hours"):
        workspace_with(tmp_path, CLOCK.replace(*wrong), "date\n")
