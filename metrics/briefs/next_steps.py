"""The three next steps: decide on what is violated, relieve the stage that holds the work up, end what has expired."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from metrics.briefs.document import Constriction, NextStep, OverdueException, Undecided
from metrics.constraints import all_constraints
from metrics.findings.model import Instant
from metrics.findings.on_verdicts import decides
from metrics.model import STATUSES
from metrics.recommendations import STAGE_NAMES
from metrics.words import day, joined, plural, sentence, tier_name, within_sentence

Row = dict[str, Any]

STEPS = 3
WORKING_DAYS = 5
"""A violation without a recorded decision after so many working days is a finding (METRICS §6)."""
FRIDAY = 4


def constrictions(recommendations: pl.DataFrame, tiers: Sequence[str], month: date) -> tuple[Constriction, ...]:
    """The stage that holds most of each tier's lead time in the month; not of the mixture, for a queue has a place."""
    if recommendations.is_empty():
        return ()
    rows = recommendations.filter(
        (pl.col("grain") == "month") & (pl.col("window_start") == month) & (pl.col("segment_kind") == "all")
    )
    by_tier = {row["tier"]: row for row in rows.iter_rows(named=True)}
    found = [by_tier[tier] for tier in tiers if tier in by_tier and tier != "all"]
    return tuple(
        Constriction(
            row["tier"],
            STAGE_NAMES[row["constraint_stage"]],
            row["share_of_lead_time"],
            row["finding"],
            row["next_step"],
        )
        for row in found
    )


def after_working_days(start: date, count: int) -> date:
    """The day that lies so many working days (Monday to Friday) after another."""
    found = start
    while count:
        found += timedelta(days=1)
        count -= found.weekday() <= FRIDAY
    return found


def undecided(
    verdicts: pl.DataFrame,
    decisions: pl.DataFrame,
    month: date,
    month_end: date,
    cut_day: date,
    instant: Instant = lambda local: datetime.combine(local, time()),
) -> list[Row]:
    """Final violations of the month and of its newest quarter and year, on which no decision is recorded.

    What counts as one is what counts for findings (`metrics.findings.on_verdicts.decides`).

    From five working days after the window on, seen from the cut; the most critical tier and the longest window first.
    """
    if verdicts.is_empty():
        return []
    taken = decisions.to_dicts()
    over = verdicts.filter(
        (pl.col("window_end") <= month_end) & ((pl.col("grain") != "month") | (pl.col("window_start") == month))
    )
    if over.is_empty():
        return []
    newest = over.filter(pl.col("window_end") == pl.col("window_end").max().over("grain"))
    open_ones = newest.filter((pl.col("status") == "violated") & ~pl.col("is_provisional"))
    rows = [
        row
        for row in open_ones.iter_rows(named=True)
        if not any(decides(decision, row, instant) for decision in taken)
        and after_working_days(row["window_end"], WORKING_DAYS) <= cut_day
    ]
    grains = ("trailing_year", "quarter", "month")
    return sorted(
        rows,
        key=lambda row: (
            not row["tier"].isdigit(),
            [-ord(c) for c in row["tier"]],
            grains.index(row["grain"]),
            row["constraint"],
        ),
    )


def undecided_verdicts(rows: Iterable[Row]) -> tuple[Undecided, ...]:
    """One per tier and constraint."""
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        grouped.setdefault((row["tier"], row["constraint"]), []).append(row)
    return tuple(
        Undecided(
            tier=tier,
            constraint=constraint,
            since=(since := min(row["window_end"] for row in found)),
            verdict_ids=tuple(row["verdict_id"] for row in found),
            text=f"{tier_name(tier)}, {constraint_name(constraint)}: violated, and undecided since {day(since)}.",
        )
        for (tier, constraint), found in grouped.items()
    )


def constraint_name(constraint: str) -> str:
    """A constraint's name as it stands within a sentence."""
    definition = all_constraints().get(constraint)
    return within_sentence(definition.name) if definition else constraint


def next_steps(
    undecided: Sequence[Row],
    constrictions: Sequence[Constriction],
    statuses: dict[str, str],
    overdue: Sequence[OverdueException],
    owners: dict[str, str],
) -> tuple[NextStep, ...]:
    """At most three, the most pressing first.

    Args:
        undecided: violations without a decision, as `undecided` gives them.
        constrictions: by tier.
        statuses: the worst status of each tier in the newest window judged.
        overdue: exceptions past expiry.
        owners: who is asked, by tier.
    """
    steps: list[NextStep] = []
    if undecided:
        first = undecided[0]
        others = len({(row["tier"], row["constraint"]) for row in undecided}) - 1
        more = f", and {plural(others, 'other violation')} likewise" if others else ""
        subject = f"{constraint_name(first['constraint'])} in {within_sentence(tier_name(first['tier']))}"
        steps.append(
            NextStep(
                f"Decide what is done about {subject}{more}.",
                f"plumbline decide {first['verdict_id']} --action … --owner …",
                f"Violated, and without a recorded decision {WORKING_DAYS} working days after the window's end.",
                owners.get(first["tier"], ""),
            )
        )
    remedies = _remedies(constrictions, statuses, owners)
    room = STEPS - len(steps) - bool(overdue)
    steps += remedies[:room]
    if overdue:
        oldest = overdue[0]
        exceptions = plural(len(overdue), "exception")
        example = f"{oldest.exception_id} ({oldest.policy}, {oldest.where})"
        steps.append(
            NextStep(
                f"Close or renew {exceptions} past expiry, the oldest first: {example}.",
                "",
                f"Expired on {day(oldest.expired_on)}, {plural(oldest.days_overdue, 'day')} before the month's end.",
                oldest.approver,
            )
        )
    return tuple([*steps, *remedies[room:]][:STEPS])


def _remedies(
    constrictions: Sequence[Constriction], statuses: dict[str, str], owners: dict[str, str]
) -> list[NextStep]:
    """One step a remedy, for all tiers that need it; the tier with the worst status first."""
    places: dict[str, int] = {status: place for place, status in enumerate(STATUSES)}
    ranked = sorted(
        constrictions, key=lambda each: (places.get(statuses.get(each.tier, ""), len(places)), -(each.share or 0))
    )
    groups: dict[tuple[str, str], list[Constriction]] = {}
    for each in ranked:
        groups.setdefault((each.stage, each.next_step), []).append(each)
    steps = []
    for (stage, remedy), found in groups.items():
        tiers = joined(sorted(each.tier for each in found))
        of_tiers = [f"{each.share_text} of the lead time in {within_sentence(tier_name(each.tier))}" for each in found]
        named = tier_name(tiers) if len(found) == 1 else f"Tiers {tiers}"
        held = sentence(f"{stage} holds {joined(of_tiers)}")
        who = joined(list(dict.fromkeys(owners[each.tier] for each in found if owners.get(each.tier))))
        steps.append(NextStep(f"{named}: {within_sentence(remedy)}", "", held, who))
    return steps


__all__ = ["after_working_days", "constrictions", "next_steps", "undecided", "undecided_verdicts"]
