"""Commands as whole processes: how long they take, and how much memory they hold together with those they start."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLUMBLINE = (sys.executable, "-c", "from pipelines.cli import main; main()")
HERE = os.environ | {"PYTHONPATH": str(ROOT)}
SECONDS_BETWEEN_LOOKS = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")
GIB = 2**30


@dataclass(frozen=True)
class Cost:
    """What a process and those that it started took together, and what was printed.

    Seconds by the clock and of processors, GiB at the peak.
    """

    seconds: float
    processor: float
    peak: float
    output: str = ""

    def __str__(self) -> str:
        """As the table has it: on a machine that others use, the seconds of processors tell more than the clock's."""
        if self.seconds < 1:
            return f"{self.seconds:.2f} s"
        return f"{self.seconds:.1f} s (processor {self.processor:.1f}), {self.peak:.1f} GiB"

    def printed(self, pattern: str) -> float:
        """A number that it printed, by a pattern with one group."""
        found = re.search(pattern, self.output)
        if found is None:
            raise SystemExit(f"nothing like {pattern!r} in:\n{self.output}")
        return float(found[1])


def measure(*command: str, folder: Path = ROOT) -> Cost:
    """Run a command to its end, and tell on standard error what it took.

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
        output.seek(0)
        text = output.read().decode(errors="replace")
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{text}")
    per_gib = GIB if sys.platform == "darwin" else 2**20
    cost = Cost(seconds, usage.ru_utime + usage.ru_stime, max(peaks[0], usage.ru_maxrss / per_gib), text)
    words = " ".join(" ".join(command[1:]).split())
    print(f"{cost}: {words[-120:]}", file=sys.stderr, flush=True)
    return cost


def _watch(child: subprocess.Popen[bytes], peaks: list[float]) -> None:
    """The most memory that a process and its descendants held at once (where /proc tells it), until it ends.

    What they share is counted once. Finding that out stops a process for a moment, and so it is asked only where the
    plain sum exceeds what was found so far.
    """
    while child.returncode is None:
        family = list(_family(child.pid))
        if sum(map(_resident, family)) > peaks[0]:
            peaks[0] = max(peaks[0], sum(map(_share, family)))
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _text(task).split():
            yield from _family(int(child))


def _resident(pid: int) -> float:
    """GiB of a process, what it shares with others in full; zero once it has ended."""
    fields = _text(Path(f"/proc/{pid}/statm")).split()
    return int(fields[1]) * PAGE / GIB if fields else 0.0


def _share(pid: int) -> float:
    """GiB of a process, of what it shares its share; zero once it has ended."""
    lines = _text(Path(f"/proc/{pid}/smaps_rollup")).splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 2**20


def _text(path: Path) -> str:
    """A file of /proc; empty once its process has ended."""
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
