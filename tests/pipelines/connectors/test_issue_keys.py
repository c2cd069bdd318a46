"""Issues that changes name by their key."""

import pytest
from pydantic import ValidationError

from pipelines.connectors.issue_keys import IssueKeySettings, named_issue

KEYS = {"PAY": "acme.atlassian.net", "LED2": "jira.example.com"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("PAY-12: round half up",), "acme.atlassian.net:PAY-12"),
        (("round half up", "fix/pay-12-rounding"), "acme.atlassian.net:PAY-12"),
        (("[LED2-3] and PAY-12",), "jira.example.com:LED2-3"),
        (("read UTF-8 and SHA-256", None), None),
        (("XPAY-12, PAY-12a",), None),
        ((), None),
    ],
)
def test_the_first_that_a_text_names(texts: tuple[str | None, ...], expected: str | None) -> None:
    assert named_issue(KEYS, *texts) == expected


def test_without_projects_nothing_is_named() -> None:
    assert named_issue({}, "PAY-12") is None


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="issue_keys"):
        IssueKeySettings(issue_keys={"PAY-": "acme.atlassian.net"})
