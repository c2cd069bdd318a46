"""What a phase was decided on is kept as it was first seen, whatever the facts become."""

from pathlib import Path
from typing import Any

import polars as pl

from metrics.rollout.history import CHECKLIST_SCHEMA
from metrics.rollout.state import Row
from pipelines.checklist_log import kept_checklists
from tests.support.brief_frames import day

DECISION: dict[str, Any] = {"decision_id": "p1", "tier": 3, "to_phase": "org_wide", "decided_at": day("2026-08-01")}


def making(outcome: str) -> Any:  # noqa: ANN401
    """Makes checklists of one criterion with that outcome."""

    def make(decision: Row) -> pl.DataFrame:
        row = dict.fromkeys(CHECKLIST_SCHEMA, "x") | {"decision_id": decision["decision_id"], "outcome": outcome}
        return pl.DataFrame([row], schema=CHECKLIST_SCHEMA)

    return make


def test_the_first_one_stays(tmp_path: Path) -> None:
    assert kept_checklists(tmp_path, [], making("pass"), day("2026-08-02")).is_empty()
    assert not list(tmp_path.iterdir())
    first = kept_checklists(tmp_path, [DECISION], making("pass"), day("2026-08-02"))
    assert first["outcome"].to_list() == ["pass"]
    later = kept_checklists(tmp_path, [DECISION, DECISION | {"decision_id": "p2"}], making("fail"), day("2026-09-02"))
    assert dict(later.select("decision_id", "outcome").iter_rows()) == {"p1": "pass", "p2": "fail"}


def test_a_decision_that_is_corrected_is_another_one_and_one_that_is_withdrawn_is_not_shown(tmp_path: Path) -> None:
    kept_checklists(tmp_path, [DECISION], making("pass"), day("2026-08-02"))
    moved = DECISION | {"decided_at": day("2026-08-03")}
    assert kept_checklists(tmp_path, [moved], making("fail"), day("2026-09-02"))["outcome"].to_list() == ["fail"]
    assert kept_checklists(tmp_path, [DECISION], making("fail"), day("2026-09-02"))["outcome"].to_list() == ["pass"]
    assert kept_checklists(tmp_path, [], making("fail"), day("2026-09-02")).is_empty()
