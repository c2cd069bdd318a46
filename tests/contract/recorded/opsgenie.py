"""Opsgenie as recorded: two incidents and the account's teams."""

from collections.abc import Iterable
from pathlib import Path

from tests.contract.recorded.account import Line, distinct, elements, living
from tests.support.dialects import opsgenie
from tests.support.pulling import make_workspace, pull
from tests.support.replay import ReplayHost


def lines(recorded: Path, work: Path) -> Iterable[Line]:
    """The incidents; teams are nobody's rows."""
    folder = recorded / "opsgenie"
    found = distinct(elements(folder / "_raw_opsgenie_incidents.csv"), lambda item: item["id"])
    host = ReplayHost({"v1/incidents": list(found.values()), "v1/services": []}, dialect=opsgenie)
    workspace = make_workspace(work, kind="opsgenie", name="opsgenie")
    pull(workspace, "2023-10-01T00:00:00+00:00", host.transport())
    yield Line("incidents", len(found), "incidents", len(found), living(workspace, "incidents"))
    teams = distinct(elements(folder / "_raw_opsgenie_teams.csv"), lambda item: item["id"])
    told = {"are those who answer incidents, not who own services": len(teams)}
    yield Line("teams", len(teams), "", 0, 0, told)
