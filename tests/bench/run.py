"""Everything that is promised of speed and memory, measured in one run and set beside what it is measured against.

    python -m tests.bench.run [--changes 8100000] [--events SMALL LARGE] [--folder SCRATCH]

Two sets of events are made with the generator that lies beside the repository (../shared/bench), the large one of
`--changes` and one of a tenth of them; `--events` takes two folders of event files instead. Every step is a process of
its own, start-up included. Load is held against a plain `create table as select` of the same Parquet in DuckDB, facts
and build against the hand-written SQL of the generator's folder, of which the faster of two runs counts. Peaks are
those of all processes together. What is promised is promised of 8.1 million changes; of fewer, the table shows where
fixed costs lie.
"""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.processes import GIB, PLUMBLINE, Cost, measure
from tests.bench.sets import BENCH, make_set, size_of, split
from tests.bench.snapshots import bytes_of, differences
from tests.support.serving import dashboard_of, free_port

CHANGES = 8_100_000
CHANGES_OF_ARITHMETIC = 100_000
CONFIGURATION = 'name = "Bench"\nas_of = 2026-11-01T00:00:00Z\n'
PEAK = 6.0
"""GiB that a load and a build may hold at most."""
PLAIN_COPY = """
import sys, duckdb, pathlib
connection = duckdb.connect(sys.argv[1])
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.parquet")):
    connection.execute(f"create table {path.stem} as select * from '{path}'")
"""


@dataclass
class Report:
    """The table: what was measured, what it is measured against, the figure that counts, and whether it is kept."""

    rows: list[tuple[str, str, str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, measured: object, against: object, value: float, promised: float, unit: str = "") -> None:
        """A line; the promise is kept up to and including the figure promised."""
        kept = "yes" if value <= promised else "NO"
        self.rows.append((what, str(measured), str(against), f"{value:.2f}{unit}", f"at most {promised:g}{unit}", kept))

    def print(self) -> None:
        """The lines so far, on the machine that they were measured on."""
        table = Table("what", "measured", "against", "figure", "promised", "kept", title=machine())
        for row in self.rows:
            table.add_row(*row)
        Console(width=None if sys.stdout.isatty() else 190).print(table)


def machine() -> str:
    """What this was measured on."""
    information = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in information.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{platform.platform()}, {os.cpu_count()} cores ({name}), {memory:.0f} GiB"


def workspace_in(folder: Path) -> list[str]:
    """The command line of a new workspace."""
    folder.mkdir(parents=True)
    (folder / "plumbline.toml").write_text(CONFIGURATION, encoding="utf-8")
    return [*PLUMBLINE, "--workspace", str(folder)]


def of_a_set(events: Path, workspace: Path, report: Report) -> Cost:
    """Load, facts, build and snapshot of one set; gives what its build took."""
    name, plain = f"{changes_in(events):,} changes", workspace.with_suffix(".duckdb")
    plumbline = workspace_in(workspace)
    copied = measure(sys.executable, "-c", PLAIN_COPY, str(plain), str(events))
    plain.unlink()
    loaded = measure(*plumbline, "load", str(events))
    report.add(f"{name}: load", loaded, f"plain copy {copied}", loaded.seconds / copied.seconds, 3)
    report.add(f"{name}: load, peak", loaded, "", loaded.peak, PEAK, " GiB")
    by_hand = [by_hand_sql(events)]
    facts = measure(sys.executable, "-m", "tests.bench.facts", str(workspace))
    built = measure(*plumbline, "build")
    by_hand.append(by_hand_sql(events))
    fastest = min(by_hand, key=lambda cost: cost.seconds)
    against = f"SQL by hand {fastest}"
    report.add(f"{name}: facts alone, written", facts, against, facts.seconds / fastest.seconds, 1.5)
    report.add(f"{name}: build of everything", built, against, built.seconds / fastest.seconds, 3)
    report.add(f"{name}: build, peak", built, "", built.peak, PEAK, " GiB")
    published, given = bytes_of(workspace), size_of(events)
    sizes = (f"{published / 2**20:.0f} MiB", f"events {given / 2**20:.0f} MiB")
    report.add(f"{name}: snapshot", *sizes, published / given, 1.5)
    return built


def by_hand_sql(events: Path) -> Cost:
    """What an expert would type instead of a build.

    Raises:
        SystemExit: it does not lie beside the repository.
    """
    reference = BENCH / "reference.py"
    if not reference.exists():
        raise SystemExit(f"no SQL by hand at {reference}: nothing to hold facts and build against")
    return measure(sys.executable, str(reference), str(events))


def changes_in(events: Path) -> int:
    """How many changes a set has."""
    import pyarrow.parquet

    return int(pyarrow.parquet.read_metadata(events / "changes.parquet").num_rows)


def refresh(events: Path, scratch: Path, full: Path, built: Cost, report: Report) -> None:
    """A build after the newest events, and whether it publishes what a full build does."""
    earlier, later, instant = split(events, scratch / "told")
    folder = scratch / "refreshed"
    plumbline = workspace_in(folder)
    measure(*plumbline, "load", str(earlier))
    measure(*plumbline, "build", "--as-of", f"{instant.isoformat()}Z")
    measure(*plumbline, "load", str(later))
    again = measure(*plumbline, "build")
    report.add("refresh after 1 % new events", again, f"full build {built}", again.seconds / built.seconds, 0.15)
    wrong = differences(folder, full)
    report.add("refresh: tables that differ", ", ".join(wrong) or "none", "a full build's", len(wrong), 0)


def pages(workspace: Path, report: Report) -> None:
    """Server time of the dashboard's pages."""
    from streamlit.logger import set_log_level

    set_log_level("ERROR")  # it would warn that the pages' modules are imported outside of a server
    from tests.bench import dashboard

    with dashboard_of(workspace.resolve(), port=free_port()) as address:
        times, _ = asyncio.run(dashboard.measure(address))
    for which, words in enumerate(("first run", "later runs")):
        slowest = max(times, key=lambda page: times[page][which])
        seconds = times[slowest][which]
        report.add(f"slowest dashboard page, {words}", f"{seconds:.2f} s: {slowest}", "", seconds, 1, " s")


def small_things(scratch: Path, report: Report) -> None:
    """What a small organisation waits for, and a notebook."""
    measure(*PLUMBLINE, "demo", "--no-serve", folder=scratch)
    plumbline = [*PLUMBLINE, "--workspace", str(scratch / "demo")]
    for arguments, seconds in (("build", 8), ("status", 1), ("metrics", 1), ("--help", 1)):
        cost = measure(*plumbline, arguments)
        report.add(f"sample organisation: {arguments}", cost, "", cost.seconds, seconds, " s")
    events = make_set(CHANGES_OF_ARITHMETIC, scratch / "arithmetic")
    best = measure(sys.executable, "-m", "tests.bench.arithmetic", str(events)).printed(r"changes: ([\d.]+) s")
    report.add("arithmetic of 100,000 changes, in memory", f"{best:.2f} s", "", best, 0.25, " s")


def bench(arguments: argparse.Namespace, scratch: Path, report: Report) -> None:
    """All lines, the quick ones first."""
    small_things(scratch, report)
    sizes = (arguments.changes // 10, arguments.changes)
    small, large = arguments.events or (make_set(size, scratch / f"events-{size}") for size in sizes)
    costs = [of_a_set(events, scratch / f"built-{which}", report) for which, events in enumerate((small, large))]
    times = changes_in(large) / changes_in(small)
    growth = costs[1].seconds / costs[0].seconds
    report.add(f"growth of the build for {times:.0f} times the changes", costs[1], costs[0], growth, 11)
    pages(scratch / "built-1", report)
    refresh(large, scratch, scratch / "built-1", costs[1], report)


@contextmanager
def scratch_folder(named: Path | None) -> Iterator[Path]:
    """The folder named, to which nothing is done afterwards, or one that is removed.

    Raises:
        SystemExit: there is something in the folder named.
    """
    if named is not None:
        if named.exists() and any(named.iterdir()):
            raise SystemExit(f"{named} is not empty: name a folder that is, or is yet to be made")
        named.mkdir(parents=True, exist_ok=True)
        yield named.resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> None:
    """Measure and print the table, also of what was measured before a step failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=CHANGES, help="of the large set; the small one has a tenth")
    parser.add_argument("--events", type=Path, nargs=2, metavar=("SMALL", "LARGE"), help="sets that were made before")
    parser.add_argument("--folder", type=Path, help="a new folder to work in, which is kept (8.1 million: some 12 GB)")
    arguments = parser.parse_args()
    report = Report()
    with scratch_folder(arguments.folder) as scratch:
        try:
            bench(arguments, scratch, report)
        finally:
            report.print()


if __name__ == "__main__":
    main()
