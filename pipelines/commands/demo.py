"""`plumbline demo`: the sample organisation, loaded, built, and its dashboard opened."""

import time
from pathlib import Path

import click

FOLDER = Path("demo")


@click.command()
@click.option("--no-serve", is_flag=True, help="Stop after the build.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the dashboard; any free one by default."
)
def command(no_serve: bool, port: int) -> int:
    """Make ./demo, a workspace with the sample organisation, build it, and open its dashboard.

    The organisation does not exist; what is wrong in it was planted, and the verdicts say whether it was found.
    """
    from rich.console import Console

    from pipelines.build_summary import show, width_of_output
    from pipelines.dashboard_server import serve_dashboard
    from pipelines.demo import make_demo
    from pipelines.intake.load import load_folder
    from pipelines.issue_brief import issue_brief, issue_report
    from pipelines.run_build import run_build
    from pipelines.snapshot_reader import open_snapshot
    from pipelines.warehouse import Warehouse

    workspace = make_demo(FOLDER)
    with Warehouse.open(workspace, write=True) as warehouse:
        loaded = sum(table.read for table in load_folder(warehouse, FOLDER / "events").tables)
    click.echo(f"{workspace.name}: {loaded:,} records loaded into {FOLDER}/")
    started = time.perf_counter()
    run_build(workspace)
    with open_snapshot(workspace) as snapshot:
        show(snapshot, time.perf_counter() - started, Console(highlight=False, width=width_of_output()))
    for issued in (issue_brief(workspace, None), issue_report(workspace, None)):
        click.echo(f"brief     {issued.brief.files[0]}")
    if no_serve:
        click.echo(f"look at it with `plumbline --workspace {FOLDER} serve`")
        return 0
    return serve_dashboard(workspace, port, opens=True)
