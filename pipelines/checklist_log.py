"""The checklists on which phases were decided: a log of the workspace, because what was decided on may not change.

Written when a build first sees a decision, and never again, whatever criteria or data become; a decision that is itself
corrected (its tier, phase or instant) is one of its own.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from metrics.rollout.history import CHECKLIST_SCHEMA
from metrics.rollout.state import Row
from pipelines.parts import replace_text

TABLE = "phase_checklists"
FILE_NAME = "phase_checklists.json"


def kept_checklists(
    state: Path, decisions: list[Row], make: Callable[[Row], pl.DataFrame], now: datetime
) -> pl.DataFrame:
    """The checklist of each decision, as it was first kept; one that is new is made and kept.

    Args:
        state: the workspace's folder of what the tool writes.
        decisions: rows of the register.
        make: makes the checklist of a decision.
        now: the instant of the build, UTC, zone-less.
    """
    path = state / FILE_NAME
    log: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known = len(log)
    frames = [pl.DataFrame(schema=CHECKLIST_SCHEMA)]
    for decision in decisions:
        key = "/".join(str(decision[name]) for name in ("decision_id", "tier", "to_phase", "decided_at"))
        if key not in log:
            log[key] = {"kept_at": now.isoformat(), "rows": make(decision).to_dicts()}
        frames.append(pl.DataFrame(log[key]["rows"], schema=CHECKLIST_SCHEMA, orient="row"))
    if len(log) != known:
        replace_text(path, json.dumps(log, indent=1, ensure_ascii=False) + "\n")
    return pl.concat(frames)
