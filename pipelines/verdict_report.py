"""Verdicts as text, JSON, JUnit XML and a GitHub job summary: the same rows in four forms."""

import json
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from pipelines.look_first import look_first, worst_records
from pipelines.newest_verdicts import window_words
from schemas.snapshot import Manifest

Row = dict[str, str]
NOTHING = "Nothing is judged yet: no window has both a baseline and a follow-up that has passed."
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold, whatever a title or a name brought along."""


def report(manifest: Manifest, verdicts: Sequence[Row], bad: Sequence[str], form: str) -> str:
    """The verdicts in a form.

    Args:
        manifest: of the snapshot that they come from.
        verdicts: rows of `newest_verdicts`.
        bad: statuses that count as a failure.
        form: `text`, `json`, `junit` or `github`.
    """
    return {"text": _text, "json": _json, "junit": _junit, "github": _github}[form](manifest, verdicts, bad)


def _text(manifest: Manifest, verdicts: Sequence[Row], bad: Sequence[str]) -> str:
    lines = [f"{manifest.workspace}, as of {manifest.as_of} (snapshot {manifest.snapshot_id})"]
    if not verdicts:
        return "\n".join([*lines, NOTHING])
    for row in verdicts:
        lines.append(f"{_plain(row['status']):<13}  {_tier(row):<9}  {row['constraint']:<20}  {window_words(row)}")
        if row["status"] in bad:
            lines.append(f"{'':<13}  {_why(row)}")
    lines += [
        f"{'claim':<13}  {_tier(row):<9}  {_plain(row['claim']):<20}  {window_words(row)}" for row in _claims(verdicts)
    ]
    return "\n".join(lines)


def _json(manifest: Manifest, verdicts: Sequence[Row], bad: Sequence[str]) -> str:
    failed = any(row["status"] in bad for row in verdicts)
    content = {
        "snapshot_id": manifest.snapshot_id,
        "as_of": manifest.as_of,
        "failed": failed,
        "verdicts": [_with_records(row) for row in verdicts],
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def _junit(manifest: Manifest, verdicts: Sequence[Row], bad: Sequence[str]) -> str:
    """One suite a tier. What could not be judged is skipped; nothing is ever an error, and nothing took any time."""
    root = ElementTree.Element(
        "testsuites", {"name": _xml(f"plumbline {manifest.workspace}"), **_counts(verdicts, bad)}
    )
    for tier in sorted({row["tier"] for row in verdicts}):
        rows = [row for row in verdicts if row["tier"] == tier]
        suite = ElementTree.SubElement(root, "testsuite", {"name": f"tier {tier}", **_counts(rows, bad)})
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in (("snapshot_id", manifest.snapshot_id), ("as_of", manifest.as_of)):
            ElementTree.SubElement(properties, "property", name=name, value=value)
        for row in rows:
            name = f"{row['constraint']} {window_words(row)}"
            case = ElementTree.SubElement(suite, "testcase", classname=f"tier {tier}", name=name, time="0")
            if row["status"] in bad:
                failure = ElementTree.SubElement(case, "failure", type=row["status"], message=_plain(row["status"]))
                failure.text = _xml(f"{_why(row)}\nClaim: {_plain(row['claim'])}")
            elif row["status"] == "inconclusive":
                ElementTree.SubElement(case, "skipped", message=_xml(row["reason"]))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _counts(rows: Sequence[Row], bad: Sequence[str]) -> dict[str, str]:
    failures = sum(row["status"] in bad for row in rows)
    skipped = sum(row["status"] == "inconclusive" and row["status"] not in bad for row in rows)
    return {"tests": str(len(rows)), "failures": str(failures), "errors": "0", "skipped": str(skipped), "time": "0"}


def _github(manifest: Manifest, verdicts: Sequence[Row], bad: Sequence[str]) -> str:
    failed = [row for row in verdicts if row["status"] in bad]
    head = f"{len(failed)} of {len(verdicts)} verdicts fail" if failed else f"none of {len(verdicts)} verdicts fails"
    cut = f"{_cell(manifest.workspace)}, as of {manifest.as_of}, snapshot `{manifest.snapshot_id}`"
    lines = [f"## Plumbline: {head}", "", cut, ""]
    if not verdicts:
        return "\n".join([*lines, NOTHING])
    lines += ["| status | tier | constraint | window | why |", "| --- | --- | --- | --- | --- |"]
    for row in verdicts:
        mark = "**" if row["status"] in bad else ""
        status = f"{mark}{_plain(row['status'])}{mark}"
        why = _cell(_why(row) if mark else row["reason"])
        lines.append(f"| {status} | {row['tier']} | {row['constraint']} | {window_words(row)} | {why} |")
    claims = _claims(verdicts)
    if claims:
        lines += [
            "",
            "### What may be claimed",
            "",
            "| tier | window | claim | barred by |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| {row['tier']} | {window_words(row)} | {_plain(row['claim'])} | {_barring(row, verdicts)} |"
            for row in claims
        ]
    return "\n".join(lines)


def _claims(verdicts: Sequence[Row]) -> list[Row]:
    """One row for each tier and window in which something was gained; the claim stands on each of its verdicts."""
    gained = {(row["tier"], row["grain"], row["window_start"]): row for row in verdicts if row["claim"] != "none"}
    return [row for _, row in sorted(gained.items())]


def _barring(claim: Row, verdicts: Sequence[Row]) -> str:
    """The constraints that keep a gain from being claimed outright."""
    if claim["claim"] == "claimable":
        return ""
    same = ("tier", "grain", "window_start")
    return ", ".join(
        f"{row['constraint']} ({_plain(row['status'])})"
        for row in verdicts
        if row["status"] in ("violated", "at_risk", "inconclusive") and all(row[key] == claim[key] for key in same)
    )


def _why(row: Row) -> str:
    """The reason of a verdict, and the records to look at first."""
    return f"{row['reason']}{look_first(json.loads(row['evidence']))}"


def _with_records(row: Row) -> dict[str, object]:
    """A verdict for JSON: without its numbers, which `plumbline export verdicts` gives, and with its records."""
    told = {name: value for name, value in row.items() if name != "evidence"}
    return told | {"records": worst_records(json.loads(row["evidence"]))}


def _tier(row: Row) -> str:
    return "all tiers" if row["tier"] == "all" else f"tier {row['tier']}"


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _cell(text: str) -> str:
    """A text as a cell of a Markdown table: one line, no bar, and nothing that is read as HTML."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _xml(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", text)
