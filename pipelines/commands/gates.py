"""`plumbline gates`: the stage-gate checklist with what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.option("--phase", "phase_id", metavar="PHASE", help="Only what is asked before entering this phase.")
@click.option("--tier", type=click.IntRange(1, 4), help="Only this tier.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output instead of text.")
@click.pass_obj
def command(workspace_folder: Path, phase_id: str | None, tier: int | None, as_json: bool) -> None:
    """Print what each tier has shown for each phase of the rollout, and what is missing.

    Without --phase, the phase after the one that each tier is in. Exit status 0 whatever is missing: people decide.
    """
    from metrics.rollout.model import PHASES
    from pipelines.gate_report import checklist, report
    from pipelines.snapshot_reader import open_snapshot
    from schemas.errors import InputError
    from schemas.workspace import load_workspace

    if phase_id is not None and phase_id not in PHASES:
        raise InputError("is no phase", phase_id, f"phases are {', '.join(PHASES)}")
    with open_snapshot(load_workspace(workspace_folder)) as snapshot:
        found = checklist(snapshot, phase_id, str(tier) if tier else None)
        shown = [each.as_dict() for each in found]
        click.echo(json.dumps(shown, indent=1, ensure_ascii=False) if as_json else report(found))
