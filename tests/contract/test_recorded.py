"""Every recorded thing of every host is a row, or has its reason; `python -m tests.contract.recorded` prints it."""

from pathlib import Path

import pytest

from tests.contract.recorded.hosts import Lines, hosts


@pytest.mark.parametrize("lines", [pytest.param(lines, id=name) for name, lines in hosts().items()])
def test_everything_recorded_is_accounted_for(lines: Lines, shared_data: Path, tmp_path: Path) -> None:
    found = list(lines(shared_data / "recorded", tmp_path))
    assert found
    assert [str(line) for line in found if not line.holds] == []
