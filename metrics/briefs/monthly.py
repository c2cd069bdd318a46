"""The monthly stability brief, put together from its parts (METRICS §7)."""

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from metrics.briefs import actions as done
from metrics.briefs import next_steps as steps
from metrics.briefs import quality as known
from metrics.briefs.document import Identity, MonthlyBrief, Standing, TierSection
from metrics.briefs.figures import figures, tiers_of, trends
from metrics.briefs.months import last_complete, month_name
from metrics.briefs.movements import chance_note, moved, not_moved
from metrics.briefs.standings import standings
from metrics.briefs.summary import summary
from metrics.briefs.tables import BriefTables, Origin
from metrics.calendar import add_months
from metrics.words import day, tier_name, written_in
from schemas.errors import InputError


def months_with_data(metric_values: pl.DataFrame, origin: Origin) -> list[date]:
    """The months of which anything was measured, that had begun by the cut."""
    if metric_values.is_empty():
        return []
    today = origin.calendar.local_day(origin.as_of)
    begun = metric_values.filter((pl.col("grain") == "month") & (pl.col("window_start") <= today))
    return sorted(begun["window_start"].unique())


def chosen_month(months: Sequence[date], wanted: date | None, origin: Origin) -> date:
    """The month that a brief is about: the one wanted, else the last complete one.

    Raises:
        InputError: there are no data of that month.
    """
    month = wanted or last_complete(origin.as_of, origin.calendar)
    if month in months:
        return month
    if not months:
        raise InputError("the snapshot has no data of any month", "", "load events and run `plumbline build`")
    span = f"{months[0]:%Y-%m} to {months[-1]:%Y-%m}"
    raise InputError(
        f"there are no data for {month:%Y-%m}", "", f"the snapshot has months from {span}; name one with --month"
    )


def monthly_brief(tables: BriefTables, origin: Origin, month: date) -> MonthlyBrief:
    """The brief of one month.

    Args:
        tables: frames of the snapshot's tables.
        origin: what they are the tables of.
        month: its first day; `chosen_month` says which can be had.
    """
    with written_in(origin.locale):
        return _monthly_brief(tables, origin, month)


def _monthly_brief(tables: BriefTables, origin: Origin, month: date) -> MonthlyBrief:
    end = add_months(month, 1)
    span = done.Span(month, end, origin.calendar)
    compared = figures(tables.comparisons, tables.metric_values, month)
    tiers = tiers_of(compared, tables.verdicts)
    notes = known.baselines(tables.baselines)
    since = min((note.end for note in notes), default=None)
    sections = tuple(
        TierSection(
            tier=tier,
            name=tier_name(tier),
            standings=standings(tables.verdicts, tier, month, end),
            # What mixes tiers is judged as a mixture; its movements by themselves would mislead.
            moved=moved([figure for figure in compared if figure.tier == tier != "all"]),
            not_moved=not_moved([figure for figure in compared if figure.tier == tier != "all"]),
        )
        for tier in tiers
    )
    controls = done.actions(tables.control_changes, tables.control_effects, since, span)
    counts, overdue = done.exceptions(tables.exceptions, span)
    cut_day = origin.calendar.local_day(origin.as_of)
    open_verdicts = steps.undecided(tables.verdicts, tables.decisions, month, end, cut_day, origin.calendar.instant)
    constrictions = steps.constrictions(tables.recommendations, tiers, month)
    owners = {tier: done.owner_of(tier, tables.control_changes, tables.decisions, span) for tier in tiers}
    used = known.definitions(tables)
    return MonthlyBrief(
        title=f"Monthly stability brief, {month_name(month)}",
        month=month,
        month_end=end,
        is_running=end > cut_day,
        identity=identity_of(origin),
        summary=_summary(sections, month, since),
        tiers=sections,
        chance_note=chance_note(compared),
        figures=compared,
        trends=trends(tables.metric_values, compared, month),
        actions=controls,
        actions_note=done.actions_note(controls, tables.control_effects),
        commitments=done.commitments(tables.decisions, span),
        undecided=steps.undecided_verdicts(open_verdicts),
        exception_counts=counts,
        overdue_exceptions=overdue,
        exceptions_note=done.exceptions_note(counts),
        constrictions=constrictions,
        next_steps=steps.next_steps(
            open_verdicts,
            constrictions,
            {section.tier: _status(section.standings) for section in sections},
            overdue,
            owners,
        ),
        quality=known.quality(tables, compared, origin, month, end),
        baselines=notes,
        baselines_note=known.baselines_note(notes),
        definitions=used,
        definitions_note=known.definitions_note(used, tables.definition_log, since, end, origin.calendar),
    )


def _summary(sections: Sequence[TierSection], month: date, since: date | None) -> tuple[str, ...]:
    if not sections and since and month < since:
        return (f"The month lies before {day(since)}, the end of the baseline: nothing of it is judged.",)
    return summary([(section.tier, section.standings) for section in sections])


def _status(found: Sequence[Standing]) -> str:
    """The status of the longest window that was judged."""
    return next((standing.status for standing in reversed(found) if standing.status), "")


def identity_of(origin: Origin) -> Identity:
    """What a brief says of where it comes from."""

    def text(instant: datetime) -> str:
        return f"{instant.isoformat()}Z"

    return Identity(
        organisation=origin.organisation,
        snapshot_id=origin.snapshot_id,
        as_of=text(origin.as_of),
        known_at=text(origin.known_at) if origin.known_at else None,
        timezone=origin.calendar.timezone,
        locale=origin.locale,
    )
