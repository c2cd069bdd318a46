"""Writes a decision into the register `decisions`, after making sure that what it is about exists."""

import csv
import io
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path

from pipelines.brief_tables import REGISTER_PREFIX
from pipelines.parts import replace_text
from pipelines.snapshot_reader import Snapshot, open_snapshot
from schemas.errors import InputError
from schemas.events.decisions import Decisions
from schemas.workspace import Workspace

SUBJECTS = {
    "verdict": ("verdicts", "select verdict_id from verdicts"),
    "gate": ("stage_gates", "select stage_gate_id from stage_gates union select phase || '/' || tier from stage_gates"),
    "finding": ("findings", "select finding_id from findings"),
    "exception": (f"{REGISTER_PREFIX}exceptions", f"select exception_id from {REGISTER_PREFIX}exceptions"),
}
"""Per kind: the table of a snapshot that must be there, and the ids that can be decided about."""


def decide(
    workspace: Workspace,
    subject: str,
    action: str,
    owner: str,
    due: date | None,
    kind: str | None = None,
    note: str | None = None,
    now: datetime | None = None,
) -> dict[str, str]:
    """Record what is done about a subject, and return the row as written.

    Args:
        workspace: whose register.
        subject: id of a verdict, gate, finding or exception of the newest snapshot.
        action: what is done.
        owner: who does it.
        due: until when, in the workspace's time zone.
        kind: what the subject is; found by its id otherwise.
        note: anything else.
        now: with a zone; the clock's by default, or the moment at which the workspace itself is cut: what is decided
            after it would never be seen there.

    Raises:
        InputError: the snapshot knows no such subject, or the register cannot be added to.
    """
    for name, text in (("--action", action), ("--owner", owner)):
        if not text.strip():
            raise InputError("is blank", name, "say what is done and who does it")
    with open_snapshot(workspace) as snapshot:
        found = _kind_of(snapshot, subject, kind)
    register = workspace.registers_folder / "decisions.csv"
    decided_at = (now or workspace.as_of or datetime.now(UTC)).astimezone(UTC)
    header, rows = _read(register)
    row = {
        "decision_id": _new_id([each.get("decision_id", "") for each in rows], decided_at),
        "subject_kind": found,
        "subject_id": subject,
        "action": action,
        "owner": owner,
        "decided_at": decided_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "due_at": due.isoformat() if due else "",
        "note": note or "",
    }
    missing = [name for name in row if name not in header and row[name]]
    if missing:
        raise InputError(f"has no column {missing[0]}", str(register), f"add {missing[0]} to its first line")
    _append(register, header, row)
    return row


def _kind_of(snapshot: Snapshot, subject: str, kind: str | None) -> str:
    """What a subject is."""
    near: list[str] = []
    for name, (table, query) in SUBJECTS.items():
        if table not in snapshot.manifest.tables or kind not in (None, name):
            continue
        ids = [str(next(iter(row.values()))) for row in snapshot.rows(query)]
        if subject in ids:
            return name
        near += get_close_matches(subject, ids, 1)
    what = f"no {kind}" if kind else "no verdict, gate, finding or exception"
    advice = f"did you mean {near[0]}?" if near else "`plumbline check --json`, `gates` and `alerts` list ids"
    raise InputError(f"there is {what} of that id in the newest snapshot", subject, advice)


def _read(register: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Header and rows of the register; the contract's columns where there is none yet."""
    if not register.exists() or not register.read_text(encoding="utf-8-sig").strip():
        columns = [column.name for column in Decisions.table_columns()]
        return [name for name in columns if name not in ("observed_at", "deleted")], []
    reader = csv.DictReader(io.StringIO(register.read_text(encoding="utf-8-sig")))
    rows = list(reader)
    return list(reader.fieldnames or []), rows


def _new_id(known: list[str], at: datetime) -> str:
    """An id that no row has."""
    day, number = at.strftime("%Y%m%d"), 1
    while f"decision-{day}-{number}" in known:
        number += 1
    return f"decision-{day}-{number}"


def _append(register: Path, header: list[str], row: dict[str, str]) -> None:
    """Add a line to the register, in one step: a reader sees the old file or the new one."""
    text = register.read_text(encoding="utf-8-sig") if register.exists() else ""
    line = io.StringIO()
    writer = csv.DictWriter(line, header, lineterminator="\n", extrasaction="ignore")
    if not text.strip():
        writer.writeheader()
        text = ""
    elif not text.endswith("\n"):
        text += "\n"
    writer.writerow(row)
    register.parent.mkdir(parents=True, exist_ok=True)
    replace_text(register, text + line.getvalue())
