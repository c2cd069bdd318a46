"""PagerDuty as recorded: three incidents with their logs."""

from collections.abc import Iterable
from pathlib import Path

from tests.contract.recorded.account import Line, distinct, elements, living
from tests.support.dialects import pagerduty
from tests.support.pulling import make_workspace, pull
from tests.support.replay import ReplayHost


def lines(recorded: Path, work: Path) -> Iterable[Line]:
    """The incidents; their log entries, recorded within, become instants of their rows."""
    found = distinct(elements(recorded / "pagerduty" / "_raw_pagerduty_incidents.csv"), lambda item: item["id"])
    host = ReplayHost({"incidents": list(found.values())}, dialect=pagerduty)
    workspace = make_workspace(work, kind="pagerduty", name="pagerduty")
    pull(workspace, "2022-11-04T00:00:00+00:00", host.transport())
    yield Line("incidents", len(found), "incidents", len(found), living(workspace, "incidents"))
    steps = [step for item in found.values() for step in item["log_entries"]]
    told = {"are instants of their incident": len({step["id"] for step in steps})}
    yield Line("log_entries within", len({step["id"] for step in steps}), "", 0, 0, told)
