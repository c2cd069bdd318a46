"""The same verdicts in four forms, each readable by what it is meant for."""

import json
from xml.etree import ElementTree

import pytest

from pipelines.newest_verdicts import window_words
from pipelines.verdict_report import NOTHING, report
from tests.schemas.test_snapshot import MANIFEST


def verdict(constraint: str, tier: str, status: str, reason: str = "because") -> dict[str, str]:
    return {
        "constraint": constraint,
        "tier": tier,
        "grain": "quarter",
        "window_start": "2026-07-01",
        "window_end": "2026-10-01",
        "status": status,
        "claim": "none",
        "reason": reason,
        "verdict_id": f"{constraint}:{tier}:quarter:2026-07-01",
    }


VERDICTS = [
    verdict("speed_vs_escape", "3", "violated", "rollbacks rose | from 3 % to 6 % & more"),
    verdict("median_vs_tail", "3", "at_risk"),
    verdict("median_vs_tail", "1", "inconclusive", "too few units"),
    verdict("mixture_vs_tiers", "all", "holds"),
]
VIOLATED = ("violated",)


def test_json_says_whether_it_failed() -> None:
    content = json.loads(report(MANIFEST, VERDICTS, VIOLATED, "json"))
    assert content["failed"]
    assert content["verdicts"] == VERDICTS
    assert not json.loads(report(MANIFEST, VERDICTS[1:], VIOLATED, "json"))["failed"]


def test_junit_counts_failures_and_skips_by_tier() -> None:
    root = ElementTree.fromstring(report(MANIFEST, VERDICTS, ("violated", "at_risk"), "junit"))
    counts = {suite.get("name"): (suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in root}
    assert counts == {"tier 1": ("1", "0", "1"), "tier 3": ("2", "2", "0"), "tier all": ("1", "0", "0")}
    failures = [case.text for case in root.iter("failure")]
    assert failures == ["rollbacks rose | from 3 % to 6 % & more", "because"]


def test_github_summary_is_one_table_whose_cells_hold() -> None:
    lines = report(MANIFEST, VERDICTS, VIOLATED, "github").splitlines()
    assert lines[0] == "## Plumbline: 1 of 4 verdicts fail"
    rows = [line for line in lines if line.startswith("| ")][2:]
    assert len(rows) == len(VERDICTS)
    assert rows[0] == "| **violated** | 3 | speed_vs_escape | 2026Q3 | rollbacks rose \\| from 3 % to 6 % & more |"


def test_text_gives_the_reason_of_what_failed_only() -> None:
    text = report(MANIFEST, VERDICTS, VIOLATED, "text")
    assert "rollbacks rose" in text
    assert "too few units" not in text
    assert "all tiers" in text


@pytest.mark.parametrize("form", ["text", "github"])
def test_nothing_judged_yet_is_said(form: str) -> None:
    assert NOTHING in report(MANIFEST, [], VIOLATED, form)


@pytest.mark.parametrize(
    ("grain", "start", "end", "words"),
    [
        ("month", "2026-10-01", "2026-11-01", "2026-10"),
        ("quarter", "2026-10-01", "2027-01-01", "2026Q4"),
        ("trailing_year", "2025-10-01", "2026-10-01", "year to 2026-09-30"),
    ],
)
def test_windows_in_words(grain: str, start: str, end: str, words: str) -> None:
    assert window_words({"grain": grain, "window_start": start, "window_end": end}) == words
