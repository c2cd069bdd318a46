"""`make verdicts`: what was planted in the sample organisation, and what the product says (docs/sample-verdicts.md).

The organisation of `plumbline demo` is built anew; every verdict of its trailing year, every failure mode and every
gate is listed, found or not. Nothing here computes: the tables are those of the published snapshot.
"""

import json
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

from metrics.constraints import all_constraints
from metrics.rollout.model import CATEGORIES
from pipelines.cli import run
from pipelines.snapshot_reader import Snapshot, open_snapshot
from sample_data.truths import ACCOMPANYING, GRAIN, PLANTED_FINDINGS, TRUTHS, WINDOW_START, may_be_violated
from schemas.workspace import load_workspace

DOCUMENT = Path(__file__).parents[2] / "docs" / "sample-verdicts.md"
TIERS = ("1", "2", "3", "4")
OUTCOMES = {"pass": "met", "fail": "**fails**", "no_evidence": "no evidence"}
STATUSES = {"violated": "**violated**", "present": "**present**", "not_triggered": "no gain"}

Row = dict[str, Any]


def verdicts_of(snapshot: Snapshot) -> dict[tuple[str, str], Row]:
    """The verdicts of the trailing year by constraint and tier."""
    rows: list[Row] = snapshot.rows(
        f"select * from verdicts where grain = '{GRAIN}' and window_start = date '{WINDOW_START}'"
    )
    return {(row["constraint"], row["tier"]): row for row in rows}


def found_ids(snapshot: Snapshot) -> set[str]:
    """Ids of findings, and of criteria that fail."""
    rows = snapshot.rows(
        "select finding_id as id from findings union all select stage_gate_id from stage_gates where outcome = 'fail'"
    )
    return {str(row["id"]) for row in rows}


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    lines = [f"| {' | '.join(heading)} |", f"|{' --- |' * len(heading)}"]
    return [*lines, *(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)]


def word(status: str) -> str:
    """A status for a cell."""
    return STATUSES.get(status, status.replace("_", " "))


def document(snapshot: Snapshot) -> list[str]:
    """The whole document."""
    verdicts, ids = verdicts_of(snapshot), found_ids(snapshot)
    return [
        "# The sample organisation: what was planted, and what the product says",
        "",
        f"Made by `make verdicts` from the build of `plumbline demo`, as of {snapshot.manifest.as_of}. What was planted"
        " and why the numbers are what they are: [sample-organisation.md](sample-organisation.md). How often other"
        " seeds tell the same: [sample-spread.md](sample-spread.md).",
        "",
        "## Planted truths, on the trailing year",
        "",
        *planted(verdicts),
        "",
        "## What else was planted",
        "",
        *table(
            ("what is wrong", "planted in", "told by", ""),
            ((each.says, each.comes_from, f"`{each.finding}`", mark(each.finding in ids)) for each in PLANTED_FINDINGS),
        ),
        "",
        "## Violated without having been planted as such",
        "",
        *unplanted(verdicts),
        "",
        "## Every verdict of the trailing year",
        "",
        *grid(verdicts),
        "",
        *reasons(verdicts),
        "",
        "## Every failure mode",
        "",
        *failure_modes(snapshot),
        "",
        "## Every gate",
        "",
        *gates(snapshot),
    ]


def mark(is_found: bool) -> str:
    """Whether it was found."""
    return "found" if is_found else "**missed**"


def planted(verdicts: dict[tuple[str, str], Row]) -> list[str]:
    """Each truth beside its verdict."""
    rows = []
    for truth in TRUTHS:
        row = verdicts[truth.constraint, truth.tier]
        is_told = row["status"] in truth.statuses and row["claim"] in truth.claims
        expected = f"{' or '.join(map(word, truth.statuses))}; {' or '.join(map(word, truth.claims))}"
        rows.append(
            (
                truth.tier,
                f"{truth.name}: {truth.reason}",
                f"`{truth.constraint}`",
                expected,
                f"{word(row['status'])}; {word(row['claim'])}",
                mark(is_told),
            )
        )
    return table(("tier", "planted", "constraint", "expected: verdict; claim", "says: verdict; claim", ""), rows)


def unplanted(verdicts: dict[tuple[str, str], Row]) -> list[str]:
    """Violations beyond the planted ones, and whether they follow from the same causes."""
    truths = {(truth.constraint, truth.tier) for truth in TRUTHS}
    rows = [
        (
            tier,
            f"`{constraint}`",
            "the same cause, seen by another constraint" if (tier, constraint) in ACCOMPANYING else "**a false alarm**",
        )
        for (constraint, tier), row in verdicts.items()
        if row["status"] == "violated" and (constraint, tier) not in truths
    ]
    assert all(may_be_violated(tier, name.strip("`")) == ("false" not in why) for tier, name, why in rows)
    return table(("tier", "constraint", "because"), sorted(rows)) if rows else ["Nothing."]


def grid(verdicts: dict[tuple[str, str], Row]) -> list[str]:
    """Constraints by tier."""
    tiers = (*TIERS, "all")
    constraints = [each for each in all_constraints() if any(each == constraint for constraint, _ in verdicts)]
    rows = []
    for constraint in constraints:
        found = [verdicts.get((constraint, tier)) for tier in tiers]
        rows.append((f"`{constraint}`", *(word(row["status"]) if row else "–" for row in found)))
    claims = {row["tier"]: row["claim"] for row in verdicts.values()}
    rows.append(("*claim*", *(word(claims[tier]) if tier in claims else "–" for tier in tiers)))
    return table(("constraint", *(f"tier {tier}" if tier in TIERS else "mixed" for tier in tiers)), rows)


def reasons(verdicts: dict[tuple[str, str], Row]) -> list[str]:
    """Every verdict in its own words, with the records to look at first."""
    lines = []
    for (constraint, tier), row in sorted(verdicts.items(), key=lambda item: (item[0][1], item[0][0])):
        records = [each for found in json.loads(row["evidence"])["records"] for each in found["worst"][:2]]
        named = ", ".join(f"[{each['id']}]({each['url']})" if each["url"] else str(each["id"]) for each in records)
        where = f"tier {tier}" if tier in TIERS else "mixed"
        lines.append(f"- **{where}, `{constraint}`: {row['status'].replace('_', ' ')}.** {row['reason']}")
        if named:
            lines[-1] += f" Behind it: {named}."
    return lines


def failure_modes(snapshot: Snapshot) -> list[str]:
    """Failure modes by tier, and the signals behind those that are present."""
    rows: list[Row] = snapshot.rows("select * from failure_modes order by failure_mode, tier")
    by_place = {(row["failure_mode"], row["tier"]): row for row in rows}
    modes = dict.fromkeys(row["failure_mode"] for row in rows)
    lines = table(
        ("failure mode", *(f"tier {tier}" for tier in TIERS)),
        ((f"`{mode}`", *(word(by_place[mode, tier]["status"]) for tier in TIERS)) for mode in modes),
    )
    lines.append("")
    for (mode, tier), row in by_place.items():
        if row["status"] == "present":
            shown = [each["says"] for each in json.loads(row["signals"]) if each["seen"] == "shows"]
            lines.append(f"- **tier {tier}, `{mode}`**: {'; '.join(shown)}.")
    return lines


def gates(snapshot: Snapshot) -> list[str]:
    """Criteria by phase and tier, what the facts say where they fail, and the phase decisions."""
    rows: list[Row] = snapshot.rows("select * from stage_gates")
    lines = []
    for phase in dict.fromkeys(row["phase"] for row in rows):
        mine = [row for row in rows if row["phase"] == phase]
        by_place = {(row["criterion"], row["tier"]): row for row in mine}
        criteria = {row["criterion"]: row["category"].replace("_", " ") for row in mine}
        cells = (
            (
                category,
                f"`{criterion}`",
                *(OUTCOMES[by_place[criterion, t]["outcome"]] if (criterion, t) in by_place else "–" for t in TIERS),
            )
            for criterion, category in sorted(criteria.items(), key=lambda item: category_order(item[1]))
        )
        lines += [
            "",
            f"### {phase}",
            "",
            *table(("category", "criterion", *(f"tier {tier}" for tier in TIERS)), cells),
            "",
        ]
        lines += [
            f"- tier {row['tier']}, `{row['criterion']}`: {row['evidence']}."
            for row in mine
            if row["outcome"] == "fail"
        ]
    return [*lines[1:], "", "### Decided so far", "", *decisions(snapshot)]


def category_order(category: str) -> int:
    """The place of a category of criteria."""
    return CATEGORIES.index(category.replace(" ", "_"))


def decisions(snapshot: Snapshot) -> list[str]:
    """Who let a tier pass or held it, on which checklist."""
    rows: list[Row] = snapshot.rows(
        """select d.tier, d.to_phase, d.is_approved, d.approvers, d.decided_at::date::varchar as decided_on,
            d.remediation, d.decided_at,
            count(*) filter (where c.outcome = 'pass') as met, count(*) as asked,
            coalesce(string_agg(c.criterion, ', ') filter (where c.outcome = 'fail'), '–') as failed
        from register_phase_decisions d left join phase_checklists c using (decision_id)
        group by all order by d.decided_at, d.tier"""
    )
    cells = (
        (
            row["decided_on"],
            str(row["tier"]),
            row["to_phase"],
            "granted" if row["is_approved"] else "held",
            row["approvers"],
            f"{row['met']} of {row['asked']}",
            row["failed"],
            row["remediation"] or "–",
        )
        for row in rows
    )
    return table(("on", "tier", "phase", "", "by", "criteria met then", "failed then", "to be mended first"), cells)


def main() -> None:
    """Build the organisation and write the document."""
    with tempfile.TemporaryDirectory() as folder:
        with chdir(folder):
            assert run(["demo", "--no-serve"]) == 0
        with open_snapshot(load_workspace(Path(folder) / "demo")) as snapshot:
            DOCUMENT.write_text("\n".join(document(snapshot)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
