"""Stages as they are declared, and the order of a build."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from pipelines.all_stages import all_stages, stages_in_order
from pipelines.build_store import BuildStore
from pipelines.definitions import load
from pipelines.jobs import BUILD_JOB
from pipelines.stage import Asked, Asset, Made, Stage, asset, assets
from schemas.published import all_tables
from schemas.workspace import load_workspace
from tests.support.small_workspace import CONFIGURATION


def test_a_build_imports_no_dagster() -> None:
    code = (
        "import sys; from pipelines.all_stages import stages_in_order; stages_in_order();"
        "import pipelines.commands.build, pipelines.run_build; print('dagster' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_build_makes_what_dagsters_job_makes(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").write_text(CONFIGURATION)
    job = load(load_workspace(tmp_path)).resolve_job_def(BUILD_JOB)
    by_job = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert {name for stage in stages_in_order() for name in stage.names} == by_job


def test_every_stage_comes_after_those_that_it_waits_for() -> None:
    order = stages_in_order()
    made = set[str]()
    known = {name for stage in all_stages() for name in stage.names}
    for stage, awaited in order.items():
        assert stage.deps & known <= made
        assert {name for each in awaited for name in each.names} <= made
        made |= stage.names
    assert set(all_tables()) & made <= next(stage for stage in order if stage.name == "snapshot").deps


def test_no_asset_is_made_by_two_stages() -> None:
    names = [name for stage in all_stages() for name in stage.names]
    assert len(names) == len(set(names))


def test_an_asset_is_named_and_described_like_its_function(tmp_path: Path) -> None:
    @asset(group_name="verdicts", deps=["metric_values"])
    def conclusions(build: BuildStore) -> Made:
        """What follows."""
        return Made({"root": build})

    assert conclusions.assets == (Asset("conclusions", ("metric_values",), "verdicts", "What follows."),)
    assert [made.metadata for made in conclusions(tmp_path)] == [{"root": tmp_path}]  # type: ignore[arg-type]  # any build does


def test_a_stage_is_told_what_is_asked_if_it_wants_to_know(tmp_path: Path) -> None:
    @assets([Asset("one"), Asset("two")], is_divisible=True, settings={"pull": False})
    def both(build: BuildStore, asked: Asked) -> Iterator[Made]:  # noqa: ARG001 -- as stages are called
        for name in sorted(asked.assets):
            asked.warn(name)
            yield Made(asked.settings, name)

    def told(stage: Stage, asked: Asked | None) -> list[Made]:
        return stage(tmp_path, asked)  # type: ignore[arg-type]  # any build does

    assert told(both, None) == [Made({"pull": False}, "one"), Made({"pull": False}, "two")]
    warned: list[str] = []
    assert told(both, Asked({"two"}, warned.append, {"pull": True})) == [Made({"pull": True}, "two")]
    assert warned == ["two"]


def test_dagster_shows_what_is_declared() -> None:
    from pipelines.dagster_assets import assets_of

    for stage in all_stages():
        shown = assets_of(stage)
        assert {key.to_user_string() for key in shown.keys} == stage.names
        for each in stage.assets:
            spec = shown.get_asset_spec(dg.AssetKey.from_user_string(each.name))
            assert {dep.asset_key.to_user_string() for dep in spec.deps} == set(each.deps)
            assert (spec.group_name, spec.description) == (each.group_name, each.description)
            assert (spec.kinds, spec.code_version) == (set(each.kinds), each.code_version)
