"""What a reader has to know of the data behind a brief: how fresh, how complete, how settled, how linked."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import polars as pl

from metrics.briefs.document import BaselineNote, DefinitionNote, Figure, Quality
from metrics.briefs.tables import BriefTables, Origin
from metrics.calendar import Calendar
from metrics.definitions import all_metrics
from metrics.words import count, day, joined, plural, sentence, share, within_sentence

OFFENCES_SHOWN = 3
LINK_NAMES = {
    "deploy_link": {
        "explicit": "by an explicit link",
        "sha": "by commit",
        "next_deployment": "by the next deployment of the service",
        "none": "not at all",
    },
    "attribution": {"explicit": "by name", "window": "by time and service", "none": "to none"},
}


def quality(tables: BriefTables, figures: Sequence[Figure], origin: Origin, month: date, month_end: date) -> Quality:
    """All of it, sentence by sentence; what is not known says so."""
    return Quality(
        freshness=freshness(tables.source_status, origin),
        rejected=rejected(tables.quarantine, tables.orphans),
        provisional=_provisional(figures, month_end),
        not_judged=_not_judged(tables.verdicts, month),
        links=links(tables.link_counts),
    )


def freshness(source_status: pl.DataFrame, origin: Origin) -> tuple[str, ...]:
    """How far each source reaches, and which was not read to its end."""
    if source_status.is_empty():
        return ("No source is recorded: how fresh the data are is not known.",)
    sentences = []
    for (source,), rows in source_status.sort("source", "stream").group_by("source", maintain_order=True):
        newest = max(rows["last_record_at"].drop_nulls(), default=None)
        newest_words = f"newest record of {day(origin.calendar.local_day(newest))}" if newest else "no dated record"
        streams, total = plural(rows.height, "stream"), plural(int(rows["rows"].sum()), "row")
        troubled = rows.filter(pl.col("state") != "complete").select("stream", "state").iter_rows()
        trouble = [f"{stream} ({state})" for stream, state in troubled]
        ending = f"; not read to its end: {joined(trouble)}" if trouble else ""
        sentences.append(sentence(f"{source}: {streams}, {total}, {newest_words}{ending}"))
    return tuple(sentences)


def rejected(quarantine: pl.DataFrame, orphans: pl.DataFrame) -> tuple[str, ...]:
    """What was left out of the figures, and what still waits for its parent."""
    return (*_quarantine(quarantine), *_orphans(orphans))


def _quarantine(quarantine: pl.DataFrame) -> tuple[str, ...]:
    if quarantine.is_empty():
        return ("No row is in quarantine.",)
    rows = quarantine.select("table", "key", "source").unique().height
    counts = (
        quarantine.group_by("table", "column", "reason")
        .len()
        .sort(["len", "table", "column"], descending=[True, False, False])
    )
    shown = [
        f"{table}.{column} {reason} ({count(rows_so)})"
        for table, column, reason, rows_so in counts.head(OFFENCES_SHOWN).iter_rows()
    ]
    left = counts.height - len(shown)
    more = f", and {plural(left, 'other kind')}" if left > 0 else ""
    return (f"{plural(rows, 'row')} in quarantine, left out of every figure: {'; '.join(shown)}{more}.",)


def _orphans(orphans: pl.DataFrame) -> tuple[str, ...]:
    waiting = orphans.filter(pl.col("rows") > 0).sort("table", "column") if not orphans.is_empty() else orphans
    if waiting.is_empty():
        return ("No row waits for a parent that was never seen.",)
    parts = [
        f"{count(rows)} of {table}.{column}"
        for table, column, rows in waiting.select("table", "column", "rows").iter_rows()
    ]
    return (f"Rows that wait for a parent never seen: {joined(parts)}.",)


def _provisional(figures: Sequence[Figure], month_end: date) -> tuple[str, ...]:
    metrics = list(dict.fromkeys(figure.metric for figure in figures if figure.is_provisional))
    if not metrics:
        return ("Every figure of the month is final.",)
    definitions = all_metrics()
    by_day: dict[date, list[str]] = {}
    for metric in metrics:
        if metric in definitions:
            by_day.setdefault(month_end + definitions[metric].follow_up, []).append(
                within_sentence(definitions[metric].name)
            )
    sentences = [f"{joined(names)} until {day(until)}" for until, names in sorted(by_day.items())]
    waiting = "; ".join(sentences)
    return (f"Provisional, because outcomes may still arrive: {waiting}. The newest month always looks too good.",)


def _not_judged(verdicts: pl.DataFrame, month: date) -> tuple[str, ...]:
    if verdicts.is_empty():
        return ("No verdict was given.",)
    rows = verdicts.filter((pl.col("grain") == "month") & (pl.col("window_start") == month))
    unwatched = (
        rows.filter(pl.col("not_judged").is_not_null()).select("tier", "not_judged").unique().sort("tier", "not_judged")
    )
    sentences = [f"Tier {tier}: nothing watches {names}; not judged." for tier, names in unwatched.iter_rows()]
    undecidable = rows.filter(pl.col("status") == "inconclusive").height
    if undecidable:
        sentences.append(f"{plural(undecidable, 'verdict')} of the month inconclusive for want of data.")
    return tuple(sentences) or ("Every guardrail of the month was watched and judged.",)


def links(link_counts: pl.DataFrame, span: str = "the month") -> tuple[str, ...]:
    """How changes were found in deployments and incidents put down to them; `span` names the time in words."""
    sentences = []
    for kind, noun in (
        ("deploy_link", f"changes merged in {span}: found in a deployment"),
        ("attribution", f"incidents of {span}: put down to a deployment"),
    ):
        rows = (
            dict(link_counts.filter(pl.col("kind") == kind).select("way", "rows").iter_rows())
            if not link_counts.is_empty()
            else {}
        )
        total = sum(rows.values())
        if total:
            names = LINK_NAMES[kind]
            parts = [f"{names[way]} {share(rows[way] / total)}" for way in names if rows.get(way)]
            sentences.append(f"{count(total)} {noun} {', '.join(parts)}.")
    return tuple(sentences) or (f"No change was merged and no incident opened in {span}.",)


def baselines(frame: pl.DataFrame) -> tuple[BaselineNote, ...]:
    """The period that each tier is compared with, and who named it."""
    if frame.is_empty():
        return ()
    return tuple(
        BaselineNote(
            row["tier"], row["baseline_start"], row["baseline_end"], row["set_by"] or "default", row["reason"] or ""
        )
        for row in frame.sort("tier").iter_rows(named=True)
    )


def baselines_note(notes: Sequence[BaselineNote]) -> str:
    """The baselines in one sentence: each period with the tiers that it is for and who named it."""
    if not notes:
        return "No baseline is named: each window is compared with the one before."
    periods: dict[tuple[date, date], dict[str, list[str]]] = {}
    for note in notes:
        if note.tier != "all":
            periods.setdefault((note.start, note.end), {}).setdefault(note.set_by, []).append(note.tier)
    parts = []
    for (start, end), named in sorted(periods.items()):
        by = "; ".join(
            f"{who} for {'tier' if len(tiers) == 1 else 'tiers'} {joined(tiers)}" for who, tiers in named.items()
        )
        parts.append(f"{day(start)} to {day(end - timedelta(days=1))}, set by {by}")
    return sentence(f"baseline: {'. '.join(parts)}")


def definitions(tables: BriefTables) -> tuple[DefinitionNote, ...]:
    """The versions that the figures and verdicts were made with."""
    found: dict[str, str] = {}
    for frame, column in (
        (tables.comparisons, "metric"),
        (tables.metric_values, "metric"),
        (tables.verdicts, "constraint"),
    ):
        if not frame.is_empty():
            found |= dict(frame.select(column, "version").unique().iter_rows())
    return definition_notes(found.items())


def definition_notes(found: Iterable[tuple[str, str]]) -> tuple[DefinitionNote, ...]:
    """Ids and versions in order."""
    return tuple(DefinitionNote(name, version) for name, version in sorted(found))


def definitions_note(
    notes: Sequence[DefinitionNote], log: pl.DataFrame, since: date | None, until: date, calendar: Calendar
) -> str:
    """Versions in one sentence, and what changed in the definitions between the baseline and the month's end."""
    if not notes:
        return "No definition was used."
    versions = sorted({note.version for note in notes})
    used = (
        f"{plural(len(notes), 'definition')}, {'all ' if len(notes) > 1 else ''}at version {versions[0]}"
        if len(versions) == 1
        else plural(len(notes), "definition")
    )
    changed = []
    for row in log.sort("effective_at", "id").iter_rows(named=True) if not log.is_empty() else ():
        effective = calendar.local_day(row["effective_at"])
        first = log.filter(pl.col("id") == row["id"])["effective_at"].min()
        if row["effective_at"] != first and (since is None or effective >= since) and effective < until:
            changed.append(f"{row['id']} {row['version']} on {day(effective)} ({row['change'].rstrip('.')})")
    ending = f"changed since the baseline: {'; '.join(changed)}" if changed else "none changed since the baseline"
    return sentence(f"{used}; {ending}")
