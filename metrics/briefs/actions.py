"""What was done by the month's end: controls changed, decisions taken, exceptions granted and overdue."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from metrics.briefs.document import Action, Commitment, ExceptionCount, OverdueException
from metrics.briefs.figures import figure_name, is_relative
from metrics.calendar import Calendar
from metrics.definitions import all_metrics
from metrics.words import count, difference, joined, plural

Row = dict[str, Any]

EFFECTS_SHOWN = 2


@dataclass(frozen=True)
class Span:
    """The brief's month in local days, seen from a calendar."""

    start: date
    end: date
    calendar: Calendar

    def day(self, instant: datetime | None) -> date | None:
        """The local day of an instant (UTC, zone-less); None for none."""
        return self.calendar.local_day(instant) if instant else None

    def has(self, instant: datetime | None) -> bool:
        """Whether an instant falls into the month."""
        day = self.day(instant)
        return day is not None and self.start <= day < self.end

    def by_end(self, instant: datetime | None) -> bool:
        """Whether an instant had passed at the month's end."""
        day = self.day(instant)
        return day is not None and day < self.end


def actions(
    control_changes: pl.DataFrame, control_effects: pl.DataFrame, since: date | None, span: Span
) -> tuple[Action, ...]:
    """Every control changed since the baseline (`since`, its end), the newest first.

    One change written down for several tiers is one line.
    """
    groups: dict[tuple[date, str, str], list[Row]] = defaultdict(list)
    for row in _rows(control_changes):
        day = span.day(row["effective_at"])
        if day and day < span.end and (since is None or day >= since):
            groups[(day, row["layer"], row["summary"])].append(row)
    effects = _effects(control_effects)
    found = []
    for (day, layer, text), rows in sorted(groups.items(), reverse=True):
        tiers = sorted({str(row["tier"]) for row in rows if row["tier"] is not None})
        everywhere = any(row["tier"] is None for row in rows)
        effect = joined([words for row in rows for words in effects.get(row["control_change_id"], [])][:EFFECTS_SHOWN])
        owners = joined(sorted({row["owner"] for row in rows if row["owner"]}))
        found.append(
            Action(day, layer, ("all",) if everywhere else tuple(tiers), text, owners, effect, day >= span.start)
        )
    return tuple(found)


def _effects(control_effects: pl.DataFrame) -> dict[str, list[str]]:
    """Measured effects whose interval excludes none, in words, by control change."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in _rows(control_effects):
        low, high = row["change_ci_low"], row["change_ci_high"]
        if row["change"] is None or low is None or high is None or low <= 0 <= high:
            continue
        definition = all_metrics().get(row["metric"])
        unit = definition.unit if definition else ""
        change = difference(row["change"], unit, is_relative(row["statistic"]))
        found[row["control_change_id"]].append(f"{figure_name(row['metric'], row['statistic'])} {change}")
    return found


def actions_note(actions: tuple[Action, ...], control_effects: pl.DataFrame) -> str:
    """How far the actions can be told apart."""
    if not actions:
        return "No control change is recorded since the baseline; what moved cannot be put down to one."
    if control_effects.is_empty():
        return (
            "The effect of each of these by itself is not known: the figures compare the month with the baseline, and "
            f"{plural(len(actions), 'control change')} lie between them."
        )
    return "Effects are before against after, with whatever else changed in that time; what may be chance is left out."


def commitments(decisions: pl.DataFrame, span: Span) -> tuple[Commitment, ...]:
    """Decisions taken or closed in the month, and those still open at its end; overdue ones first."""
    found = []
    for row in _rows(decisions):
        decided, closed, due = (span.day(row[name]) for name in ("decided_at", "closed_at", "due_at"))
        if decided is None or decided >= span.end:
            continue
        is_open = closed is None or closed >= span.end
        if not (is_open or span.has(row["decided_at"]) or span.has(row["closed_at"])):
            continue
        overdue = is_open and due is not None and due < span.end
        subject = f"{row['subject_kind']} {row['subject_id']}"
        found.append(
            Commitment(
                row["decision_id"],
                subject,
                row["action"],
                row["owner"],
                decided,
                due,
                None if is_open else closed,
                overdue,
            )
        )
    return tuple(sorted(found, key=lambda each: (not each.is_overdue, each.due_on or date.max, each.decision_id)))


def exceptions(register: pl.DataFrame, span: Span) -> tuple[tuple[ExceptionCount, ...], tuple[OverdueException, ...]]:
    """Exceptions not closed at the month's end, counted by tier, and those past their expiry, the oldest first."""
    standing = [row for row in _rows(register) if span.by_end(row["granted_at"]) and not span.by_end(row["closed_at"])]
    by_tier: dict[str, list[Row]] = defaultdict(list)
    for row in standing:
        by_tier["all" if row["tier"] is None else str(row["tier"])].append(row)
    counts = tuple(
        ExceptionCount(
            tier,
            sum(not span.by_end(row["expires_at"]) for row in rows),
            sum(span.by_end(row["expires_at"]) for row in rows),
            sum(not span.by_end(row["reviewed_at"]) for row in rows),
        )
        for tier, rows in sorted(by_tier.items(), key=lambda item: (item[0] == "all", item[0]), reverse=False)
    )
    overdue = [_overdue(row, span) for row in standing if span.by_end(row["expires_at"])]
    return counts, tuple(sorted(overdue, key=lambda each: (each.expired_on, each.exception_id)))


def _overdue(row: Row, span: Span) -> OverdueException:
    expired = span.calendar.local_day(row["expires_at"])
    where = row["repo_id"] or (f"tier {row['tier']}" if row["tier"] is not None else "everywhere")
    days = (span.end - expired).days
    return OverdueException(row["exception_id"], row["policy"], where, row["approver"], expired, days)


def exceptions_note(counts: tuple[ExceptionCount, ...]) -> str:
    """The register in a sentence."""
    if not counts:
        return "No exception is recorded as open at the month's end."
    in_force, overdue = sum(each.in_force for each in counts), sum(each.overdue for each in counts)
    unreviewed = sum(each.never_reviewed for each in counts)
    return (
        f"{plural(in_force, 'exception')} in force at the month's end; {count(overdue)} past expiry and not closed; "
        f"{count(unreviewed)} of all {count(in_force + overdue)} never reviewed."
    )


def owner_of(tier: str, control_changes: pl.DataFrame, decisions: pl.DataFrame, span: Span) -> str:
    """Who answered last for a control of that tier; else who decided anything last; empty where nobody is named."""
    of_tier = [row for row in _rows(control_changes) if str(row["tier"]) == tier and row["owner"]]
    known = [row for row in of_tier if span.by_end(row["effective_at"])]
    if known:
        return str(max(known, key=lambda row: (row["effective_at"], row["control_change_id"]))["owner"])
    general = [row for row in _rows(decisions) if span.by_end(row["decided_at"])]
    return str(max(general, key=lambda row: (row["decided_at"], row["decision_id"]))["owner"]) if general else ""


def _rows(frame: pl.DataFrame) -> Iterable[Row]:
    return frame.iter_rows(named=True)
