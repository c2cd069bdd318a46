"""A workspace of two repositories and half a year, small enough to be built within a test."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.intake.load import load_folder
from pipelines.run_build import run_build
from pipelines.warehouse import Warehouse
from schemas.workspace import Workspace, load_workspace
from tests.support.once import made_once

AS_OF = "as_of = 2026-07-01T00:00:00Z\n"
CONFIGURATION = f"""
name = "Small"
timezone = "Europe/Berlin"
{AS_OF}
[baselines.3]
start = 2026-01-01
end = 2026-03-31
set_by = "tests"
reason = "the first quarter"
"""
FIRST = datetime(2026, 1, 1, 9, tzinfo=UTC).replace(tzinfo=None)
CHANGES = 120


def built_small_workspace(factory: pytest.TempPathFactory, root: Path, *, is_of_today: bool = False) -> Workspace:
    """A copy of the small workspace as `plumbline build` leaves it, to do with as one likes; built once for all tests.

    With `is_of_today` it has no `as_of`: its cut is the present of whoever built it, and a later build has a later one.
    """
    made = made_once(factory, "small-of-today" if is_of_today else "small", _build_of_today if is_of_today else _build)
    shutil.copytree(made, root, dirs_exist_ok=True)
    return load_workspace(root)


def _build(root: Path) -> None:
    run_build(make_small_workspace(root))


def _build_of_today(root: Path) -> None:
    make_small_workspace(root)
    (root / "plumbline.toml").write_text(CONFIGURATION.replace(AS_OF, ""), encoding="utf-8")
    run_build(load_workspace(root))


def make_small_workspace(root: Path) -> Workspace:
    """Write, load and open the small workspace; nothing is built yet."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "plumbline.toml").write_text(CONFIGURATION, encoding="utf-8")
    workspace = load_workspace(root)
    events = root / "events"
    events.mkdir(exist_ok=True)
    for name, frame in small_events().items():
        frame.write_parquet(events / f"{name}.parquet")
    with Warehouse.open(workspace, write=True) as warehouse:
        load_folder(warehouse, events)
    return workspace


def small_events() -> dict[str, pl.DataFrame]:
    """A change every 36 hours, each deployed two hours after its merge; every tenth deployment fails."""
    repositories = ["host:acme/one", "host:acme/two"]
    opened = [FIRST + timedelta(hours=36 * number) for number in range(CHANGES)]
    hours = [2 + number % 7 for number in range(CHANGES)]
    merged = [start + timedelta(hours=length) for start, length in zip(opened, hours, strict=True)]
    repo = [repositories[number % 2] for number in range(CHANGES)]
    changes = pl.DataFrame(
        {
            "change_id": [f"{repo[number]}#{number}" for number in range(CHANGES)],
            "repo_id": repo,
            "author": "ann",
            "state": "merged",
            "opened_at": opened,
            "merged_at": merged,
            "additions": 10,
            "deletions": 1,
        }
    )
    deployments = pl.DataFrame(
        {
            "deployment_id": [f"deployment-{number}" for number in range(CHANGES)],
            "repo_id": repo,
            "status": ["failure" if number % 10 == 9 else "success" for number in range(CHANGES)],
            "started_at": [end + timedelta(hours=1) for end in merged],
            "finished_at": [end + timedelta(hours=2) for end in merged],
        }
    )
    return {
        "repositories": pl.DataFrame({"repo_id": repositories, "team": ["blue", "red"]}),
        "tier_assignments": pl.DataFrame(
            {"repo_id": repositories, "tier": 3, "valid_from": FIRST - timedelta(days=90)}
        ),
        "changes": changes,
        "deployments": deployments,
        "deployment_changes": deployments.select("deployment_id").with_columns(changes["change_id"]),
        "reviews": changes.select(
            review_id="change_id",
            change_id="change_id",
            reviewer=pl.lit("bob"),
            state=pl.lit("approved"),
            submitted_at=pl.col("opened_at") + timedelta(hours=1),
        ),
    }
