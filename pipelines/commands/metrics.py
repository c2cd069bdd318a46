"""`plumbline metrics`: the metric tree, or one definition with its versions.

Imports no frame or database library while the newest snapshot has no gap to tell of.
"""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

SIDES = {"leading": "Leading: what predicts stability", "lagging": "Lagging: what the business ends up with"}
LABEL_WIDTH = 14
WIDEST = 110
"""Columns of text beyond which lines are hard to read."""


@click.command()
@click.argument("metric_id", metavar="[ID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output instead of text.")
@click.pass_obj
def command(workspace_folder: Path, metric_id: str | None, as_json: bool) -> None:
    """Show the metric tree, or the definition of the metric ID with its versions.

    In a workspace that has been built, a metric without figures says why it has none.
    """
    from metrics.definition_sheet import sheet
    from metrics.definitions import all_metrics

    tree = all_metrics()
    if metric_id is None:
        sheets = [sheet(metric) for metric in tree.values()]
        click.echo(json.dumps(sheets, indent=1) if as_json else "\n".join(_tree(sheets)))
        return
    if metric_id not in tree:
        raise _unknown(metric_id, list(tree))
    chosen = sheet(tree[metric_id]) | {"without_figures": _gaps(workspace_folder, metric_id)}
    click.echo(json.dumps(chosen, indent=1) if as_json else "\n".join(_sheet(chosen)))


def _gaps(workspace_folder: Path, metric_id: str) -> list[str]:
    """Why the newest snapshot has no figures of a metric, in all tiers or in one."""
    from pipelines.metric_gaps import gap_sentence, published_gaps
    from schemas.snapshot import SnapshotFolder

    gaps = published_gaps(SnapshotFolder.of_workspace(workspace_folder))
    return [gap_sentence(gap) for gap in gaps if gap.metric == metric_id]


def _unknown(metric_id: str, known: list[str]) -> Exception:
    from schemas.errors import InputError

    wanted = metric_id.lower().replace("-", "_")
    near = [name for name in known if wanted and wanted in name] or get_close_matches(wanted, known, n=3, cutoff=0.5)
    advice = f"did you mean {' or '.join(near[:3])}?" if near else "`plumbline metrics` lists all"
    return InputError("there is no metric of that name", metric_id, advice)


def _tree(sheets: list[dict[str, Any]]) -> Iterator[str]:
    from metrics.definition_sheet import BETTER

    names = max(len(each["id"]) for each in sheets) + 2
    units = max(len(each["unit"]) for each in sheets)
    for side, title in SIDES.items():
        yield title
        for each in sheets:
            if each["side"] != side:
                continue
            mark = "*" if each["headline"] else " "
            name = ("  " if each["part_of"] else "") + each["id"]
            yield f" {mark} {name:<{names}}  {each['unit']:<{units}}  {BETTER[each['direction']]:<16}  {each['name']}"
        yield ""
    yield "* headline metric. `plumbline metrics ID` shows a definition whole."


def _sheet(chosen: dict[str, Any]) -> Iterator[str]:
    from metrics.definition_sheet import BETTER

    yield f"{chosen['name']} ({chosen['id']}, version {chosen['version']})"
    yield ""
    part_of = f", part of {chosen['part_of']}" if chosen["part_of"] else ""
    yield from _field("kind", f"{chosen['side']}{', headline' if chosen['headline'] else ''}{part_of}")
    yield from _field("unit", f"{chosen['unit']}, {BETTER[chosen['direction']]}")
    yield from _field("no figures", *chosen["without_figures"])
    yield from _field("formula", chosen["formula"])
    yield from _field("source", chosen["source"])
    yield from _field("reads", ", ".join(chosen["inputs"]))
    yield from _field("estimator", *chosen["estimators"])
    yield from _field("given by", ", ".join(chosen["segments"]))
    yield from _field("follow-up", _days(chosen["follow_up_days"]))
    yield from _field("watched", " or ".join(chosen["watched"]) or "nothing has to be")
    targets = [f"tier {tier}: {target:g} {chosen['unit']}" for tier, target in chosen["targets"].items()]
    yield from _field("target", "; ".join(targets) or "none set")
    yield from _field("reported", chosen["reporting"])
    yield from _field("audience", chosen["audience"])
    yield from _field("owner", chosen["owner"])
    yield from _field("paired with", ", ".join(chosen["paired_constraints"]) or "no constraint")
    yield from _field("caveats", *chosen["caveats"])
    yield from _field("examples", *(f"{each['says']} {_expected(each['expect'])}" for each in chosen["examples"]))
    versions = [
        f"{each['version']}, {each['effective_at']}, {each['owner']}: {each['change']}" for each in chosen["versions"]
    ]
    yield from _field("versions", *versions)


def _days(days: float) -> str:
    return f"{days:g} days: until then a window is provisional" if days else "none: a window is final when it ends"


def _expected(expect: dict[str, float | None]) -> str:
    told = ", ".join(f"{name} {'none' if value is None else f'{value:.6g}'}" for name, value in expect.items())
    return f"[{told}]"


def _field(label: str, *values: str) -> Iterator[str]:
    """A labelled value wrapped to the terminal; several values are items of a list."""
    width = min(shutil.get_terminal_size().columns, WIDEST)
    for number, value in enumerate(values):
        bullet = "- " if len(values) > 1 else ""
        first = f"  {label if number == 0 else '':<{LABEL_WIDTH}}{bullet}"
        wrapped = textwrap.TextWrapper(
            width, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
        )
        yield from wrapped.wrap(value)
