"""`make calibration`: how often constraints err and find, over simulated tier-quarters; writes docs/calibration.md.

`python -m tests.calibration.constraints [SETS]`; without a number 1,000 tier-quarters per line: minutes on two idle
cores, most of which are the daily looks.
"""

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from tests.calibration.daily_looks import FalseAlarms, false_alarms
from tests.calibration.verdict_rates import (
    AT_MARGIN,
    UNCHANGED,
    WORLDS,
    doubled,
    honest,
    simpson,
    statuses,
    tail,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "calibration.md"
SETS = 1000
STATUSES = ("violated", "at_risk", "inconclusive", "holds", "not_triggered")
CLAIMS = ("claimable", "with_reservation", "not_claimable", "none")
FEW, MANY = 10, 40
"""Repositories over which a doubled guardrail is looked for."""
RATES, SIZES = (0.005, 0.01, 0.02, 0.05), (200, 1000, 5000)
TAILS, TAIL_UNITS = (1.25, 1.5, 2.0), (200, 500, 1000)
SLOWER = (1.2, 1.5, 2.0)
HONEST = ((250, 150), (700, 500), (3000, 2000), (10000, 6000))
MOST_AT_MARGIN, MOST_UNCHANGED, LEAST_DOUBLED, MOST_BY_LOOKING, LEAST_HONEST = 0.05, 0.01, 0.80, 0.05, 0.80
SETS_AT_ONCE = 50
"""Data sets whose days are held in memory at a time."""

Row = tuple[str, Counter[str]]


def table(
    heading: Sequence[str], rows: Sequence[tuple[Sequence[str], Counter[str]]], words: Sequence[str]
) -> list[str]:
    """A Markdown table: what was simulated, and the share of tier-quarters that came out each way."""
    columns = [*heading, *(word.replace("_", " ") for word in words)]
    lines = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    for names, found in rows:
        total = found.total()
        cells = [f"{found[word] / total:.1%}" if found[word] else "–" for word in words]
        lines.append(f"| {' | '.join([*names, *cells])} |")
    return lines


def share(found: Counter[str], *words: str) -> float:
    """The share of tier-quarters that came out as one of the words."""
    return sum(found[word] for word in words) / found.total()


def promise(says: str, found: float, is_kept: bool) -> str:
    """One line of the list of promises."""
    return f"| {says} | {found:.1%} | {'kept' if is_kept else '**broken**'} |"


def looks(sets: int, pool: ProcessPoolExecutor) -> list[Future[FalseAlarms]]:
    """The daily looks, in chunks that fit into memory."""
    starts = range(0, sets, SETS_AT_ONCE)
    return [pool.submit(false_alarms, min(SETS_AT_ONCE, sets - start), 1000 + start) for start in starts]


def main() -> None:
    """Runs every scenario and writes the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=int, nargs="?", default=SETS)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--output", type=Path, default=DOCUMENT)
    arguments = parser.parse_args()
    sets = arguments.sets
    with ProcessPoolExecutor(arguments.workers) as pool:
        unchanged = {name: pool.submit(statuses, name, UNCHANGED, sets, 1) for name in WORLDS}
        margin = {name: pool.submit(statuses, name, AT_MARGIN, sets, 2) for name in WORLDS}
        double = {
            (rate, n, repositories): pool.submit(doubled, rate, n, repositories, sets, 3)
            for repositories in (FEW, MANY)
            for rate in RATES
            for n in SIZES
        }
        tails = {(factor, n): pool.submit(tail, n, factor, sets, 4) for factor in TAILS for n in TAIL_UNITS}
        mixed = {(slower, n): pool.submit(simpson, slower, n, sets, 5) for slower in SLOWER for n in TAIL_UNITS}
        success = {sizes: pool.submit(honest, *sizes, sets, 6) for sizes in HONEST}
        daily = looks(sets, pool)
        lines = [
            *introduction(sets),
            *promised(
                {name: each.result() for name, each in unchanged.items()},
                {name: each.result() for name, each in margin.items()},
                double[0.05, 1000, MANY].result(),
                [each.result() for each in daily],
                success[3000, 2000].result(),
            ),
            *single_looks({name: (unchanged[name].result(), margin[name].result()) for name in WORLDS}),
            *detection(
                {key: each.result() for key, each in double.items()},
                {key: each.result() for key, each in tails.items()},
                {key: each.result() for key, each in mixed.items()},
            ),
            *successes({sizes: each.result() for sizes, each in success.items()}),
        ]
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def introduction(sets: int) -> list[str]:
    """What was simulated."""
    return [
        "# How often verdicts err",
        "",
        f"Made by `make calibration`: {sets:,} simulated tier-quarters a line. Each tier has 10 repositories of"
        " unequal size"
        " that differ for good (sd 0.3 on the logarithm), with better and worse quarters (0.2) and weeks (0.2,"
        " autocorrelated"
        " by 0.3), in the baseline and in the window alike. Contrasts, verdicts and claims are made by the code that"
        " a build"
        " runs. 1,000 changes and 600 deployments a quarter and side, unless said otherwise.",
    ]


def promised(
    unchanged: dict[str, Counter[str]],
    margin: dict[str, Counter[str]],
    double: Counter[str],
    daily: Sequence[FalseAlarms],
    success: Counter[str],
) -> list[str]:
    """What is promised, and whether it is kept."""
    worst_same = max(unchanged, key=lambda name: share(unchanged[name], "violated"))
    worst_margin = max(margin, key=lambda name: share(margin[name], "violated"))
    same, edge = share(unchanged[worst_same], "violated"), share(margin[worst_margin], "violated")
    sets = sum(each.sets for each in daily)
    end, spending, without = (
        sum(getattr(each, name) for each in daily) / sets for name in ("at_the_end", "spending", "without")
    )
    claimed = share(success, "claimable", "with_reservation")
    found = share(double, "violated")
    return [
        "",
        "## What is promised",
        "",
        "| promise | measured | |",
        "| --- | --- | --- |",
        promise(
            f"nothing changed: `violated` in at most 1 % per constraint (worst: {worst_same})",
            same,
            same <= MOST_UNCHANGED,
        ),
        promise(
            f"a real gain, every guardrail exactly at its margin: at most 5 % (worst: {worst_margin})",
            edge,
            edge <= MOST_AT_MARGIN,
        ),
        promise(
            f"a guardrail doubled from 5 % at 1,000 units over {MANY} repositories: found in at least 80 %",
            found,
            found >= LEAST_DOUBLED,
        ),
        promise(
            "an unchanged tier, looked at on every day of a quarter: some false `violated` in at most 5 %",
            spending,
            spending <= MOST_BY_LOOKING,
        ),
        promise(
            "the honest success on four quarters: claimable or with reservation in at least 80 %",
            claimed,
            claimed >= LEAST_HONEST,
        ),
        "",
        "## Looking every day",
        "",
        "The running quarter and its three running months are judged each day; all constraints that read these"
        " figures count."
        f" Judged at their ends alone: {end:.1%} of {sets:,} unchanged tier-quarters have a false `violated` in any"
        " of the four"
        f" windows. Looked at daily with the level spent (docs/adr/0012): {spending:.1%}. Looked at daily at the"
        " full level of 5 %,"
        f" as if each look were the only one: {without:.1%}.",
    ]


def single_looks(found: dict[str, tuple[Counter[str], Counter[str]]]) -> list[str]:
    """Unchanged and at the margin, by constraint."""
    rows = [
        ((name, truth), counted)
        for name, both in found.items()
        for truth, counted in zip(("nothing changed", "at the margin"), both, strict=True)
    ]
    return [
        "",
        "## No change, and exactly at the margin",
        "",
        "At the margin the gain is sure (durations halve), rates are at 1.25, durations at 1.1 and counts at 1.2"
        " times their baseline;"
        " in `mixture_vs_tiers` every tier is at the margin; in `gates_vs_stability` what passed is as good as what was"
        " overridden. Rework is simulated by the change, not by the line.",
        "",
        *table(("constraint", "truth"), rows, STATUSES),
    ]


def detection(
    double: dict[tuple[float, int, int], Counter[str]],
    tails: dict[tuple[float, int], Counter[str]],
    mixed: dict[tuple[float, int], Counter[str]],
) -> list[str]:
    """What is found, by its size and by the data."""
    return [
        "",
        "## A doubled guardrail",
        "",
        "Cycle time halves, the rollback rate doubles and is the one guardrail that is watched (`speed_vs_escape`)."
        " Even with"
        " independent units and known variances, 50 events against 100 are told apart from a margin of 1.25 in 86 %;"
        " the ups"
        " and downs of few repositories, and the degrees of freedom that they leave, cost the rest.",
        "",
        *table(
            ("repositories", "baseline", "deployments a side"),
            [((str(repos), f"{rate:.1%}", f"{n:,}"), c) for (rate, n, repos), c in double.items()],
            STATUSES,
        ),
        "",
        "## A tail that gets worse",
        "",
        "The median halves, the 95th percentile rises (`median_vs_tail`).",
        "",
        *table(("p95 times", "changes a side"), [((f"{f:g}", f"{n:,}"), c) for (f, n), c in tails.items()], STATUSES),
        "",
        "## Simpson's paradox",
        "",
        "The mixed median halves, that of tier 1 rises, the other tiers stay (`mixture_vs_tiers`).",
        "",
        *table(
            ("tier 1 times", "changes a side and tier"),
            [((f"{f:g}", f"{n:,}"), c) for (f, n), c in mixed.items()],
            STATUSES,
        ),
    ]


def successes(found: dict[tuple[int, int], Counter[str]]) -> list[str]:
    """How often an honest success can be claimed."""
    rows = [((f"{changes:,}", f"{deployments:,}"), counted) for (changes, deployments), counted in found.items()]
    return [
        "",
        "## The honest success",
        "",
        "In tier 4 every wait falls by a quarter over the whole distribution, and every guardrail by 15 %; nothing"
        " else changes."
        " Claims over all constraints that can be judged. 3,000 changes and 2,000 deployments are four quarters of a"
        " tier of the"
        " sample organisation, 700 and 500 one of them, 250 and 150 a month.",
        "",
        *table(("changes a side", "deployments a side"), rows, CLAIMS),
    ]


if __name__ == "__main__":
    main()
