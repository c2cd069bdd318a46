"""How the use of AI in a change is recognised: one table of rules with their confidence, and a pure function.

A new tool is one line. A change without any mark is `unknown`, not `none`: most tools leave none. `none` needs to be
said, by a label or trailer.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Use = Literal["authored", "assisted", "none"]
Mark = Literal["account", "co_author", "label", "branch", "text"]


@dataclass(frozen=True)
class Rule:
    """A mark that tells of a tool: where it stands, the pattern (searched, case ignored), and what it says."""

    tool: str
    mark: Mark
    pattern: str
    use: Use
    confidence: Literal["high", "low"] = "high"

    def matches(self, text: str) -> bool:
        """Whether the text bears the mark."""
        return re.search(self.pattern, text, re.IGNORECASE) is not None


ACCOUNTS = (
    Rule("Copilot", "account", r"^(copilot|copilot-swe-agent|copilot-pull-request-reviewer)(\[bot\])?$", "authored"),
    Rule("Claude", "account", r"^claude(-code)?(\[bot\])?$", "authored"),
    Rule("Codex", "account", r"^(openai-codex|chatgpt-codex-connector|codex)(\[bot\])?$", "authored"),
    Rule("Cursor", "account", r"^(cursoragent|cursor(\[bot\])?)$", "authored"),
    Rule("Devin", "account", r"^devin-ai-integration(\[bot\])?$", "authored"),
    Rule("Jules", "account", r"^google-labs-jules(\[bot\])?$", "authored"),
    Rule("Gemini", "account", r"^gemini-(code-assist|cli)(\[bot\])?$", "authored"),
    Rule("Sweep", "account", r"^sweep(-ai)?(\[bot\])?$", "authored"),
    Rule("OpenHands", "account", r"^openhands(-agent)?(\[bot\])?$", "authored"),
    Rule("GitLab Duo", "account", r"^gitlab-?duo([-_].*)?$", "authored"),
    Rule("CodeRabbit", "account", r"^coderabbitai(\[bot\])?$", "authored"),
)
CO_AUTHORS = (
    Rule("Copilot", "co_author", r"\bcopilot\b", "assisted"),
    Rule("Claude", "co_author", r"noreply@anthropic\.com|^claude\b.*<", "assisted"),
    Rule("Codex", "co_author", r"noreply@openai\.com|^codex\b.*<|chatgpt-codex", "assisted"),
    Rule("Cursor", "co_author", r"@cursor\.com|cursoragent", "assisted"),
    Rule("Devin", "co_author", r"devin-ai-integration|@devin\.ai", "assisted"),
    Rule("aider", "co_author", r"@aider\.chat|^aider\b.*<", "assisted"),
    Rule("Gemini", "co_author", r"gemini-code-assist|gemini-cli|^gemini\b.*<", "assisted"),
    Rule("Jules", "co_author", r"google-labs-jules", "assisted"),
    Rule("Windsurf", "co_author", r"@windsurf\.com|@codeium\.com", "assisted"),
    Rule("Amp", "co_author", r"@ampcode\.com", "assisted"),
    Rule("opencode", "co_author", r"@opencode\.ai", "assisted"),
    Rule("OpenHands", "co_author", r"openhands@all-hands\.dev", "assisted"),
)
LABELS = (
    Rule("an agent", "label", r"^ai[-_ :/]*(authored|generated)$", "authored"),
    Rule(
        "a tool", "label", r"^(ai([-_ :/]*assisted)?|copilot|claude([- ]code)?|codex|cursor|aider|devin)$", "assisted"
    ),
    Rule("no tool", "label", r"^(no[-_ ]ai|ai[-_ :/]*none)$", "none"),
)
BRANCHES = (
    Rule("Copilot", "branch", r"^copilot/", "authored"),
    Rule("Claude", "branch", r"^claude/", "authored"),
    Rule("Codex", "branch", r"^codex/", "authored"),
    Rule("Cursor", "branch", r"^cursor/", "authored"),
    Rule("Devin", "branch", r"^devin/", "authored"),
    Rule("Jules", "branch", r"^jules[-/]", "authored"),
)
TEXTS = (
    Rule("Claude", "text", r"^\W*generated with \[?claude code", "assisted"),
    Rule("Codex", "text", r"^\W*generated (with|by) \[?(openai )?codex", "assisted"),
    Rule("Devin", "text", r"^\W*(link to devin (run|session)|generated (with|by) \[?devin)", "authored"),
    Rule("a tool", "text", r"^(made-with|assisted-by|ai-assisted-by|generated-by)\s*:\s*\S", "assisted"),
    Rule("no tool", "text", r"^ai-(use|assisted)\s*:\s*(none|no)\s*$", "none"),
)
RULES: tuple[Rule, ...] = (*ACCOUNTS, *CO_AUTHORS, *LABELS, *BRANCHES, *TEXTS)

_CO_AUTHOR = re.compile(r"^\s*co-authored-by\s*:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Recognised:
    """What the marks of a change say: the contract's `ai_use`, and the marks in words (None without any)."""

    ai_use: Literal["none", "assisted", "authored", "unknown"]
    evidence: str | None


def is_agent_account(login: str | None) -> bool:
    """Whether an account is one that an AI agent acts under, writing or reviewing."""
    return login is not None and any(rule.matches(login) for rule in ACCOUNTS)


def recognise(
    author: str | None,
    commit_authors: Iterable[str | None] = (),
    messages: Sequence[str] = (),
    labels: Iterable[str] = (),
    branch: str | None = None,
) -> Recognised:
    """Apply the rules to a change.

    Args:
        author: Account that opened it.
        commit_authors: Accounts (or `name <address>`) of its commits' authors.
        messages: Its description and its commits' messages; co-author trailers are read out of them.
        labels: Its labels.
        branch: The branch that it comes from.

    Returns:
        `authored` where an agent opened it or its branch or label says so; `assisted` where an agent shares in it;
        `none` only where that
        is said and nothing speaks against it; else `unknown`.
    """
    accounts = sorted({name for name in commit_authors if name} - {author})
    co_authors = sorted({name for message in messages for name in _CO_AUTHOR.findall(message)})
    lines = sorted({line.strip() for message in messages for line in message.splitlines() if line.strip()})
    found = [(rule, "opened by", author) for rule in ACCOUNTS if author and rule.matches(author)]
    found += [(rule, "branch", branch) for rule in BRANCHES if branch and rule.matches(branch)]
    found += [(rule, "label", text) for text in sorted(set(labels)) for rule in LABELS if rule.matches(text)]
    found += [(rule, "co-author", text) for text in co_authors for rule in CO_AUTHORS if rule.matches(text)]
    shared = [(rule, "commit by", text) for text in accounts for rule in (*ACCOUNTS, *CO_AUTHORS) if rule.matches(text)]
    marked = [(rule, "line", text) for text in lines for rule in TEXTS if rule.matches(text)]
    uses = {rule.use for rule, _, _ in found + marked} | ({"assisted"} if shared else set())
    ai_use = next((use for use in ("authored", "assisted", "none") if use in uses), "unknown")
    everything = found + shared + marked
    words = dict.fromkeys(f"{place} {text[:80]} ({rule.tool}, {rule.confidence})" for rule, place, text in everything)
    return Recognised(ai_use, "; ".join(words) or None)  # type: ignore[arg-type]
