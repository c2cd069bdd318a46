"""What an earlier build has given and what is measured again come to the very rows of a measurement of everything."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics.aggregate import Engine, Result
from metrics.calendar import Calendar, Period
from metrics.differences import Differences, Recent
from metrics.lasted import Lasted, Lasting
from metrics.ledger import Ledger
from metrics.model import (
    Concurrency,
    Count,
    Distribution,
    Estimator,
    Load,
    Metric,
    Outcomes,
    Part,
    Pending,
    PerTeamWeek,
    Ratio,
    Unfinished,
)
from metrics.reuse import (
    Known,
    _Changes,
    can_be_reused,
    first_day_needed,
    first_day_of_years,
    run_since_change,
)
from metrics.units import MIXED, TIERS, Days
from tests.support.engine import engine, metric

FIRST = datetime(2024, 8, 12)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
CUT = datetime(2026, 10, 20, 15)  # noqa: DTZ001
DAYS = (CUT - FIRST).days
CALENDAR = Calendar("Europe/Berlin")
REPOSITORIES, TEAMS = 9, 4
OPEN = Concurrency(fact="measured_changes", start="opened_at", end="merged_at", holder="_team")
MERGED = Outcomes(fact="measured_changes", time="merged_at", recorded="merged_at", says="Changes.")
ESTIMATORS: dict[str, Estimator] = {
    "load": Load(fact="measured_changes", time="opened_at", holder="_repo * 3 + _team"),
    "concurrency": OPEN,
    "team weeks": PerTeamWeek(outcomes=MERGED, otherwise=MERGED, activity=OPEN),
    "distribution": Distribution(
        fact="measured_changes",
        time="merged_at",
        value="hours",
        category="category",
        unfinished=Unfinished(fact="measured_changes", start="opened_at", end="merged_at"),
    ),
    "signed": Distribution(fact="measured_changes", time="merged_at", value="hours - 9", is_signed=True),
    "share": Ratio(parts=(Part(fact="measured_changes", time="merged_at", numerator="bad::int", denominator="1"),)),
    "events": Ratio(
        kind="events",
        scale=100.0,
        parts=(
            Part(fact="measured_changes", time="merged_at", denominator="1"),
            Part(fact="measured_changes", time="opened_at", numerator="1", where="bad", category="category"),
        ),
    ),
}
BASELINES: dict[str, dict[str, Period]] = {
    "none": {},
    "named": {tier: Period(date(2026, 1, 1), date(2026, 4, 1)) for tier in (*TIERS, MIXED)},
}


def changes(seed: int, count: int = 1_000) -> pl.DataFrame:
    """Two years of changes; repositories that come late or go early, open work, ties and zeros among them."""
    random = np.random.default_rng(seed)
    repository = random.integers(0, REPOSITORIES, count)
    day = random.random(count) * DAYS
    day[repository == 1] = day[repository == 1] % 300  # gone for a year
    day[repository == 2] = DAYS - day[repository == 2] % 90  # just arrived
    hours = np.round(random.lognormal(2.5, 1.4, count), 1)
    hours[random.random(count) < 0.02] = 0.0
    opened = [FIRST + timedelta(days=float(each)) for each in day]
    merged = [start + timedelta(hours=float(lasted)) for start, lasted in zip(opened, hours, strict=True)]
    frame = pl.DataFrame(
        {
            "tier": repository % 4,
            "_repo": repository,
            "_team": repository % TEAMS,
            "ai_use": random.choice(["none", "assisted", "authored"], count),
            "category": random.choice(["logic", "style"], count),
            "opened_at": opened,
            "merged_at": merged,
            "hours": hours,
            "bad": random.random(count) < 0.07,
        }
    )
    is_open = pl.Series(random.random(count) < 0.03) | (frame["merged_at"] > CUT)
    return frame.filter(pl.col("opened_at") <= CUT).with_columns(
        pl.when(is_open.filter(frame["opened_at"] <= CUT)).then(None).otherwise(pl.col("merged_at")).alias("merged_at"),
        tier=pl.when(pl.col("tier") == 0).then(None).otherwise(pl.col("tier")).cast(pl.Int32),
        _repo=pl.col("_repo").cast(pl.Int32),
        _team=pl.col("_team").cast(pl.Int32),
    )


def engine_on(
    frame: pl.DataFrame,
    baselines: str = "none",
    cut: datetime = CUT,
    repository_count: int = REPOSITORIES,
    team_count: int = TEAMS,
) -> Engine:
    made = engine({"measured_changes": frame}, CALENDAR, cut, BASELINES[baselines], FIRST.date())
    repositories, teams = [f"r{i}" for i in range(repository_count)], [f"t{i}" for i in range(team_count)]
    onboarded = {"r3": date(2026, 4, 20), "r4": date(2026, 5, 2), "r7": date(2026, 5, 2)}
    return replace(made, repositories=repositories, teams=teams, onboardings=onboarded)


def differences(before: pl.DataFrame, after: pl.DataFrame) -> Differences:
    """The rows that only one side has."""
    gone, new = (
        one.join(other, on=one.columns, how="anti", nulls_equal=True)
        for one, other in ((before, after), (after, before))
    )
    connections = [engine({"measured_changes": side}, CALENDAR).connection for side in (gone, new)]
    return Differences(connections[0], connections[1])


def with_recent(source: Engine, found: Differences) -> Differences:
    """Differences, and a relation of the rows of which any instant falls on some of the last days."""
    first = date(2026, 6, 29)
    after = source.calendar.instant(first)
    source.connection.execute(
        "create table lately as select * from measured_changes"
        f" where opened_at >= timestamp '{after}' or merged_at >= timestamp '{after}'"
    )
    return replace(found, recent=Recent("measured_changes", "lately", first, frozenset({"opened_at", "merged_at"})))


def measured_whole(source: Engine, definition: Metric) -> tuple[Result, Known]:
    """What a first build gives, and what it keeps."""
    ledger, lasted = Ledger(source.days), Lasted(source.cut)
    result = replace(source, ledger=ledger, lasted=lasted).run(definition)
    provisional = pl.concat(
        [each.filter("is_provisional").select("window_end") for each in (result.values, result.contrasts)]
    )["window_end"].min()
    assert provisional is None or isinstance(provisional, date)
    return result, Known(source.cut, provisional, ledger.frame(), ledger.choices, lasted.noted)


def assert_same(one: pl.DataFrame, other: pl.DataFrame) -> None:
    """The same rows to the last bit, in any order."""
    text = [name for name, kind in one.schema.items() if kind == pl.Categorical]
    frames = [each.with_columns(pl.col(text).cast(pl.String)) for each in (one, other)]
    keys = [name for name in one.columns if one.schema[name] != pl.Float64 or name == "bin_low"]
    assert_frame_equal(*(frame.sort(keys, nulls_last=True) for frame in frames), check_exact=True)


LATELY = datetime(2026, 10, 6)  # noqa: DTZ001


def corrected(frame: pl.DataFrame) -> pl.DataFrame:
    is_late = (pl.col("merged_at") > LATELY).fill_null(False)
    return frame.with_columns(hours=pl.col("hours") + is_late, bad=pl.col("bad") != is_late)


def corrected_a_month_back(frame: pl.DataFrame) -> pl.DataFrame:
    """In the quarter before, with which a trailing year ends."""
    is_late = (pl.col("merged_at") > LATELY - timedelta(days=24)).fill_null(False)
    return frame.with_columns(hours=pl.col("hours") + is_late, bad=pl.col("bad") != is_late)


def merged_late(frame: pl.DataFrame) -> pl.DataFrame:
    is_open = pl.col("merged_at").is_null() & (pl.col("opened_at") > LATELY)
    merged = pl.when(is_open).then(pl.lit(CUT - timedelta(days=2))).otherwise(pl.col("merged_at"))
    return frame.with_columns(merged_at=merged)


BATCHES: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "new": lambda frame: pl.concat([frame, changes(2, 150).filter(pl.col("opened_at") > LATELY)]),
    "gone": lambda frame: frame.filter(pl.col("opened_at") < LATELY + timedelta(days=3)),
    "corrected": corrected,
    "corrected a month back": corrected_a_month_back,
    "merged late": merged_late,
    "long ago": lambda frame: pl.concat([frame, changes(2, 150).head(3)]),
    "nothing": lambda frame: frame,
}


CASES = [("none", batch, False) for batch in BATCHES]
CASES += [("named", batch, False) for batch in ("new", "corrected", "corrected a month back")]
CASES += [("none", "new", True), ("none", "corrected a month back", True), ("named", "new", True)]


@pytest.mark.parametrize(("baselines", "batch", "has_recent"), CASES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_what_is_put_together_is_what_a_whole_measurement_gives(
    estimator: str, batch: str, baselines: str, has_recent: bool
) -> None:
    definition = metric(ESTIMATORS[estimator], core=True, follow_up_days=30)
    frame = changes(1)
    later = BATCHES[batch](frame)
    before, known = measured_whole(engine_on(frame, baselines), definition)
    after, ledger = measured_whole(engine_on(later, baselines), definition)
    source, changed = engine_on(later, baselines), differences(frame, later)
    again = run_since_change(source, definition, known, with_recent(source, changed) if has_recent else changed)
    if again is None:
        assert batch == "long ago"
        return
    if batch == "corrected a month back" and baselines == "none" and again.since < date(2026, 10, 1):
        assert again.result is not None
        assert "trailing_year" in again.result.contrasts["grain"]
    assert batch != "nothing" or again.since == date.max
    assert_same(again.values(before.values), after.values)
    assert_same(again.contrasts(before.contrasts), after.contrasts)
    assert_same(again.ledger, ledger.ledger)
    assert again.lasted == ledger.lasted


@pytest.mark.parametrize(("baselines", "teams"), [("none", TEAMS), ("named", TEAMS), ("none", 1), ("none", 0)])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_new_repositories_and_teams_change_nothing_of_what_was_before(
    estimator: str, baselines: str, teams: int
) -> None:
    """They have the last codes; what is counted by team and tier is kept by other numbers than before."""
    definition = metric(ESTIMATORS[estimator], core=True, follow_up_days=30)
    new_repository, new_team = (
        pl.lit(count, pl.Int32) + (pl.col("_repo") % 2) for count in (REPOSITORIES, max(teams, 1) - 1)
    )
    lately = changes(2, 300).filter(pl.col("opened_at") > LATELY)
    frame = changes(1).with_columns(pl.when(teams > 0).then(pl.col("_team") % max(teams, 1)))
    later = pl.concat([frame, lately.with_columns(_repo=new_repository, _team=new_team)])
    assert later["_team"].max() == max(teams, 1)
    before, known = measured_whole(engine_on(frame, baselines, team_count=teams), definition)
    source, other = (engine_on(later, baselines, CUT, REPOSITORIES + 2, max(teams, 1) + 1) for _ in range(2))
    after, ledger = measured_whole(source, definition)
    again = run_since_change(other, definition, known, differences(frame, later))
    assert again is not None
    assert again.since >= LATELY.date() - timedelta(days=7)
    assert_same(again.values(before.values), after.values)
    assert_same(again.contrasts(before.contrasts), after.contrasts)
    assert_same(again.ledger, ledger.ledger)


def known_by(frame: pl.DataFrame, cut: datetime) -> pl.DataFrame:
    """What was known at a cut: of what merged later, that it was open."""
    return frame.filter(pl.col("opened_at") <= cut).with_columns(
        pl.when(pl.col("merged_at") <= cut).then(pl.col("merged_at")).alias("merged_at")
    )


def in_progress(frame: pl.DataFrame) -> pl.DataFrame:
    """Much that began in the last months ends days before the cut, so that unfinished work flatters some medians."""
    merged = pl.col("merged_at")
    waits = (pl.col("opened_at") > CUT - timedelta(days=70)) & (merged.dt.day() % 3 > 0)
    late = pl.lit(CUT) - (merged - pl.col("opened_at")) / 4
    return frame.with_columns(merged_at=pl.when(waits).then(pl.max_horizontal(merged, late)).otherwise(merged))


@pytest.mark.parametrize(("moved_by", "made"), [(1, in_progress), (9, changes), (12, in_progress), (40, in_progress)])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_later_cut_gives_again_what_was_still_open(
    estimator: str, moved_by: int, made: Callable[..., object]
) -> None:
    definition = metric(ESTIMATORS[estimator], core=True, follow_up_days=3)
    later = in_progress(changes(1)) if made is in_progress else changes(1)
    cut = CUT - timedelta(days=moved_by)
    frame = known_by(later, cut)
    before, known = measured_whole(engine_on(frame, cut=cut), definition)
    after, ledger = measured_whole(engine_on(later), definition)
    again = run_since_change(engine_on(later), definition, known, differences(frame, later))
    if again is None:  # the year to the quarter's end is compared with the one before: that is all there is
        assert moved_by >= 12
        assert estimator in ("concurrency", "team weeks")
        return
    assert again.result is not None
    assert_same(again.values(before.values), after.values)
    assert_same(again.contrasts(before.contrasts), after.contrasts)
    assert_same(again.ledger, ledger.ledger)
    assert again.lasted == ledger.lasted


def test_what_unfinished_work_has_to_say_of_older_windows_is_said_anew() -> None:
    """A window's median stays what it was, while more of what began in it ends."""
    definition = metric(ESTIMATORS["distribution"], core=True)
    later = in_progress(changes(1))
    cut = CUT - timedelta(days=5)
    frame = known_by(later, cut)
    before, known = measured_whole(engine_on(frame, cut=cut), definition)
    after, _ = measured_whole(engine_on(later), definition)
    again = run_since_change(engine_on(later), definition, known, differences(frame, later))
    assert again is not None
    assert again.cohorts_since < again.since
    older = (pl.col("window_end") <= again.since) & (pl.col("window_end") > again.cohorts_since)
    notes = [each.values.filter(older, pl.col("statistic") == "p50")["note"] for each in (before, after)]
    flattered = [each.str.contains("Unfinished work flatters").sum() for each in notes]
    assert flattered[0] != flattered[1]
    assert_same(again.values(before.values), after.values)


def test_cohorts_whose_outcomes_are_watched_in_part_are_no_reason_to_measure_all() -> None:
    definition = replace(metric(ESTIMATORS["distribution"]), watched=("incidents", "rollbacks"))
    later = changes(1).with_columns(
        _incidents_watched=pl.col("opened_at") > FIRST + timedelta(days=400), _rollbacks_watched=pl.lit(True)
    )
    cut = CUT - timedelta(days=5)
    frame = known_by(later, cut)
    before, known = measured_whole(engine_on(frame, cut=cut), definition)
    after, _ = measured_whole(engine_on(later), definition)
    again = run_since_change(engine_on(later), definition, known, differences(frame, later))
    assert again is not None
    assert_same(again.values(before.values), after.values)


def test_what_has_been_open_for_longer_than_anything_took_changes_no_estimate() -> None:
    """A change that nobody has touched for two years is no reason to measure two years again."""
    definition = metric(ESTIMATORS["distribution"])
    later = changes(1)
    opened = later.filter(pl.col("merged_at").is_null())["opened_at"].min()
    assert isinstance(opened, datetime)
    cut = CUT - timedelta(days=2)
    frame = known_by(later, cut)
    _, known = measured_whole(engine_on(frame, cut=cut), definition)
    again = run_since_change(engine_on(later), definition, known, differences(frame, later))
    assert again is not None
    longest = later.select((pl.col("merged_at") - pl.col("opened_at")).max()).item()
    assert opened.date() < cut.date() - longest - timedelta(days=1) <= again.cohorts_since


@pytest.mark.parametrize(
    ("case", "is_looked_up"),
    [("nothing", False), ("longest is gone", True), ("longer than all", True), ("nothing known", True)],
)
def test_how_long_anything_took_is_looked_up_only_where_what_is_known_may_not_hold(
    case: str, is_looked_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = metric(ESTIMATORS["distribution"])
    frame = changes(1)
    took = pl.col("merged_at") - pl.col("opened_at")
    is_longest = took == frame.select(took.max()).item()
    begun = pl.col("opened_at") == frame.filter(pl.col("merged_at").is_not_null())["opened_at"].min()
    later = {
        "longest is gone": frame.filter(~is_longest.fill_null(False)),
        "longer than all": frame.with_columns(
            merged_at=pl.when(begun).then(pl.lit(CUT - timedelta(days=3))).otherwise(pl.col("merged_at"))
        ),
    }.get(case, frame.with_columns(bad=~pl.col("bad")))
    _, known = measured_whole(engine_on(frame), definition)
    if case == "nothing known":
        known = replace(known, lasted={})
    whole, expected = measured_whole(engine_on(later), definition)
    source, changed = engine_on(later), differences(frame, later)
    look_up, asked = _Changes._looked_up, list[str]()

    def looked_up(changes: _Changes, before: str, after: str) -> Lasting:
        asked.append(after)
        return look_up(changes, before, after)

    monkeypatch.setattr(_Changes, "_looked_up", looked_up)
    again = run_since_change(source, definition, known, changed)
    assert bool(asked) == is_looked_up
    if again is not None and again.result is not None:
        before, _ = measured_whole(engine_on(frame), definition)
        assert_same(again.values(before.values), whole.values)
        assert again.lasted == expected.lasted


def test_a_query_that_holds_the_cut_is_asked_of_everything_once_that_has_moved() -> None:
    waits = Pending(fact="measured_changes", time="merged_at", among="true", until="merged_at + interval 9 days")
    definition = replace(metric(ESTIMATORS["share"]), pending=waits)
    _, known = measured_whole(engine_on(changes(1), cut=CUT - timedelta(days=1)), definition)
    assert run_since_change(engine_on(changes(1)), definition, known, differences(changes(1), changes(1))) is None


def test_an_earlier_cut_is_measured_whole() -> None:
    definition = metric(ESTIMATORS["share"])
    _, known = measured_whole(engine_on(changes(1)), definition)
    past = engine_on(changes(1), cut=CUT - timedelta(days=9))
    assert run_since_change(past, definition, known, differences(changes(1), changes(1))) is None


def test_a_new_category_is_measured_whole() -> None:
    definition = metric(ESTIMATORS["distribution"])
    frame = changes(1)
    newest = frame["merged_at"].max()
    later = frame.with_columns(
        category=pl.when(pl.col("merged_at") == newest).then(pl.lit("aaa")).otherwise(pl.col("category"))
    )
    _, known = measured_whole(engine_on(frame), definition)
    assert run_since_change(engine_on(later), definition, known, differences(frame, later)) is None


def test_counts_are_measured_whole() -> None:
    """How much they vary is one figure over all windows, those to come included."""
    assert not can_be_reused(metric(Count(fact="measured_changes", time="merged_at")))
    counted = Part(fact="measured_changes", time="merged_at", numerator="1", denominator="1")
    assert not can_be_reused(metric(Ratio(parts=(counted,), weekly=True)))


def test_units_are_needed_from_the_week_of_a_quarter_before_on() -> None:
    days = Days(CALENDAR, date(2024, 8, 12), date(2026, 10, 20))
    assert first_day_needed(days, {}, date(2026, 10, 14)) == date(2026, 6, 29)
    assert first_day_needed(days, BASELINES["named"], date(2026, 10, 14)) == date(2025, 12, 29)
    assert first_day_needed(days, {}, date(2026, 9, 30)) == date(2026, 3, 30)


def test_of_trailing_years_units_are_needed_from_the_year_before_on() -> None:
    days = Days(CALENDAR, date(2024, 8, 12), date(2026, 10, 20))
    assert first_day_of_years(days, {}, date(2026, 10, 14)) == date.max
    # one ends with September
    assert first_day_of_years(days, {}, date(2026, 9, 30)) == date(2024, 9, 30)
    assert first_day_of_years(days, BASELINES["named"], date(2026, 9, 30)) == date(2025, 9, 29)


def test_units_are_read_from_recent_rows_only_where_these_have_all_of_them() -> None:
    recent = Recent("measured_changes", "lately", date(2026, 6, 29), frozenset({"merged_at"}))
    assert recent.has("measured_changes", "merged_at", date(2026, 6, 29))
    assert not recent.has("measured_changes", "merged_at", date(2026, 6, 28))
    assert not recent.has("measured_changes", "least(merged_at, closed_at)", date(2026, 7, 1))
    assert not recent.has("review_facts", "merged_at", date(2026, 7, 1))
    several = replace(recent, instants=frozenset({"merged_at", "closed_at"}))
    assert several.has("measured_changes", "coalesce(merged_at, closed_at)", date(2026, 7, 1))
    assert not several.has("measured_changes", "coalesce(merged_at, opened_at)", date(2026, 7, 1))
    # What is open has none of the instants, and ends with the cut.
    assert not several.has("measured_changes", "coalesce(merged_at, timestamp '2026-11-01')", date(2026, 7, 1))


@pytest.mark.parametrize(("changed", "first"), [(-1, None), (3, 3), (29, 29), (12, 12)])
def test_the_first_unit_that_differs_is_found_among_the_earliest_or_the_others(changed: int, first: int | None) -> None:
    before = pl.DataFrame({"instant": range(30), "number_0": [0.0] * 30})
    after = before.with_columns(number_0=pl.when(pl.col("instant") == changed).then(1.0).otherwise("number_0"))
    connections = [duckdb.connect() for _ in range(2)]
    for connection, side in zip(connections, (before, after.reverse()), strict=True):
        connection.register("units", side)
    found = Differences(connections[0], connections[1])
    assert found.first("select * from units", "select * from units") == first
    nothing = "select * from units where false"
    assert found.first(nothing, nothing) is None
