"""Issued briefs are found by the names of their files, whatever else lies beside them."""

from pathlib import Path

from dashboard.brief_files import issued_briefs


def test_briefs_come_before_reports_and_the_newest_edition_first(tmp_path: Path) -> None:
    names = (
        *("stability-brief-2026-09.md", "stability-brief-2026-10.md", "stability-brief-2026-10.pdf"),
        *("stability-brief-2026-10-r2.md", "roi-report-2026Q2.md", "roi-report-2026Q3.md", "roi-report-pilot.md"),
        *("roi-report-controlled_expansion-r3.html", "notes.md", "stability-brief-2026-13.txt", ".x-y.tmp"),
    )
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "editions").mkdir()
    found = issued_briefs(tmp_path)
    assert list(found) == [
        *("2026-10-r2", "2026-10", "2026-09"),
        *("roi-pilot", "roi-controlled_expansion-r3", "roi-2026Q3", "roi-2026Q2"),
    ]
    assert found["2026-10-r2"].label == "Stability brief of October 2026 (edition 2)"
    assert found["roi-2026Q3"].title == "The ROI report of Q3 2026"
    assert found["roi-controlled_expansion-r3"].title == (
        "The ROI report of the phase controlled expansion (edition 3)"
    )
    assert set(found["2026-10"].files) == {"md", "pdf"}


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert issued_briefs(tmp_path / "briefs") == {}
