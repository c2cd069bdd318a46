"""What every connector owes, held on the payloads that it ships under sample_data/payloads/<kind>/.

`source.json` there gives the settings, the instant of the pull and the rows that each table must have; the others are
resources by their path. A new connector is tested by being there.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import pytest
import stamina
from pydantic import ValidationError

from pipelines.connectors.base import RECORD_COLUMN, Connector, RawRecord, discover, parse_instant
from pipelines.connectors.transport import ATTEMPTS
from schemas.events import all_tables
from schemas.workspace import Workspace
from tests.support.dialects import DIALECTS
from tests.support.pulling import contents, make_workspace, pull, rows_of, status_of
from tests.support.replay import Answer, Fault, ReplayHost

PAYLOADS = Path(__file__).parents[2] / "sample_data" / "payloads"
CONNECTORS = discover()
TOKEN = "made-up-0123456789"
LATER = "2100-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Sample:
    """A connector with its payloads."""

    connector: type[Connector]
    settings: Mapping[str, Any]
    now: str
    rows: Mapping[str, int]
    resources: dict[str, Any]

    def host(self, fault: Fault | None = None, largest_page: int = 100) -> ReplayHost:
        base_url = self.settings.get("base_url") or self.connector.settings_model.model_fields["base_url"].default
        prefix, dialect = urlsplit(base_url).path.rstrip("/"), DIALECTS.get(self.connector.kind)
        return ReplayHost(self.resources, prefix, largest_page, fault, dialect)

    def workspace(self, folder: Path, **more: object) -> Workspace:
        return make_workspace(folder, **{**self.settings, **more})

    def pull(self, workspace: Workspace, host: ReplayHost, now: str = "", full: bool = False) -> set[str]:
        """Pull; the states in which the streams ended."""
        reports = pull(workspace, now or self.now, host.transport(), environment={"TOKEN": TOKEN}, full=full)
        return {report.state for report in reports}


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


@pytest.fixture(params=sorted(CONNECTORS))
def sample(request: pytest.FixtureRequest) -> Sample:
    kind = request.param
    folder = PAYLOADS / kind
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    source = files.pop("source")
    resources = {path: document for file in files.values() for path, document in file.items()}
    return Sample(CONNECTORS[kind], source["settings"], source["now"], source["rows"], resources)


def test_there_are_connectors_and_each_has_payloads() -> None:
    assert "github" in CONNECTORS
    assert sorted(CONNECTORS) == sorted(path.name for path in PAYLOADS.iterdir() if path.is_dir())


def test_the_payloads_become_the_promised_rows_and_none_is_quarantined(sample: Sample, tmp_path: Path) -> None:
    workspace = sample.workspace(tmp_path)
    assert sample.pull(workspace, sample.host()) == {"complete"}
    living = {table: len([row for row in rows if not row["deleted"]]) for table, rows in contents(workspace).items()}
    assert living == dict(sample.rows)
    assert rows_of(workspace, "FROM warehouse.quarantine") == []


def test_small_pages_give_the_same(sample: Sample, tmp_path: Path) -> None:
    large, small = sample.workspace(tmp_path / "large"), sample.workspace(tmp_path / "small")
    sample.pull(large, sample.host())
    sample.pull(small, sample.host(largest_page=1))
    assert contents(small) == contents(large)


def test_pulling_again_changes_nothing_and_asks_for_less(sample: Sample, tmp_path: Path) -> None:
    workspace = sample.workspace(tmp_path)
    # With one element a page, the number of requests tells how much was asked for, also where a page holds much.
    first, again, full = (sample.host(largest_page=1) for _ in range(3))
    sample.pull(workspace, first)
    before = contents(workspace)
    sample.pull(workspace, again, LATER)
    assert contents(workspace) == before
    assert len(again.requests) <= len(first.requests) / 2
    sample.pull(workspace, full, LATER, full=True)
    assert contents(workspace) == before


def test_limits_and_hiccups_on_the_way_change_nothing(sample: Sample, tmp_path: Path) -> None:
    """Every third request is refused, limited, torn or answered with an error page of a proxy."""
    troubles = [
        Answer.of({"message": "slow down"}, 429, retry_after="30"),
        Answer(200, b'[{"id":', {"content-type": "application/json"}),
        Answer(503, b"<html>busy</html>", {"content-type": "text/html"}),
        Answer(429, b"", {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0"}),
    ]
    calm, rough = sample.workspace(tmp_path / "calm"), sample.workspace(tmp_path / "rough")
    sample.pull(calm, sample.host())
    host = sample.host(lambda _, number: troubles[number // 3 % 4] if number % 3 == 0 else None)
    assert sample.pull(rough, host) == {"complete"}
    assert contents(rough) == contents(calm)


def test_a_source_that_breaks_off_is_partial_and_the_next_pull_goes_on(sample: Sample, tmp_path: Path) -> None:
    whole, broken = sample.workspace(tmp_path / "whole"), sample.workspace(tmp_path / "broken")
    calm = sample.host()
    sample.pull(whole, calm)
    half = len(calm.requests) // 2
    host = sample.host(lambda _, number: Answer.of({}, 500) if number > half else None)
    assert "partial" in sample.pull(broken, host)
    assert "partial" in {row["state"] for row in status_of(broken).values()}
    assert sample.pull(broken, sample.host()) == {"complete"}
    assert contents(broken) == contents(whole)


def test_the_token_goes_to_the_host_and_into_nothing_that_is_kept_or_said(
    sample: Sample, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    workspace = sample.workspace(tmp_path, token_env="TOKEN")
    host = sample.host(lambda _, number: Answer.of({"message": f"no: {TOKEN}"}, 403) if number == 3 else None)
    sample.pull(workspace, host)
    connector = sample.connector(sample.connector.settings_model.model_validate(sample.settings))
    assert set(host.authorizations) == {connector.authorization(TOKEN)}
    assert not any(TOKEN in path for path in host.requests)
    kept = b"".join(path.read_bytes() for path in workspace.root.rglob("*") if path.is_file())
    said = "".join(record.getMessage() for record in caplog.records) + "".join(capfd.readouterr())
    for secret in (TOKEN, connector.authorization(TOKEN).rpartition(" ")[2]):
        assert secret not in said
        assert secret.encode() not in kept


def test_an_unknown_setting_is_refused(sample: Sample) -> None:
    with pytest.raises(ValidationError, match="colour"):
        sample.connector.settings_model.model_validate({**sample.settings, "colour": "blue"})


def kept_records(workspace: Workspace) -> list[list[RawRecord]]:
    """The raw records as they lie on disk, by batch."""
    return [
        [RawRecord.from_json(json.loads(line)) for line in gzip.decompress(path.read_bytes()).splitlines()]
        for path in sorted(workspace.raw.glob("*.ndjson.gz"))
    ]


def test_kept_records_can_be_read_again_and_every_row_names_its_own(sample: Sample, tmp_path: Path) -> None:
    workspace = sample.workspace(tmp_path)
    sample.pull(workspace, sample.host())
    connector = sample.connector(sample.connector.settings_model.model_validate(sample.settings))
    found: dict[str, set[tuple[str, ...]]] = {}
    for records in kept_records(workspace):
        conformed = connector.conform(records)
        for table, frame in conformed.frames.items():
            model = all_tables()[table]
            assert frame[RECORD_COLUMN].is_between(0, len(records) - 1).all()
            assert set(frame.columns) - {RECORD_COLUMN} <= {column.name for column in model.table_columns()}
            assert frame.equals(connector.conform(records).frames[table])
            living = frame.filter(pl.col("deleted") != "true") if "deleted" in frame.columns else frame
            found.setdefault(table, set()).update(living.select(model.table_key()).rows())
    assert {table: len(keys) for table, keys in found.items()} == dict(sample.rows)


def test_instants_carry_their_zone_and_cursors_are_json_of_the_connector(sample: Sample, tmp_path: Path) -> None:
    workspace = sample.workspace(tmp_path)
    sample.pull(workspace, sample.host())
    cursors = [json.loads(row["cursor"]) for row in status_of(workspace).values() if row["cursor"]]
    starts = [parse_instant(cursor["since"]) for cursor in cursors if "since" in cursor]
    assert starts
    assert all(start < parse_instant(sample.now) for start in starts)
