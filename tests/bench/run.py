"""Everything that is promised of speed and memory, measured in one run and set beside what it is measured against.

`python -m tests.bench.run [EVENTS_DIR ...]` takes folders of event files, small before large; without any it makes sets
of 810,000 and 8.1 million changes with the generator that lies beside the repository (../shared/bench). Every step is a
process of its own, start-up included. Load is held against a plain `create table as select` of the same Parquet in
DuckDB, build against the hand-written SQL of the generator's folder. Peaks are those of all processes together.
"""

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT.parent / "shared" / "bench"
SIZES = (810_000, 8_100_000)
CONFIGURATION = 'name = "Bench"\nas_of = 2026-11-01T00:00:00Z\n'
PLAIN_COPY = """
import sys, duckdb, pathlib
connection = duckdb.connect(sys.argv[1])
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.parquet")):
    connection.execute(f"create table {path.stem} as select * from '{path}'")
"""
PLUMBLINE = [sys.executable, "-c", "from pipelines.cli import main; main()"]
HERE = os.environ | {"PYTHONPATH": str(ROOT)}
SECONDS_BETWEEN_LOOKS = 0.1
NEWEST_SHARE = 0.01
"""Share of the changes, the newest, that a refresh brings."""
LATER = {
    "changes": "opened_at >= {instant}",
    "reviews": "submitted_at >= {instant}",
    "deployments": "coalesce(finished_at, started_at) >= {instant}",
    "incidents": "opened_at >= {instant}",
    "rollbacks": "occurred_at >= {instant}",
    "defects": "opened_at >= {instant}",
}
"""Which rows of each table came after an instant; tables that are not named came before."""


@dataclass(frozen=True)
class Cost:
    """What one process and those that it started took: seconds of wall clock, and GiB at their peak together."""

    seconds: float
    peak: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.peak:.1f} GiB"


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, what came out, what it is measured against, and what is promised."""

    what: str
    measured: str
    against: str
    ratio: str
    promised: str


def measure(*command: str, folder: Path = ROOT) -> Cost:
    """Run a command to its end.

    Raises:
        SystemExit: it failed; its output tells why.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=HERE)
        peaks = [0.0]
        watcher = threading.Thread(target=_watch, args=(child, peaks), daemon=True)
        watcher.start()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        watcher.join()
        if status:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    per_gib = 2**30 if sys.platform == "darwin" else 2**20
    return Cost(seconds, max(peaks[0], usage.ru_maxrss / per_gib))


def _watch(child: subprocess.Popen[bytes], peaks: list[float]) -> None:
    """The most memory that a process and its descendants held at once (where /proc tells it), until it ends."""
    while child.returncode is None:
        peaks[0] = max(peaks[0], sum(_resident(pid) for pid in _family(child.pid)))
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="ascii").split()
        except OSError:
            continue  # it has ended meanwhile
        for child in children:
            yield from _family(int(child))


def _resident(pid: int) -> float:
    """GiB of a process, memory that it shares counted by its share; zero once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 2**20


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


def split(events: Path, target: Path) -> tuple[Path, Path]:
    """A set in two folders: what came before the newest changes, and what came with them."""
    with duckdb.connect() as connection:
        (instant,) = connection.execute(
            f"select quantile_disc(opened_at, {1 - NEWEST_SHARE}) from '{events}/changes.parquet'"
        ).fetchone() or (None,)
        parts = target / "earlier", target / "later"
        for part in parts:
            part.mkdir(parents=True)
        for path in sorted(events.glob("*.parquet")):
            is_later = LATER.get(path.stem, "false").format(instant=f"timestamp '{instant}'")
            for part, wanted in zip(
                parts, (f"not coalesce({is_later}, false)", f"coalesce({is_later}, false)"), strict=True
            ):
                if path.stem in LATER or part == parts[0]:
                    query = f"select * from '{path}' where {wanted}"
                    connection.execute(f"copy ({query}) to '{part / path.name}' (format parquet, compression zstd)")
    return parts


def workspace_in(folder: Path) -> list[str]:
    """The command line of a new workspace."""
    folder.mkdir(parents=True)
    (folder / "plumbline.toml").write_text(CONFIGURATION, encoding="utf-8")
    return [*PLUMBLINE, "--workspace", str(folder)]


def size_of(folder: Path) -> int:
    """Bytes of the files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def snapshot_bytes(workspace: Path) -> int:
    """Bytes of the parts that the newest snapshot names."""
    from schemas.snapshot import SnapshotFolder

    manifest = SnapshotFolder(workspace / ".plumbline").current()
    assert manifest is not None
    return sum({part.sha256: part.bytes for table in manifest.tables.values() for part in table.parts}.values())


def bench(events: Path, scratch: Path, table: list[Row]) -> Cost:
    """The rows of one set; gives what its build took."""
    name, folder = events.name, scratch / f"workspace-{events.name}"
    plumbline = workspace_in(folder)
    copy = measure(sys.executable, "-c", PLAIN_COPY, str(scratch / f"{name}.duckdb"), str(events))
    (scratch / f"{name}.duckdb").unlink()
    load = measure(*plumbline, "load", str(events))
    table.append(Row(f"{name}: load", str(load), f"plain copy {copy}", ratio(load, copy), "at most 3, 6 GiB"))
    facts = measure(sys.executable, "-m", "tests.bench.facts", str(folder))
    build = measure(*plumbline, "build")
    reference = BENCH / "reference.py"
    if reference.exists():
        yardstick = measure(sys.executable, str(reference), str(events))
        by_hand = f"SQL by hand {yardstick}"
        table.append(Row(f"{name}: facts alone", str(facts), by_hand, ratio(facts, yardstick), "at most 1.5"))
        table.append(Row(f"{name}: build", str(build), by_hand, ratio(build, yardstick), "at most 3, 6 GiB"))
    published, given = snapshot_bytes(folder), size_of(events)
    sizes = f"{published / 2**20:.0f} MiB", f"events {given / 2**20:.0f} MiB"
    table.append(Row(f"{name}: snapshot", *sizes, f"{published / given:.2f}", "at most 1.5"))
    earlier, later = split(events, scratch / f"halves-{name}")
    again = workspace_in(scratch / f"refreshed-{name}")
    measure(*again, "load", str(earlier))
    measure(*again, "build")
    measure(*again, "load", str(later))
    refresh = measure(*again, "build")
    table.append(
        Row(f"{name}: build after 1 % new", str(refresh), f"build {build}", ratio(refresh, build), "at most 0.15")
    )
    return build


def ratio(one: Cost, other: Cost) -> str:
    """How many times as long."""
    return f"{one.seconds / other.seconds:.2f}"


def small_things(scratch: Path) -> Iterator[Row]:
    """What a small organisation waits for."""
    measure(*PLUMBLINE, "demo", "--no-serve", folder=scratch)
    plumbline = [*PLUMBLINE, "--workspace", str(scratch / "demo")]
    for arguments, promised in ((["build"], "8 s"), (["status"], "1 s"), (["metrics"], "1 s"), (["--help"], "1 s")):
        cost = measure(*plumbline, *arguments)
        yield Row(f"sample organisation: {arguments[0]}", str(cost), "", "", f"at most {promised}")


def main(arguments: Sequence[str]) -> None:
    """Measure every set and print the table."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        rows += small_things(scratch)
        builds = [bench(events, scratch, rows) for events in [Path(each) for each in arguments] or make_sets(scratch)]
        for small, large in zip(builds, builds[1:], strict=False):
            rows.append(
                Row("growth of the build", str(large), str(small), ratio(large, small), "at most 11 for ten times")
            )
    table = Table(
        "what", "measured", "against", "ratio", "promised", title=f"{platform.platform()}, {os.cpu_count()} cores"
    )
    for row in rows:
        table.add_row(row.what, row.measured, row.against, row.ratio, row.promised)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
