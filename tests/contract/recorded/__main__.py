"""Print what became of every recording."""

import sys
import tempfile
from pathlib import Path

from tests.contract.recorded.hosts import hosts


def main() -> int:
    """The account of all hosts; 1 where something recorded is unaccounted for."""
    recorded = Path(__file__).resolve().parents[4] / "shared" / "data" / "recorded"
    if not recorded.is_dir():
        print(f"there are no recordings in {recorded}")
        return 0
    print(f"  {'recorded':<34} {'distinct':>4} {'mapped = rows':<26} the rest")
    holds = True
    for name, lines in hosts().items():
        print(name)
        with tempfile.TemporaryDirectory() as work:
            for line in lines(recorded, Path(work)):
                print(line)
                holds = holds and line.holds
    print("every recorded thing is accounted for" if holds else "something recorded is unaccounted for")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
