"""The records behind a verdict, by id: changes with what held them up, deployments with what they carried and broke."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.components import Cell, record_cell, table
from dashboard.filter_queries import has_repository
from dashboard.naming import figure, in_sentence_name
from dashboard.queries import MIXED
from dashboard.record_queries import changes_by_id, deployments_by_id, record_links
from dashboard.snapshots import Snapshot
from dashboard.verdict_queries import Verdict
from metrics.words import plural
from schemas.units import SECONDS_PER_HOUR

Record = Mapping[str, Any]
STAGES = ("draft", "pickup", "review", "merge_wait")
CHANGES_NAMED = 3
"""Changes of one deployment that are named; the rest are counted."""


def show_records(snapshot: Snapshot, verdict: Verdict) -> None:
    """A table per guardrail that is or may be worse: the largest values, or the newest events."""
    for found in verdict.evidence["records"]:
        worst: list[Record] = [each for each in found["worst"] if _may_be_seen(snapshot, each)]
        if not worst:
            continue
        kind = str(worst[0]["kind"])
        where = f" in tier {found['tier']}" if verdict.tier == MIXED else ""
        order = "longest first" if kind == "change" else "newest first"
        about = in_sentence_name(found["metric"])
        st.markdown(f"**{plural(len(worst), kind)} behind {about}{where}**, {order}")
        headers, rows = _rows(snapshot, kind, worst)
        table(headers, rows, f"Records behind {about}")


def _may_be_seen(snapshot: Snapshot, record: Record) -> bool:
    """Whether the reader's teams own the repository of a record."""
    return snapshot.teams is None or has_repository(snapshot, str(record.get("repo_id")), None)


def _repositories(worst: Sequence[Record]) -> list[str]:
    return sorted({str(each["repo_id"]) for each in worst if each.get("repo_id")})


def _rows(snapshot: Snapshot, kind: str, worst: Sequence[Record]) -> tuple[list[str], list[list[Cell]]]:
    """Headers and cells: of changes and deployments with what the facts tell of them."""
    if kind == "change":
        return _changes(snapshot, worst)
    return _deployments(snapshot, worst) if kind == "deployment" else _others(worst)


def _changes(snapshot: Snapshot, worst: Sequence[Record]) -> tuple[list[str], list[list[Cell]]]:
    known = changes_by_id(snapshot, [str(each["id"]) for each in worst], _repositories(worst))
    rows = [
        [
            record_cell(str(each["id"]), each.get("url")),
            Cell(_hours(known.get(each["id"], {}).get("cycle_seconds")), is_number=True),
            Cell(longest_stage(known.get(each["id"], {}))),
            Cell(str(known.get(each["id"], {}).get("ai_use", "–"))),
            Cell(_aftermath(known.get(each["id"], {}))),
            Cell(_when(each)),
        ]
        for each in worst
    ]
    return ["Change", "Cycle time", "Longest stage", "AI use", "Afterwards", "When (UTC)"], rows


def _deployments(snapshot: Snapshot, worst: Sequence[Record]) -> tuple[list[str], list[list[Cell]]]:
    known = deployments_by_id(snapshot, [str(each["id"]) for each in worst], _repositories(worst))
    links = record_links(snapshot)
    rows = []
    for each in worst:
        deployment = known.get(each["id"], {})
        changes, incidents = deployment.get("changes") or [], deployment.get("incidents") or []
        rows.append(
            [
                record_cell(str(each["id"]), each.get("url")),
                Cell(str(deployment.get("service") or each.get("repo_id") or "–")),
                Cell(
                    "",
                    parts=tuple((change, links.address("change", change) or "") for change in changes[:CHANGES_NAMED]),
                    rest=len(changes) - CHANGES_NAMED,
                ),
                Cell(", ".join(incidents) or "none"),
                Cell(str(deployment.get("failure_reason") or "–").replace("_", " ")),
                Cell(_hours(deployment.get("recovery_seconds")), is_number=True),
                Cell(_when(each)),
            ]
        )
    return ["Deployment", "Service", "Changes carried", "Incidents", "Failed by", "Recovered in", "When (UTC)"], rows


def _others(worst: Sequence[Record]) -> tuple[list[str], list[list[Cell]]]:
    rows = [
        [record_cell(str(each["id"]), each.get("url")), Cell(str(each.get("repo_id") or "–")), Cell(_when(each))]
        for each in worst
    ]
    return [str(worst[0]["kind"]).capitalize(), "Repository", "When (UTC)"], rows


def longest_stage(change: Record) -> str:
    """The stage between opening and merge that took longest: `review, 9.88 days`."""
    found = {stage: change.get(f"{stage}_seconds") or 0.0 for stage in STAGES}
    stage = max(found, key=lambda each: found[each])
    return f"{stage.replace('_', ' ')}, {_hours(found[stage])}" if found[stage] else "–"


def _aftermath(change: Record) -> str:
    defects = change.get("escaped_defects") or 0
    told = ["rolled back"] if change.get("rolled_back") else []
    told += [plural(defects, "escaped defect")] if defects else []
    return ", ".join(told) or "–"


def _hours(seconds: float | None) -> str:
    return "–" if seconds is None else figure(seconds / SECONDS_PER_HOUR, "hours")


def _when(record: Record) -> str:
    return str(record.get("at") or "–").replace("T", " ")[:16]
