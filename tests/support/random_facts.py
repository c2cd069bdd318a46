"""Random facts of every kind: what no source would send, but every definition has to stand."""

from __future__ import re

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import duckdb
import numpy as np
import polars as pl

from metrics.aggregate import Engine
from metrics.calendar import Calendar
from metrics.facts import FactSettings, build_control_facts, build_facts, prepare_inputs

START = datetime(2025, 11, 10, tzinfo=UTC).replace(tzinfo=None)
CUT = datetime(2026, 6, 10, 12, tzinfo=UTC).replace(tzinfo=None)
CALENDAR = Calendar("Europe/Berlin")
REPOSITORIES, TEAMS = 4, 2
FACTS = (
    "activity_facts", "change_facts", "change_gate_facts", "commit_rework_facts", "conflict_facts", "defect_facts",
    "deployment_facts", "exception_facts", "gate_facts", "incident_facts", "intent_facts", "onboarding_facts",
    "review_facts", "shallow_approval_facts", "signal_facts", "test_run_facts",
)  # fmt: skip
STAGES = tuple(f"{stage}_seconds" for stage in ("coding", "draft", "pickup", "review", "merge_wait", "deploy_wait"))
WORDS = {
    "author_kind": ("human", "agent"),
    "_change_author_kind": ("human", "agent"),
    "ai_use": ("none", "assisted", "authored", "unknown"),
    "kind": ("release", "hotfix", "feature", "fix", "stale_doc"),
    "state": ("merged", "closed", "open"),
    "status": ("success", "failure", "cancelled"),
    "outcome": ("passed", "failed", "overridden", "skipped"),
    "found_in": ("production", "pre_production"),
    "control_point": ("pre_merge", "post_merge"),
}
ALWAYS = {"_in_change_metrics", "is_production"}
ORDER = (
    "first_commit_at", "granted_at", "opened_at", "started_at", "active_from", "approved_at", "ready_at",
    "onboarded_at",
    "first_review_at", "submitted_at", "merged_at", "_merged_at", "finished_at", "_ended_at", "acknowledged_at",
    "resolved_at", "closed_at", "deployed_at", "delivered_at", "expires_at", "active_until",
)  # fmt: skip
"""Later ones are no earlier in time; those not named come last."""


@dataclass(frozen=True)
class Draw:
    """What to draw: rows per fact, how many of the cells are null, and the largest number."""

    rows: int
    nulls: float
    largest: float
    seed: int
    open_ended: bool = False
    """Whether nothing that may end has ended."""


ENDS = ("merged_at", "closed_at", "deployed_at", "delivered_at", "resolved_at", "recovered_at", "first_value_at")


@cache
def _empty() -> duckdb.DuckDBPyConnection:
    """Facts without a row, made once; whoever fills them rolls back."""
    connection = duckdb.connect(config={"threads": 1})
    prepare_inputs(connection, {})
    build_facts(connection, FactSettings(), CUT)
    build_control_facts(connection)
    connection.execute(
        "insert into repo_dimension by name"
        f" select i::int as _repo, 'r' || i as repo_id from range({REPOSITORIES}) t(i)"
    )
    connection.execute(
        f"insert into team_dimension by name select i::int as _team, 't' || i as team from range({TEAMS}) t(i)"
    )
    return connection


def frames(draw: Draw) -> dict[str, pl.DataFrame]:
    """Random rows of every fact."""
    random = np.random.default_rng(draw.seed)
    drawn = {fact: _frame(fact, draw, random) for fact in FACTS}
    merged = drawn["change_facts"].filter(pl.col("merged_at").is_not_null())
    of_changes = {
        "conflict_facts": merged.filter(pl.col("_incidents_watched")),
        "shallow_approval_facts": merged.filter(pl.col("_approved") & pl.col("approved_at").is_not_null()),
    }
    return drawn | {fact: rows.select(drawn[fact].columns) for fact, rows in of_changes.items()}


def run_all(facts: dict[str, pl.DataFrame], metrics: list[Any]) -> dict[str, pl.DataFrame]:
    """Values by metric, sorted by place."""
    connection = _empty()
    connection.begin()
    try:
        for fact, frame in facts.items():
            connection.register("_rows", frame.to_arrow())
            connection.execute(f"insert into {fact} by name select * from _rows")
            connection.unregister("_rows")
        engine = replace(Engine.over(connection, CALENDAR, CUT), empty_inputs=frozenset())
        return {metric.id: engine.run(metric).values.sort(KEY, nulls_last=True) for metric in metrics}
    finally:
        connection.rollback()


KEY = ["tier", "segment_kind", "segment", "grain", "window_start", "statistic", "bin_low"]


def _frame(fact: str, draw: Draw, random: np.random.Generator) -> pl.DataFrame:
    described = [(row[0], row[1]) for row in _empty().execute(f"describe {fact}").fetchall()]
    instants = [name for name, kind in described if kind == "TIMESTAMP"]
    clock = _instants(instants, draw, random)
    columns = {name: clock[name] if name in clock else _column(name, kind, draw, random) for name, kind in described}
    frame = pl.DataFrame(columns)
    if fact == "change_facts":
        lead = pl.when(pl.col("deployed_at").is_not_null()).then(pl.sum_horizontal(STAGES))
        frame = frame.with_columns(lead_seconds=lead)
    if fact == "incident_facts":
        frame = frame.with_columns(restore_seconds=_seconds("opened_at", "resolved_at"))
    if fact == "commit_rework_facts":
        frame = frame.with_columns(lines=pl.col("lines") + pl.col("rework_lines").fill_null(0))
    return frame


def _seconds(start: str, end: str) -> pl.Expr:
    return (pl.col(end) - pl.col(start)).dt.total_seconds().cast(pl.Float64)


def _instants(names: list[str], draw: Draw, random: np.random.Generator) -> dict[str, pl.Series]:
    """Instants that follow one another, some of them missing; none after the cut."""
    moment = random.integers(0, int((CUT - START).total_seconds()), draw.rows)
    found = {}
    for name in sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)):
        span = np.minimum(random.exponential(90_000, draw.rows) * (random.random(draw.rows) < 0.8), 30e6)
        moment = np.minimum(moment + span.astype(np.int64), int((CUT - START).total_seconds()))
        series = pl.Series(name, np.datetime64(START, "us") + moment.astype("timedelta64[s]"))
        is_gone = draw.open_ended and name in ENDS
        found[name] = _with_nulls(series, 1.0 if is_gone else draw.nulls, random)
    return found


def _column(name: str, kind: str, draw: Draw, random: np.random.Generator) -> pl.Series:
    rows = draw.rows
    if name in ("_repo", "_service", "_reviewer"):
        return pl.Series(name, random.integers(0, REPOSITORIES, rows), dtype=pl.Int32)
    if name == "_team":
        return _with_nulls(pl.Series(name, random.integers(0, TEAMS, rows), dtype=pl.Int32), draw.nulls, random)
    if name == "tier":
        return _with_nulls(pl.Series(name, random.integers(1, 5, rows), dtype=pl.Int32), draw.nulls, random)
    if name in ALWAYS:
        return pl.Series(name, [True] * rows, dtype=pl.Boolean)
    if kind == "BOOLEAN":
        return _with_nulls(pl.Series(name, random.random(rows) < 0.6, dtype=pl.Boolean), draw.nulls, random)
    if kind == "VARCHAR" or kind.startswith("ENUM"):
        closed = re.findall("'([^']*)'", kind)
        words = [word for word in WORDS.get(name, ("one", "two")) if not closed or word in closed] or closed
        texts = [f"{name}{i}" for i in range(rows)] if name.endswith("_id") else random.choice(words, rows).tolist()
        return _with_nulls(pl.Series(name, texts, dtype=pl.String), 0.0 if name.endswith("_id") else draw.nulls, random)
    if kind.endswith("[]"):
        return pl.Series(name, [None] * rows, dtype=pl.List(pl.String))
    numbers = np.round(np.exp(random.uniform(0, np.log(draw.largest), rows))) * (random.random(rows) < 0.9)
    if name == "coverage_delta":
        numbers = numbers * random.choice([-1.0, 1.0], rows)
    integer = kind in ("INTEGER", "BIGINT")
    return _with_nulls(pl.Series(name, np.minimum(numbers, 2e9) if integer else numbers), draw.nulls, random).cast(
        pl.Int64 if integer else pl.Float64
    )


def _with_nulls(series: pl.Series, share: float, random: np.random.Generator) -> pl.Series:
    return series.set(pl.Series(random.random(len(series)) < share), None) if len(series) else series
