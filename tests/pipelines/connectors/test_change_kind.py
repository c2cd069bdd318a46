"""What titles, branches, labels and descriptions say."""

import pytest

from pipelines.connectors.change_kind import causing_change, change_kind, closed_issue, reverted_change


@pytest.mark.parametrize(
    ("title", "branch", "labels", "kind"),
    [
        ('Revert "feat: x"', "revert-1-x", [], "revert"),
        ("revert: feat: x", None, [], "revert"),
        ("Reverting to the old parser is hard", None, [], "unknown"),
        ("feat(api)!: a new field", None, [], "feature"),
        ("fix: off by one", None, [], "fix"),
        ("Fix: off by one", None, [], "fix"),
        ("fixture for the parser", None, [], "unknown"),
        ("hotfix: rounding", None, [], "hotfix"),
        ("Round half up", "hotfix/rounding", [], "hotfix"),
        ("Round half up", "fix-rounding", [], "fix"),
        ("Round half up", "topic", ["bug"], "fix"),
        ("docs: how to", "fix/x", ["bug"], "chore"),
        ("Faster", None, ["enhancement", "bug"], "fix"),
        ("Faster", None, ["area/core"], "unknown"),
    ],
)
def test_kinds(title: str, branch: str | None, labels: list[str], kind: str) -> None:
    assert change_kind(title, branch, labels) == kind


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("Fixes #20", ("acme/pay", "20")),
        ("Some words. Resolves: other/repo#7 and closes #8", ("other/repo", "7")),
        ("prefixes #20", None),
        ("See #20", None),
        ("", None),
    ],
)
def test_closing_keywords(body: str, found: tuple[str, str] | None) -> None:
    assert closed_issue(body, "acme/pay") == found


def test_a_revert_names_what_it_reverts() -> None:
    assert reverted_change("Reverts acme/pay#12", "acme/pay") == ("acme/pay", "12")
    assert reverted_change("This reverts nothing, see #12", "acme/pay") is None


@pytest.mark.parametrize(
    "body", ["Caused by: #3", "**Caused by** #3", "Introduced in #3", "It broke.\n- caused-by: #3"]
)
def test_a_defect_may_name_its_cause(body: str) -> None:
    assert causing_change(body, "acme/pay") == ("acme/pay", "3")


def test_other_numbers_are_no_cause() -> None:
    assert causing_change("Not caused by #3, I think", "acme/pay") is None
