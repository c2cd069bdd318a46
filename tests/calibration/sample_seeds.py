"""Verdicts and claims over many seeds of the sample organisation: `python -m tests.calibration.sample_seeds 200`.

Every seed is a company of its own: the same planted truths, other luck. Each is taken through facts, the aggregator
and the judge, as a
build does, and what became of every constraint in every tier is counted. `--unchanged` leaves all behaviour as it
was, so that every
`violated` is a false alarm. Writes docs/sample-spread.md.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb
import polars as pl

from metrics.aggregate import Engine
from metrics.calendar import Calendar, Period
from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.facts import FactSettings, build_facts, prepare_inputs
from metrics.model import Constraint
from metrics.verdicts import verdicts
from sample_data.behaviour import BEHAVIOUR, unchanged
from sample_data.company import CUT
from sample_data.organisation import generate
from sample_data.truths import BASELINE_END, BASELINE_START, TRUTHS, may_be_violated

DOCUMENT = Path(__file__).parents[2] / "docs" / "sample-spread.md"
STATUSES = ("violated", "at_risk", "inconclusive", "holds", "not_triggered")
CLAIMS = ("claimable", "with_reservation", "not_claimable", "none")
GRAINS = ("trailing_year", "quarter", "month")


def contrasts_of(tables: dict[str, pl.DataFrame], constraints: Sequence[Constraint] = ()) -> pl.DataFrame:
    """Contrasts of every metric that a constraint (all by default) reads, for one organisation."""
    cut = CUT.replace(tzinfo=None)
    connection = duckdb.connect(config={"threads": 1})
    prepare_inputs(connection, tables)
    build_facts(connection, FactSettings(production_rules=("production", "live")), cut)
    baseline = Period(BASELINE_START, BASELINE_END)
    engine = Engine.over(connection, Calendar(), cut, dict.fromkeys(("1", "2", "3", "4", "all"), baseline))
    read = constraints or tuple(all_constraints().values())
    figures = {f.metric for c in read for f in (*c.gains, *c.guardrails)}
    figures |= {f.beside for c in read for f in c.guardrails if f.beside}
    return pl.concat([engine.run(all_metrics()[metric]).contrasts for metric in sorted(figures & set(all_metrics()))])


def judge_seed(job: tuple[int, bool, tuple[str, ...]]) -> pl.DataFrame:
    """Verdicts of one seed, by the constraints named."""
    seed, is_unchanged, names = job
    constraints = [all_constraints()[name] for name in names]
    contrasts = contrasts_of(generate(seed, behaviour=unchanged() if is_unchanged else BEHAVIOUR), constraints)
    frame = verdicts(contrasts, constraints, all_metrics()).frame
    columns = ["constraint", "tier", "grain", "window_start", "is_provisional", "status", "claim"]
    return frame.select(pl.lit(seed).alias("seed"), *columns)


def spread(frame: pl.DataFrame, column: str, order: Iterable[str]) -> list[str]:
    """A Markdown table: per grain, constraint and tier, how often each value came out, in per cent."""
    words = list(order)
    lines = [
        f"| grain | constraint | tier | n | {' | '.join(words)} |",
        f"| --- | --- | --- | --- |{' --- |' * len(words)}",
    ]
    for grain in GRAINS:
        some = frame.filter((pl.col("grain") == grain) & ~pl.col("is_provisional"))
        for (constraint, tier), rows in sorted(some.group_by(["constraint", "tier"]), key=lambda item: str(item[0])):
            counts, total = Counter(rows[column].to_list()), len(rows)
            cells = " | ".join(f"{counts[word] / total:.1%}" if counts[word] else "–" for word in words)
            lines.append(f"| {grain} | {constraint} | {tier} | {total} | {cells} |")
    return lines


def truths_found(frame: pl.DataFrame) -> list[str]:
    """A Markdown table: in how many seeds the trailing year's verdict tells each planted truth."""
    lines = ["| planted truth | tier | constraint | expected | found | least | claims |", "| --- |" + " --- |" * 6]
    year = frame.filter(pl.col("grain") == "trailing_year")
    for truth in TRUTHS:
        rows = year.filter((pl.col("tier") == truth.tier) & (pl.col("constraint") == truth.constraint))
        told = rows.filter(pl.col("status").is_in(truth.statuses) & pl.col("claim").is_in(truth.claims))
        claims = ", ".join(f"{claim} {count}" for claim, count in sorted(Counter(rows["claim"].to_list()).items()))
        lines.append(
            f"| {truth.name} | {truth.tier} | {truth.constraint} | {' or '.join(truth.statuses)} |"
            f" {len(told)} of {len(rows)} | {truth.least_share_of_seeds:.0%} | {claims} |"
        )
    return lines


def false_alarms(frame: pl.DataFrame, *, is_unchanged: bool) -> list[str]:
    """A Markdown table: how often `violated` came out where nothing was planted."""
    lines = ["| grain | constraint | tier-windows | violated | share |", "| --- |" + " --- |" * 4]
    elsewhere = frame.filter(~pl.col("is_provisional"))
    if not is_unchanged:
        allowed = [may_be_violated(tier, name) for tier, name in elsewhere.select("tier", "constraint").iter_rows()]
        elsewhere = elsewhere.filter(~pl.Series(allowed, dtype=pl.Boolean))
    for grain in GRAINS:
        some = elsewhere.filter(pl.col("grain") == grain)
        for (constraint,), rows in sorted(some.group_by(["constraint"]), key=lambda item: str(item[0])):
            violated = int((rows["status"] == "violated").sum())
            lines.append(f"| {grain} | {constraint} | {len(rows)} | {violated} | {violated / len(rows):.2%} |")
    return lines


def main() -> None:
    """Runs the seeds and writes the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--unchanged", type=int, default=0, help="as many seeds of a company that nothing changed in")
    parser.add_argument("--constraints", default=",".join(all_constraints()), help="ids, with commas; all by default")
    parser.add_argument("--output", type=Path, default=DOCUMENT)
    arguments = parser.parse_args()
    names = tuple(arguments.constraints.split(","))
    jobs = [(arguments.first + i, False, names) for i in range(arguments.seeds)]
    jobs += [(arguments.first + i, True, names) for i in range(arguments.unchanged)]
    with ProcessPoolExecutor(arguments.workers) as pool:
        frames = list(pool.map(judge_seed, jobs))
    planted, same = frames[: arguments.seeds], frames[arguments.seeds :]
    planted_frame = pl.concat(planted)
    lines = [
        "# Verdicts and claims over many seeds",
        "",
        f"Made by `python -m tests.calibration.sample_seeds {arguments.seeds} --unchanged {arguments.unchanged}"
        f" --constraints {arguments.constraints}`:"
        " each seed is a sample organisation of its own, with the same planted truths and other luck.",
        "",
        "## The planted truths, on the trailing year",
        "",
        *truths_found(planted_frame),
        "",
        "## `violated` where nothing was planted",
        "",
        *false_alarms(planted_frame, is_unchanged=False),
        "",
        "## Statuses, in per cent of final windows",
        "",
        *spread(planted_frame, "status", STATUSES),
        "",
        "## Claims, in per cent of final windows",
        "",
        *spread(planted_frame, "claim", CLAIMS),
    ]
    if same:
        lines += ["", "## `violated` in an organisation in which nothing changed", ""]
        lines += false_alarms(pl.concat(same), is_unchanged=True)
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
