"""`plumbline doctor`: checks of installation, workspace, sources and rules."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipelines.doctor.model import Check


@click.command()
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option("--offline", is_flag=True, help="Ask no host.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output instead of text.")
@click.pass_obj
def command(workspace_folder: Path, sources: tuple[str, ...], offline: bool, as_json: bool) -> int:
    """Check the installation, the workspace, each source (all, or those named) and every rule; change nothing.

    Says what a source can and cannot see, and which rules match nothing, with the names that do exist. Exit status 2:
    there is something to mend.
    """
    from pipelines.doctor.examine import examine
    from pipelines.doctor.report import Report

    report = Report(sys.stdout, sys.stderr)
    found: list[Check] = []
    for check in examine(workspace_folder, sources, offline=offline, begins=report.begins):
        found.append(check)
        if not as_json:
            report.show(check)
    problems = sum(check.state == "problem" for check in found)
    notes = sum(check.state == "note" for check in found)
    if as_json:
        facts = {"problems": problems, "notes": notes, "checks": [check.as_facts() for check in found]}
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        report.end(problems, notes)
    if problems:
        click.echo(f"plumbline: {problems} {'problem' if problems == 1 else 'problems'} to mend, see above", err=True)
    return 2 if problems else 0
