"""Load and build of generated event sets beside what they are measured against, each in a process of its own.

`python -m tests.bench.run [EVENTS_DIR ...]` takes folders of event files; without any it makes sets of 100,000 and
810,000 changes with the generator that lies beside the repository (../shared/bench). Build is held against the
hand-written SQL there, load against a plain `create table as select` of the same Parquet in DuckDB.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT.parent / "shared" / "bench"
SIZES = (100_000, 810_000)
CONFIGURATION = 'name = "Bench"\nas_of = 2026-11-01T00:00:00Z\n'
PLAIN_COPY = """
import sys, duckdb, pathlib
connection = duckdb.connect(sys.argv[1])
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.parquet")):
    connection.execute(f"create table {path.stem} as select * from '{path}'")
"""


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds of wall clock, and GiB at its peak."""

    seconds: float
    peak: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.peak:.1f} GiB"


def measure(*command: str) -> Cost:
    """Run a command to its end.

    Raises:
        SystemExit: it failed; its output tells why.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    per_gib = 2**30 if sys.platform == "darwin" else 2**20
    return Cost(time.perf_counter() - started, usage.ru_maxrss / per_gib)


def make_sets(folder: Path) -> list[Path]:
    """Sets of the usual sizes, from the generator beside the repository.

    Raises:
        SystemExit: there is no generator.
    """
    generator = BENCH / "make_events.py"
    if not generator.exists():
        raise SystemExit(
            f"no generator at {generator}; name folders of event files: python -m tests.bench.run EVENTS_DIR"
        )
    sets = [folder / f"{size}" for size in SIZES]
    for size, target in zip(SIZES, sets, strict=True):
        measure(sys.executable, str(generator), str(size), str(target))
    return sets


def bench(events: Path, scratch: Path) -> list[str]:
    """One row of the table."""
    workspace = scratch / f"workspace-{events.name}"
    workspace.mkdir()
    (workspace / "plumbline.toml").write_text(CONFIGURATION, encoding="utf-8")
    plumbline = [sys.executable, "-c", "from pipelines.cli import main; main()", "--workspace", str(workspace)]
    copy = measure(sys.executable, "-c", PLAIN_COPY, str(scratch / f"{events.name}.duckdb"), str(events))
    load = measure(*plumbline, "load", str(events))
    build = measure(*plumbline, "build")
    reference = BENCH / "reference.py"
    yardstick = measure(sys.executable, str(reference), str(events)) if reference.exists() else None
    ratio = f"{build.seconds / yardstick.seconds:.1f}" if yardstick else ""
    return [
        events.name,
        str(copy),
        str(load),
        f"{load.seconds / copy.seconds:.1f}",
        str(yardstick or ""),
        str(build),
        ratio,
    ]


def main(arguments: Sequence[str]) -> None:
    """Measure every set and print the table."""
    table = Table(
        "events",
        "plain copy",
        "load",
        "÷ copy",
        "SQL by hand",
        "build",
        "÷ SQL",
        title="Whole processes, start-up included",
    )
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for events in [Path(argument) for argument in arguments] or make_sets(scratch):
            table.add_row(*bench(events, scratch))
    Console(width=None if sys.stdout.isatty() else 140).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
