"""Changes to figures, from frames in memory: `python -m tests.bench.arithmetic EVENTS_DIR`.

Facts of changes and deployments, cycle and lead time, change failure rate and time to recovery; the best of several
runs in one process, as a notebook would see them.
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
    seconds, found = [], []
    for _ in range(RUNS):
        started = time.perf_counter()
        with duckdb.connect() as connection:
            prepare_inputs(connection, frames)
            build_facts(connection, FactSettings(), CUT)
            found = [connection.execute(figure).fetchall() for figure in FIGURES]
        seconds.append(time.perf_counter() - started)
    print(f"{frames['changes'].height:,} changes: {min(seconds):.2f} s", *found, sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
