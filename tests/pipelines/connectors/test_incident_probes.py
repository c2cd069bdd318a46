"""A look at the incident tools: services that match nothing are said, with those that there are."""

import json
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from pipelines.connectors.base import Connector, Probed, discover
from pipelines.connectors.transport import HostClient
from tests.support.dialects import DIALECTS
from tests.support.replay import ReplayHost

PAYLOADS = Path(__file__).parents[3] / "sample_data" / "payloads"
NOW = 1_742_464_800.0  # 2025-03-20T10:00:00Z


def look(kind: str, resources: dict[str, Any], **settings: object) -> tuple[list[Probed], ReplayHost]:
    """What a look at a host with a kind's payloads, and more of its resources, finds."""
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (PAYLOADS / kind).glob("*.json")}
    given = {**files.pop("source")["settings"], **settings}
    served = {path: document for file in files.values() for path, document in file.items()} | resources
    model: type[Connector] = discover()[kind]
    connector = model(model.settings_model.model_validate(given))
    prefix = "/v1" if kind == "statuspage" else ""
    host = ReplayHost(served, prefix, dialect=DIALECTS[kind])
    base_url = f"https://host.example{prefix}"
    with HostClient("s", base_url, SecretStr("t"), transport=host.transport(), clock=lambda: NOW) as client:
        return list(connector.probe(client)), host


def said(found: list[Probed], word: str) -> Probed:
    """The one thing found that says a word."""
    (one,) = [each for each in found if word in each.what]
    return one


def test_services_of_the_settings_that_the_tool_does_not_have() -> None:
    services = [{"id": "P1", "name": "Checkout"}, {"id": "P2", "name": "Search"}, {"id": "P3", "name": "Lab"}]
    found, host = look("pagerduty", {"services": services})
    missing = said(found, "there is no service")
    assert (missing.state, missing.what) == ("note", "services: there is no service 'Checkout API'")
    assert missing.advice == "services there are: Checkout, Lab, Search"
    assert "2 of 3 are not linked" in said(found, "not linked").what
    assert not [path for path in host.requests if "log_entries" in path], "a look reads no incident's log"
    linked, _ = look("pagerduty", {"services": services}, services={"P1": "checkout", "Search": "search"})
    assert said(linked, "services:").what == "services: all 3 are linked or ignored"


def test_statuspage_s_components_and_opsgenie_s_services() -> None:
    components = [{"id": "c1", "name": "Payments"}, {"id": "c2", "name": "Forum"}]
    found, _ = look("statuspage", {"pages/y2j98763l56x/components": components})
    assert said(found, "services:").state == "ok"
    found, _ = look("opsgenie", {})
    assert "Search" in said(found, "not linked").what
