"""When each baseline was named: a log of the workspace, because changing a baseline is an act that has to be seen."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from metrics.baselines import Baseline
from metrics.calendar import Period
from pipelines.parts import replace_text
from schemas.workspace import Workspace


def named_baselines(workspace: Workspace, now: datetime) -> dict[str, Baseline]:
    """The baselines of plumbline.toml by tier, frozen when they were first seen as they stand now; a new one is logged.

    Args:
        workspace: whose baselines.
        now: the instant of the build, UTC, zone-less.
    """
    path = workspace.state / "baselines.json"
    log = _read(path)
    frozen: dict[str, Baseline] = {}
    for tier, baseline in sorted(workspace.baselines.items()):
        entry = {"tier": str(tier), **baseline.model_dump(mode="json")}
        last = next((known for known in reversed(log) if known["tier"] == str(tier)), None)
        if last is None or {**last, "named_at": None} != {**entry, "named_at": None}:
            last = {**entry, "named_at": now.isoformat()}
            log.append(last)
        named_at = datetime.fromisoformat(last["named_at"])
        period = Period(baseline.start, baseline.end)
        frozen[str(tier)] = Baseline(str(tier), period, named_at, baseline.set_by, baseline.reason)
    if log != _read(path):
        replace_text(path, json.dumps(log, indent=1, ensure_ascii=False) + "\n")
    return frozen


def _read(path: Path) -> list[Mapping[str, str]]:
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []
