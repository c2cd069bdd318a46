"""The same verdicts in four forms, each readable by what it is meant for."""

import json
from xml.etree import ElementTree

import pytest

from pipelines.newest_verdicts import window_words
from pipelines.verdict_report import NOTHING, report
from tests.schemas.test_snapshot import MANIFEST


def verdict(constraint: str, tier: str, status: str, reason: str = "because", claim: str = "none") -> dict[str, str]:
    worst = [{"kind": "deployment", "id": "d-1", "url": "https://deploy.example/1"}] if claim == "not_claimable" else []
    return {
        "constraint": constraint,
        "tier": tier,
        "grain": "quarter",
        "window_start": "2026-07-01",
        "window_end": "2026-10-01",
        "status": status,
        "claim": claim,
        "reason": reason,
        "verdict_id": f"{constraint}:{tier}:quarter:2026-07-01",
        "evidence": json.dumps({"records": [{"metric": "rollback_rate", "worst": worst}]}),
    }


VERDICTS = [
    verdict("speed_vs_escape", "3", "violated", "rollbacks rose | from 3 % to 6 % & more", "not_claimable"),
    verdict("median_vs_tail", "3", "at_risk"),
    verdict("median_vs_tail", "1", "inconclusive", "too few units"),
    verdict("mixture_vs_tiers", "all", "holds"),
]
VIOLATED = ("violated",)


def test_json_says_whether_it_failed() -> None:
    content = json.loads(report(MANIFEST, VERDICTS, VIOLATED, "json"))
    assert content["failed"]
    records = [verdict.pop("records") for verdict in content["verdicts"]]
    assert content["verdicts"] == [{k: v for k, v in row.items() if k != "evidence"} for row in VERDICTS]
    assert records == [[{"kind": "deployment", "id": "d-1", "url": "https://deploy.example/1"}], [], [], []]
    assert not json.loads(report(MANIFEST, VERDICTS[1:], VIOLATED, "json"))["failed"]


def test_junit_counts_failures_and_skips_by_tier() -> None:
    root = ElementTree.fromstring(report(MANIFEST, VERDICTS, ("violated", "at_risk"), "junit"))
    counts = {suite.get("name"): (suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in root}
    assert counts == {"tier 1": ("1", "0", "1"), "tier 3": ("2", "2", "0"), "tier all": ("1", "0", "0")}
    failures = [case.text for case in root.iter("failure")]
    assert failures == [
        "rollbacks rose | from 3 % to 6 % & more Look first at https://deploy.example/1\nClaim: not claimable",
        "because\nClaim: none",
    ]


# What the readers of JUnit files (Jenkins, GitLab, Azure DevOps) agree upon: elements in this order, these attributes.
JUNIT = {
    "testsuites": (("testsuite",), {"name", "tests", "failures", "errors", "skipped", "time"}),
    "testsuite": (("properties", "testcase"), {"name", "tests", "failures", "errors", "skipped", "time"}),
    "properties": (("property",), set()),
    "property": ((), {"name", "value"}),
    "testcase": (("skipped", "failure"), {"classname", "name", "time"}),
    "failure": ((), {"type", "message"}),
    "skipped": ((), {"message"}),
}


def test_junit_keeps_to_its_form_and_its_sums() -> None:
    root = ElementTree.fromstring(report(MANIFEST, VERDICTS, ("violated", "at_risk"), "junit"))
    for element in root.iter():
        children, attributes = JUNIT[element.tag]
        places = [children.index(child.tag) for child in element]
        assert places == sorted(places)
        assert set(element.attrib) == attributes
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(name, "")) == sum(int(suite.get(name, "")) for suite in root)
    assert len(list(root.iter("testcase"))) == int(root.get("tests", "")) == len(VERDICTS)


def test_junit_holds_no_character_that_xml_forbids() -> None:
    text = report(MANIFEST, [verdict("median_vs_tail", "3", "violated", "a\x00\x1b[31m <b>")], VIOLATED, "junit")
    (failure,) = ElementTree.fromstring(text).iter("failure")
    assert failure.text == "a\ufffd\ufffd[31m <b>\nClaim: none"


def test_github_summary_is_one_table_whose_cells_hold() -> None:
    lines = report(MANIFEST, VERDICTS, VIOLATED, "github").splitlines()
    assert lines[0] == "## Plumbline: 1 of 4 verdicts fail"
    rows = [line for line in lines[: lines.index("### What may be claimed")] if line.startswith("| ")][2:]
    assert len(rows) == len(VERDICTS)
    told = "rollbacks rose \\| from 3 % to 6 % &amp; more Look first at https://deploy.example/1"
    assert rows[0] == f"| **violated** | 3 | speed_vs_escape | 2026Q3 | {told} |"


def test_github_summary_says_what_may_be_claimed_and_what_bars_it() -> None:
    lines = report(MANIFEST, VERDICTS, VIOLATED, "github").splitlines()
    assert lines[-1] == "| 3 | 2026Q3 | not claimable | speed_vs_escape (violated), median_vs_tail (at risk) |"
    nothing = report(MANIFEST, VERDICTS[1:], VIOLATED, "github")
    assert nothing.startswith("## Plumbline: none of 3 verdicts fails")
    assert "claimed" not in nothing


def test_a_reason_is_no_markup_of_its_own() -> None:
    row = verdict("median_vs_tail", "3", "violated", "change <script>\nof a|b")
    assert report(MANIFEST, [row], VIOLATED, "github").endswith("change &lt;script> of a\\|b |")


def test_text_gives_the_reason_of_what_failed_only() -> None:
    text = report(MANIFEST, VERDICTS, VIOLATED, "text")
    assert "rollbacks rose" in text
    assert "too few units" not in text
    assert "all tiers" in text
    assert text.splitlines()[-1].split() == ["claim", "tier", "3", "not", "claimable", "2026Q3"]


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
