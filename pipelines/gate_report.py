"""The stage-gate checklist: per tier and phase what was shown, what is missing, and what was decided."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypedDict

from metrics.calendar import Calendar
from metrics.rollout.model import CATEGORIES
from metrics.rollout.progress import current_phase, next_phase
from metrics.words import joined
from pipelines.brief_tables import REGISTER_PREFIX
from pipelines.checklist_log import TABLE as CHECKLISTS
from pipelines.snapshot_reader import Snapshot

MARKS = {"pass": "ok", "fail": "FAIL", "no_evidence": "none"}
DECISIONS = f"""
    select decision_id, coalesce(tier::varchar, 'all') as tier, from_phase, to_phase, is_approved, approvers,
        decided_at, remediation
    from {REGISTER_PREFIX}phase_decisions order by decided_at, decision_id
"""
ONBOARDED = """
    select tier from stage_gates
    where phase = 'pilot' and criterion = 'repositories_onboarded' and outcome = 'pass'
"""

Row = dict[str, object]


class Decision(TypedDict):
    """A phase decision with its local day, and the checklist that stood before it."""

    decision_id: str
    tier: str
    from_phase: str
    to_phase: str
    is_approved: bool
    approvers: str
    remediation: str | None
    decided_on: str
    checklist: list[Row]


@dataclass(frozen=True)
class Checklist:
    """What one tier has shown for one phase; `decisions` are all phase decisions of the tier, oldest first."""

    tier: str
    phase: str
    current_phase: str | None
    criteria: list[Row]
    decisions: list[Decision]

    @property
    def missing(self) -> list[Row]:
        """The criteria that are not met, or of which there is no evidence."""
        return [row for row in self.criteria if row["outcome"] != "pass"]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"missing": [row["criterion"] for row in self.missing]}


def checklist(snapshot: Snapshot, phase: str | None, tier: str | None) -> list[Checklist]:
    """The checklists asked for: of one phase, else of the phase that each tier would enter next."""
    if "stage_gates" not in snapshot.manifest.tables:
        return []
    rows = snapshot.rows("select * from stage_gates order by tier")
    decided = _decided(snapshot)
    begun = {str(row["tier"]) for row in snapshot.rows(ONBOARDED)}
    found = []
    for name in sorted({str(row["tier"]) for row in rows}):
        if tier not in (None, name):
            continue
        decisions = [_of_tier(row, name) for row in decided if row["tier"] in (name, "all")]
        current = current_phase(decisions, name in begun)
        asked = phase or next_phase(current)
        criteria = [row for row in rows if row["tier"] == name and row["phase"] == asked]
        criteria.sort(key=lambda row: CATEGORIES.index(str(row["category"])))
        shown = [
            {key: row[key] for key in ("category", "criterion", "outcome", "evidence", "note")} for row in criteria
        ]
        found.append(Checklist(name, asked, current, shown, decisions))
    return found


def _of_tier(decision: Decision, tier: str) -> Decision:
    """A decision with the checklist that it had before it in one tier."""
    mine = [
        {key: row[key] for key in ("category", "criterion", "outcome", "evidence", "note")}
        for row in decision["checklist"]
        if row["tier"] == tier
    ]
    return {**decision, "checklist": mine}


def _decided(snapshot: Snapshot) -> list[Decision]:
    """All phase decisions, with the local day of each."""
    if f"{REGISTER_PREFIX}phase_decisions" not in snapshot.manifest.tables:
        return []
    calendar = Calendar(snapshot.manifest.timezone)
    has_lists = CHECKLISTS in snapshot.manifest.tables
    lists = snapshot.rows(f"select * from {CHECKLISTS}") if has_lists else []
    found = []
    for row in snapshot.rows(DECISIONS):
        decided_at = row["decided_at"]
        assert isinstance(decided_at, datetime)  # noqa: S101 -- as the register's schema says
        decision = Decision(
            decision_id=str(row["decision_id"]),
            tier=str(row["tier"]),
            from_phase=str(row["from_phase"]),
            to_phase=str(row["to_phase"]),
            is_approved=bool(row["is_approved"]),
            approvers=str(row["approvers"]),
            remediation=str(row["remediation"]) if row["remediation"] else None,
            decided_on=calendar.local_day(decided_at).isoformat(),
            checklist=[each for each in lists if each["decision_id"] == row["decision_id"]],
        )
        found.append(decision)
    return found


def report(checklists: Sequence[Checklist]) -> str:
    """The checklists as text."""
    if not checklists:
        return "There are no stage gates yet; run `plumbline build`."
    return "\n\n".join("\n".join(_lines(each)) for each in checklists)


def _lines(found: Checklist) -> Iterator[str]:
    met = len(found.criteria) - len(found.missing)
    where = f"is in {found.current_phase}" if found.current_phase else "has not begun"
    yield f"tier {found.tier} {where}; {found.phase}: {met} of {len(found.criteria)} criteria met"
    for row in found.criteria:
        words = row["evidence"] or row["note"]
        category = str(row["category"]).replace("_", " ")
        yield f"  {MARKS[str(row['outcome'])]:<5} {category:<21} {row['criterion']}: {words}"
    for decision in found.decisions:
        yield from _decision_lines(decision)


def _decision_lines(row: Decision) -> Iterator[str]:
    """Who decided what, when, with which condition, and on which checklist."""
    granted = "granted" if row["is_approved"] else "held"
    until = f"; first {row['remediation']}" if row["remediation"] else ""
    yield f"  decided {row['decided_on']} by {row['approvers']}: {row['to_phase']} {granted}{until}"
    shown = row["checklist"]
    if not shown:
        return
    lacking = {
        words: [str(each["criterion"]) for each in shown if each["outcome"] == outcome]
        for outcome, words in (("fail", "failed"), ("no_evidence", "no evidence of"))
    }
    met = sum(each["outcome"] == "pass" for each in shown)
    parts = [f"{words} {joined(names)}" for words, names in lacking.items() if names]
    yield f"          on that day {'; '.join([f'{met} of {len(shown)} criteria met', *parts])}"
