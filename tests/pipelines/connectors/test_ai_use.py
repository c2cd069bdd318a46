"""Marks of AI use, each as its tool leaves it."""

import pytest

from pipelines.connectors.ai_use import is_agent_account, recognise


@pytest.mark.parametrize(
    ("author", "message", "labels", "branch", "expected"),
    [
        ("ada", "Fix the rounding", [], "rounding", "unknown"),
        ("ada", "Fix\n\nCo-authored-by: Claude <noreply@anthropic.com>", [], None, "assisted"),
        ("ada", "Fix\n\nCo-Authored-By: Claude Opus 4 <noreply@anthropic.com>", [], None, "assisted"),
        ("ada", "Fix\n\nCo-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>", [], None, "assisted"),
        ("ada", "Fix\n\nCo-authored-by: aider (gpt-5) <aider@aider.chat>", [], None, "assisted"),
        ("ada", "Fix\n\nCo-authored-by: Cursor <cursoragent@cursor.com>", [], None, "assisted"),
        ("ada", "Fix\n\nCo-authored-by: Claudette Colbert <claudette@example.com>", [], None, "unknown"),
        ("ada", "Fix\n\nCo-authored-by: grace <grace@example.com>", [], None, "unknown"),
        ("ada", "Fix\n\nMade-with: Cursor", [], None, "assisted"),
        ("ada", "🤖 Generated with [Claude Code](https://claude.com/claude-code)", [], None, "assisted"),
        ("ada", "Prose that was generated with Claude Code in mind", [], None, "unknown"),
        ("ada", "Fix", ["ai-assisted"], None, "assisted"),
        ("ada", "Fix", ["AI generated"], None, "authored"),
        ("ada", "Fix", ["copilot-licence"], None, "unknown"),
        ("ada", "Fix", [], "codex/fix-rounding", "authored"),
        ("Copilot", "Fix", [], "copilot/fix", "authored"),
        ("devin-ai-integration[bot]", "Fix", [], None, "authored"),
        ("dependabot[bot]", "Bump", [], "dependabot/pip/x", "unknown"),
        ("ada", "Fix", ["no-ai"], None, "none"),
        ("ada", "Fix\n\nAI-use: none", [], None, "none"),
        ("ada", "Fix\n\nCo-authored-by: Claude <noreply@anthropic.com>", ["no-ai"], None, "assisted"),
    ],
)
def test_marks(author: str, message: str, labels: list[str], branch: str | None, expected: str) -> None:
    found = recognise(author, [author], [message], labels, branch)
    assert found.ai_use == expected
    assert (found.evidence is None) == (expected == "unknown")


def test_a_commit_by_an_agent_in_a_persons_change_is_assistance() -> None:
    found = recognise("ada", ["ada", "cursoragent"], ["Fix"])
    assert (found.ai_use, found.evidence) == ("assisted", "commit by cursoragent (Cursor, high)")


def test_the_evidence_does_not_depend_on_the_order_of_commits() -> None:
    messages = ["a\n\nCo-authored-by: Claude <noreply@anthropic.com>", "b\n\nMade-with: Cursor"]
    assert recognise("ada", (), messages, ["b", "ai"]) == recognise("ada", (), messages[::-1], ["ai", "b"])


@pytest.mark.parametrize("login", ["coderabbitai[bot]", "copilot-pull-request-reviewer[bot]", "claude", "GitLabDuo"])
def test_reviewing_agents(login: str) -> None:
    assert is_agent_account(login)


@pytest.mark.parametrize("login", ["claudette", "ada", None, "copilot-fan", "dependabot[bot]"])
def test_people_and_other_bots(login: str | None) -> None:
    assert not is_agent_account(login)
