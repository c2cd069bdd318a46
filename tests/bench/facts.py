"""The facts of a loaded workspace alone, made and written: `python -m tests.bench.facts WORKSPACE`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from pipelines.build_store import BuildStore, Cut
from pipelines.fact_tables import make_facts
from schemas.workspace import load_workspace


def main(folder: Path) -> None:
    """Build the facts as of the workspace's cut, and write them as a build does."""
    workspace = load_workspace(folder)
    now = datetime.now(UTC)
    as_of = (workspace.as_of or now).astimezone(UTC).replace(tzinfo=None)
    with BuildStore(workspace, Cut(as_of), now.replace(tzinfo=None), is_full=True) as store:
        make_facts(store)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
