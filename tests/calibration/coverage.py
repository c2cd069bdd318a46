"""`make coverage`: how often nominal 95 % intervals hold the truth, over simulated data sets; writes docs/coverage.md.

`python -m tests.calibration.coverage [SETS]`; without a number 2,000 data sets per cell, a few minutes on two cores.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.calibration.measured import Cell, Tally, tally

DOCUMENT = Path(__file__).parents[2] / "docs" / "coverage.md"
SETS, SEED = 2000, 20260101
SIZES, REPOSITORIES, RATES = (30, 200, 2000), (1, 5, 10, 40), (0.05, 0.01)
LEAST, MOST = 0.93, 0.97
UNITS_BEYOND = 20
"""A quantile with fewer units beyond it has bounds that move in steps: a discrete method, without an upper cap."""
PROBABILITIES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}
SHOWN = ("p50", "p90", "p95", "mean", "rate")
"""The statistics that METRICS §4 promises; p75 and p99 are simulated with them and not printed."""
SUBJECTS = {"level": "level", "no change": "change, where there is none", "change": "change, where there is one"}


def cells() -> list[Cell]:
    """Every cell of the table, and a few with no earlier quarter to learn from."""
    sizes = [(units, repositories) for units in SIZES for repositories in REPOSITORIES]
    table = [Cell(units, repositories, rate) for rate in (None, *RATES) for units, repositories in sizes]
    first = [Cell(units, repositories, rate, 0) for rate in (None, 0.05) for units, repositories in sizes]
    return [*table, *(cell for cell in first if cell.repositories > 1)]


def is_promised(found: Tally) -> bool:
    """Whether it has to cover in 93 % or more: one repository and a first quarter are tabulated only."""
    return found.cell.repositories > 1 and found.cell.quarters_before > 0


def has_cap(found: Tally) -> bool:
    """Whether it may not cover in more than 97 % either: counted events and bounds that move in steps may."""
    beyond = found.cell.units * (1 - PROBABILITIES.get(found.statistic, 0.0))
    return is_promised(found) and found.cell.rate is None and beyond >= UNITS_BEYOND


def holds(found: Tally, slack: float = 0.0) -> bool:
    """Whether the promise is kept, give or take `slack`."""
    least = found.coverage >= LEAST - slack or not is_promised(found)
    return least and (found.coverage <= MOST + slack or not has_cap(found))


def mark(found: Tally) -> str:
    """One figure of the table: in brackets where nothing is promised, starred where a bound is often missing."""
    text = f"{100 * found.coverage:.1f}{'' if found.all_bounded else '*'}"
    if not is_promised(found):
        return f"({text})"
    return text if holds(found) else f"**{text}**"


def table(tallies: list[Tally], subject: str, statistics: list[str]) -> list[str]:
    """A Markdown table of one subject: rows are repositories, columns units × statistic."""
    chosen = {
        (-(t.cell.rate or 0.0), t.cell.units, t.statistic, t.cell.repositories): t
        for t in tallies
        if t.subject == subject and t.statistic in statistics
    }
    columns = sorted({key[:3] for key in chosen})
    heads = [f"{units:,} units, {f'{-rate:.0%} ' if rate else ''}{name}" for rate, units, name in columns]
    lines = [f"| repositories | {' | '.join(heads)} |", f"| --- |{' --- |' * len(columns)}"]
    for repositories in sorted({key[3] for key in chosen}):
        figures = [mark(chosen[(*column, repositories)]) for column in columns]
        lines.append(f"| {repositories} | {' | '.join(figures)} |")
    return lines


def document(tallies: list[Tally], sets: int) -> str:
    """The whole of docs/coverage.md."""
    shown = [found for found in tallies if found.statistic in SHOWN]
    standing = [found for found in shown if found.cell.quarters_before]
    first = [found for found in shown if not found.cell.quarters_before]
    promised = [found for found in shown if is_promised(found)]
    broken = [found for found in promised if not holds(found)]
    lines = [TEXT.format(sets=sets, promised=len(promised), kept=len(promised) - len(broken)).rstrip()]
    lines += ["", "Outside:", ""] if broken else []
    lines += [
        f"- {SUBJECTS[f.subject]}, {f.statistic}{f' of {f.cell.rate:.0%}' if f.cell.rate else ''},"
        f" {f.cell.units:,} units,"
        f" {f.cell.repositories} repositories: {100 * f.coverage:.1f} %."
        for f in broken
    ]
    for subject, words in SUBJECTS.items():
        for kind, statistics in (("durations", ["p50", "p90", "p95", "mean"]), ("events", ["rate"])):
            lines += ["", f"## {kind.capitalize()}: {words}", "", *table(standing, subject, statistics)]
    lines += ["", "## The first quarter of a workspace: level, by the spread within the window", ""]
    lines += [*table(first, "level", ["p50", "p90", "p95", "mean"]), "", *table(first, "level", ["rate"])]
    return "\n".join(lines) + "\n"


TEXT = """# Do the intervals hold?

Written by `make coverage`. Of {sets:,} simulated data sets per cell, in how many per cent does the nominal 95 %
interval hold the truth? Simulation leaves ±1 point at 2,000 sets.

**The data.** Durations are log-normal (noise 1 on the logarithm), events strike 1 or 5 % of the units. Repositories
are of unequal size (log-normal, 0.6) and differ for good (standard deviation 0.3 on the logarithm); each has better
and worse quarters (0.2) and better and worse weeks (0.2, of which each keeps 0.3 of the one before). The truth is
the value of the *given* repositories over all such quarters and weeks. Changes are those of one quarter against the
one before: none, durations a fifth shorter, events twice as many. Units are per quarter.

**The method.** Every interval runs through the functions that a build runs. Levels: the variance is that of
independent units, plus what the same repositories' successive quarters differ by beyond it, averaged over up to
four differences (`metrics/stats/successive.py`, docs/adr/); quantiles by Woodruff's inversion, rates by Wilson's
score interval on the effective size, the mean from 500 units on. Changes: the variance of the difference,
repository by repository, between the two quarters (a repository's own level cancels), combined by MOVER. The
reference is t, its degrees of freedom those of the effective number of repositories.

**How to read it.** Promised is 93 to 97 %. No upper cap: for rates (a count moves in steps) and for quantiles with
fewer than 20 units beyond them (as do their bounds). (In brackets): tabulated, not promised. Starred: in over one
per cent of the sets a bound is unknown, because the data cannot give it; the unknown side counts as holding.
**Bold**: the promise is not kept.

**What does not hold.** One repository: its own good and bad quarters cannot be told from its level, its units are
taken as independent, and the more of them there are, the less the interval says about other quarters. Rows from one
repository say so. A quarter that is good or bad for *all* repositories at once (a freeze, a holiday) is no error of
sampling either, and stands in no interval here: compare with a control group for that.

**Of {promised} promised figures {kept} are within bounds.**"""


def job(cell: Cell, sets: int) -> list[Tally]:
    """One cell, in a process of its own."""
    return tally(cell, sets, SEED)


def main() -> None:
    """Runs all cells and writes the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="?", type=int, default=SETS)
    sets = parser.parse_args().sets
    # The largest cells first, so that no process is left with one at the end.
    work = sorted(cells(), key=lambda cell: -cell.units * (1 if cell.rate is None else 0.01))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = [each for part in pool.map(job, work, [sets] * len(work)) for each in part]
    DOCUMENT.write_text(document(found, sets), encoding="utf-8")
    print(f"wrote {DOCUMENT}")


if __name__ == "__main__":
    main()
