"""Violations by constraint and tier, what is at risk by tier, and violations that nobody decided about.

One finding for all windows of a constraint and tier: a violation of the quarter is that of its months as well, and an
owner is told once.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import polars as pl

from metrics import follow_up
from metrics.calendar import window_name
from metrics.constraints import all_constraints
from metrics.findings.model import Finding, Instant, Row, severity_of, where
from metrics.model import Constraint
from metrics.words import joined
from metrics.working_days import working_days_after

WORKING_DAYS_TO_DECIDE = 5
LONGEST_FIRST = ("trailing_year", "quarter", "month")
"""The longest window holds most of the data: its words stand for all."""
GRAINS_AT_RISK = ("trailing_year", "quarter")
"""A month is so short that something is nearly always at risk in it: that is no finding."""


def verdict_findings(verdicts: pl.DataFrame, instant: Instant) -> list[Finding]:
    """What is violated, one finding for each constraint and tier; what is at risk, one for each tier.

    The newest final verdict of each grain counts, and the running one where it is violated. Opened with the first of
    the unbroken run of windows that came out so.
    """
    found = []
    at_risk: dict[str, list[Row]] = {}
    for (constraint, tier), grains in _by_constraint_and_tier(verdicts).items():
        violated = [rows for rows in grains if rows[-1]["status"] == "violated"]
        if violated:
            found.append(_violated(constraint, tier, violated, instant))
            continue
        risky = [rows[-1] for rows in grains if _is_beyond_its_margin(rows[-1])]
        at_risk.setdefault(tier, []).extend(risky)
    return found + [_at_risk(tier, rows, instant) for tier, rows in sorted(at_risk.items()) if rows]


def _violated(constraint: str, tier: str, grains: Sequence[list[Row]], instant: Instant) -> Finding:
    """The violation of a constraint in a tier, told by the longest window that is final."""
    newest = [rows[-1] for rows in grains]
    is_final = any(not row["is_provisional"] for row in newest)
    first = newest[0]
    windows = joined([_window(row) for row in newest])
    return Finding(
        finding_id=f"verdict/{constraint}/{tier}",
        kind="verdict",
        tier=tier,
        subject=first["verdict_id"],
        severity=severity_of(tier, "critical" if is_final else "high"),
        opened_at=min(_opened(rows, instant) for rows in grains),
        reason=f"{constraint} is violated in {where(tier)} ({windows}). {first['reason']}",
    )


def _at_risk(tier: str, rows: Sequence[Row], instant: Instant) -> Finding:
    """All constraints of a tier of which a guardrail is worse than its margin, though not beyond doubt."""
    windows: dict[str, list[str]] = {}
    for row in rows:
        windows.setdefault(row["constraint"], []).append(_window(row))
    named = joined([f"{constraint} ({joined(found)})" for constraint, found in windows.items()])
    return Finding(
        finding_id=f"at_risk/{tier}",
        kind="verdict",
        tier=tier,
        subject=f"at_risk/{tier}",
        severity=severity_of(tier, "medium"),
        opened_at=min(instant(row["window_end"]) for row in rows),
        reason=f"At risk in {where(tier)}, worse than a margin though not beyond doubt: {named}."
        " No violation, but the place to look; `plumbline check` tells the figures.",
    )


def _is_beyond_its_margin(row: Row) -> bool:
    """Whether a final verdict is at risk by an estimate, and not by the width of an interval alone."""
    if row["status"] != "at_risk" or row["is_provisional"] or row["grain"] not in GRAINS_AT_RISK:
        return False
    left_open = json.loads(row["evidence"] or "{}").get("power", [])
    return any(each["towards"] == "violated" for each in left_open)


def _by_constraint_and_tier(verdicts: pl.DataFrame) -> dict[tuple[str, str], list[list[Row]]]:
    """Per constraint and tier, the series of each grain: final ones first, the longest windows first."""
    found: dict[tuple[str, str], list[list[Row]]] = {}
    for is_provisional in (False, True):
        series = list(_series(verdicts.filter(pl.col("is_provisional") == is_provisional)))
        for rows in sorted(series, key=lambda rows: LONGEST_FIRST.index(rows[-1]["grain"])):
            found.setdefault((rows[-1]["constraint"], rows[-1]["tier"]), []).append(rows)
    places = {constraint: place for place, constraint in enumerate(all_constraints())}
    return dict(sorted(found.items(), key=lambda item: (places.get(item[0][0], len(places)), item[0])))


def _window(row: Row) -> str:
    name = window_name(row["grain"], row["window_start"], row["window_end"])
    return f"{name} so far" if row["is_provisional"] else name


def _series(verdicts: pl.DataFrame) -> Iterable[list[Row]]:
    """The verdicts of each constraint, tier and grain, oldest first."""
    key = ["constraint", "tier", "grain"]
    for _, rows in sorted(
        verdicts.sort("window_start").group_by(key, maintain_order=True), key=lambda item: str(item[0])
    ):
        yield rows.to_dicts()


def _opened(rows: Sequence[Row], instant: Instant) -> datetime:
    """When the newest run of equal statuses was known: at the end of its first window; of a running one, its begin."""
    if rows[-1]["is_provisional"]:
        return instant(rows[-1]["window_start"])
    begin: date = rows[-1]["window_end"]
    for row in reversed(rows):
        if row["status"] != rows[-1]["status"]:
            break
        begin = row["window_end"]
    return instant(begin)


def undecided_findings(
    verdicts: pl.DataFrame,
    decisions: pl.DataFrame,
    as_of: datetime,
    instant: Instant,
    constraints: Mapping[str, Constraint] | None = None,
) -> list[Finding]:
    """Violations without a recorded decision five working days after their window became final, by constraint and tier.

    A decision counts for a violation that it names (verdict_id); and, taken after the window's end, for the same
    constraint and tier, or as one about the finding of either.
    """
    known = constraints or all_constraints()
    taken = decisions.to_dicts()
    found = []
    for (constraint, tier), grains in _by_constraint_and_tier(verdicts.filter(~pl.col("is_provisional"))).items():
        late = []
        for rows in grains:
            newest = rows[-1]
            final_on = newest["window_end"] + follow_up.of_constraint(known.get(constraint))
            due = instant(working_days_after(final_on, WORKING_DAYS_TO_DECIDE))
            is_decided = any(decides(decision, newest, instant) for decision in taken)
            if newest["status"] == "violated" and as_of >= due and not is_decided:
                late.append((due, final_on, newest))
        if not late:
            continue
        first, (due, final_on, _) = late[0][2], min(late, key=lambda each: each[0])
        windows = joined([_window(row) for _, _, row in late])
        found.append(
            Finding(
                finding_id=f"undecided/{constraint}/{tier}",
                kind="undecided_violation",
                tier=tier,
                subject=first["verdict_id"],
                severity=severity_of(tier),
                opened_at=due,
                reason=(
                    f"Nothing was decided about {constraint} in {where(tier)} ({windows}) within"
                    f" {WORKING_DAYS_TO_DECIDE} working days of {final_on}, when the violation was final;"
                    f" run `plumbline decide {first['verdict_id']} --action TEXT --owner NAME`."
                ),
            )
        )
    return found


def decides(decision: Row, verdict: Row, instant: Instant) -> bool:
    """Whether a decision is about a violation: see `undecided_findings`."""
    if decision["subject_kind"] not in ("verdict", "finding"):
        return False
    subject, place = str(decision["subject_id"]), f"{verdict['constraint']}/{verdict['tier']}"
    if decision["subject_kind"] == "verdict" and subject == verdict["verdict_id"]:
        return True
    of_same = {
        "verdict": subject.startswith(f"{verdict['constraint']}:{verdict['tier']}:"),
        "finding": subject in (f"verdict/{place}", f"undecided/{place}"),
    }
    return of_same[decision["subject_kind"]] and decision["decided_at"] >= instant(verdict["window_end"])
