"""`plumbline check`: the verdicts, for people and for release pipelines."""

from pathlib import Path

import click

FORMATS = ("text", "json", "junit", "github")


@click.command()
@click.option(
    "--fail-on",
    type=click.Choice(["violated", "at_risk"]),
    default="violated",
    show_default=True,
    help="Exit with status 1 if any verdict is as bad as this or worse.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.pass_obj
def command(workspace_folder: Path, fail_on: str, form: str, as_json: bool) -> int:
    """Print the newest verdict of every constraint in every tier.

    The newest month, quarter and trailing year whose follow-up has passed count; what is provisional does not.
    """
    from pipelines.newest_verdicts import WORST_FIRST, newest_verdicts
    from pipelines.snapshot_reader import open_snapshot
    from pipelines.verdict_report import report
    from schemas.workspace import load_workspace

    with open_snapshot(load_workspace(workspace_folder)) as snapshot:
        verdicts = newest_verdicts(snapshot)
        bad = WORST_FIRST[: WORST_FIRST.index(fail_on) + 1]
        click.echo(report(snapshot.manifest, verdicts, bad, "json" if as_json else form))
    return int(any(verdict["status"] in bad for verdict in verdicts))
