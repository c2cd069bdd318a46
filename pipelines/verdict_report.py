"""Verdicts as text, JSON, JUnit XML and a GitHub job summary: the same rows in four forms."""

import json
from collections.abc import Sequence
from xml.etree import ElementTree

from pipelines.newest_verdicts import window_words
from schemas.snapshot import Manifest

Row = dict[str, str]
NOTHING = "Nothing is judged yet: no window has both a baseline and a follow-up that has passed."


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
    for row in verdicts:
        where = "all tiers" if row["tier"] == "all" else f"tier {row['tier']}"
        status = row["status"].replace("_", " ")
        lines.append(f"{status:<13}  {where:<9}  {row['constraint']:<20}  {window_words(row)}")
        if row["status"] in bad:
            lines.append(f"{'':<13}  {row['reason']}")
    return "\n".join(lines if verdicts else [*lines, NOTHING])


def _json(manifest: Manifest, verdicts: Sequence[Row], bad: Sequence[str]) -> str:
    failed = any(row["status"] in bad for row in verdicts)
    content = {
        "snapshot_id": manifest.snapshot_id,
        "as_of": manifest.as_of,
        "failed": failed,
        "verdicts": list(verdicts),
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def _junit(manifest: Manifest, verdicts: Sequence[Row], bad: Sequence[str]) -> str:
    suites = ElementTree.Element("testsuites", name=f"plumbline {manifest.workspace}")
    for tier in sorted({row["tier"] for row in verdicts}):
        rows = [row for row in verdicts if row["tier"] == tier]
        failures = sum(row["status"] in bad for row in rows)
        skipped = sum(row["status"] == "inconclusive" for row in rows)
        counts = {"tests": str(len(rows)), "failures": str(failures), "skipped": str(skipped)}
        suite = ElementTree.SubElement(suites, "testsuite", {"name": f"tier {tier}", **counts})
        for row in rows:
            case = ElementTree.SubElement(suite, "testcase", classname=f"tier {tier}", name=_title(row))
            if row["status"] in bad:
                failure = ElementTree.SubElement(case, "failure", type=row["status"], message=row["status"])
                failure.text = row["reason"]
            elif row["status"] == "inconclusive":
                ElementTree.SubElement(case, "skipped", message=row["reason"])
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def _github(manifest: Manifest, verdicts: Sequence[Row], bad: Sequence[str]) -> str:
    failed = [row for row in verdicts if row["status"] in bad]
    head = f"{len(failed)} of {len(verdicts)} verdicts fail" if failed else f"none of {len(verdicts)} verdicts fails"
    lines = [f"## Plumbline: {head}", "", f"{manifest.workspace}, as of {manifest.as_of}, {manifest.snapshot_id}", ""]
    if not verdicts:
        return "\n".join([*lines, NOTHING])
    lines += ["| status | tier | constraint | window | why |", "| --- | --- | --- | --- | --- |"]
    for row in verdicts:
        mark = "**" if row["status"] in bad else ""
        status = f"{mark}{row['status'].replace('_', ' ')}{mark}"
        reason = row["reason"].replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {status} | {row['tier']} | {row['constraint']} | {window_words(row)} | {reason} |")
    return "\n".join(lines)


def _title(row: Row) -> str:
    return f"{row['constraint']} {window_words(row)}"
