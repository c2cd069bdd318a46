"""Changes to figures, from frames in memory: `python -m tests.bench.arithmetic EVENTS_DIR`.

Facts of changes and deployments, cycle and lead time, change failure rate and time to recovery; the best of several
runs in one process, as a notebook would see them. Once with the facts as views on their steps, as a build streams them:
columns that no figure asks for are not computed. And once with every column of all facts kept in memory.
"""

import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from metrics.facts import FactSettings, build_facts, prepare_inputs

CUT = datetime(2026, 11, 1)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
RUNS = 5
FIGURES = (
    "select quantile_cont(cycle_seconds, [0.5, 0.9]), quantile_cont(lead_seconds, [0.5, 0.9]) from change_facts",
    "select avg(failed::int), median(recovery_seconds) from deployment_facts where is_production",
)


def main(folder: Path) -> None:
    """Print the seconds of the best run, and the figures."""
    frames = {path.stem: pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    for kept, what in ((False, "figures"), (True, "all columns of all facts kept")):
        runs = [_run(frames, kept=kept) for _ in range(RUNS)]
        seconds, worked = (min(each[place] for each in runs) for place in (0, 1))
        print(f"{frames['changes'].height:,} changes: {seconds:.2f} s, {worked:.2f} s of processor time ({what})")
        print(*runs[-1][2], sep="\n")


def _run(frames: dict[str, pl.DataFrame], *, kept: bool) -> tuple[float, float, list[list[tuple[object, ...]]]]:
    """Seconds, seconds of processor time, and the figures."""
    started, worked = time.perf_counter(), time.process_time()
    with duckdb.connect() as connection:
        prepare_inputs(connection, frames)
        build_facts(connection, FactSettings(), CUT, materialise=kept)
        found = [connection.execute(figure).fetchall() for figure in FIGURES]
    return time.perf_counter() - started, time.process_time() - worked, found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
