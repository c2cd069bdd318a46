"""What Dagster's daemon does about alerts by itself."""

from pathlib import Path

import dagster as dg
import pytest

from pipelines.alerts.after_build import tell_of_snapshot
from pipelines.definitions import load
from pipelines.jobs import BUILD_JOB
from pipelines.sensors import failed_builds, waiting_alerts
from schemas.errors import PlumblineError
from schemas.workspace import Workspace
from tests.support.alerts import ESCAPES, Builds, channel, workspace_with
from tests.support.receivers import WebReceiver, web_receiver


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_with(tmp_path, channel("ops"))


def test_both_run_without_being_switched_on(workspace: Workspace) -> None:
    sensors = {sensor.name: sensor for sensor in load(workspace).sensors or ()}
    assert set(sensors) == {"waiting_alerts", "failed_builds"}
    assert all(sensor.default_status == dg.DefaultSensorStatus.RUNNING for sensor in sensors.values())


def test_what_waits_is_sent(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    builds = Builds(workspace)
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, builds.world(ops=""))
    with web_receiver() as web, dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setenv("OPS", web.address)
        sensor = waiting_alerts.sensor(workspace)
        told = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
        again = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    assert len(web.messages) == 1
    assert told.skip_message == "alerts: 1 sent to ops"
    assert again.skip_message == "nothing waits that is due"
    assert not told.run_requests


def failed(web: WebReceiver, workspace: Workspace, job_name: str) -> None:
    """Let a job fail, and the sensor hear of it."""

    @dg.op
    def breaks() -> None:
        raise PlumblineError("two tiers at once", "tiers.csv:3", "keep one of them")

    @dg.job(name=job_name)
    def job() -> None:
        breaks()

    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            "failed_builds",
            dagster_event=result.get_run_failure_event(),
            dagster_instance=instance,
            dagster_run=result.dagster_run,
        ).for_run_failure()
        failed_builds.sensor(workspace)(context)


def test_a_failed_build_is_told_with_its_cause(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with web_receiver() as web:
        monkeypatch.setenv("OPS", web.address)
        failed(web, workspace, "single_stage")
        assert web.messages == []
        failed(web, workspace, BUILD_JOB)
    (message,) = web.messages
    assert message["message"].splitlines()[0] == "tiers.csv:3: two tiers at once; keep one of them"
