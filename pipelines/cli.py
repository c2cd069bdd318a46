"""The command ``plumbline``: finds commands by discovery, turns every expected failure into one line and a status."""

from __future__ import annotations

import errno
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

import pipelines.commands
from schemas.errors import PlumblineError

INTERRUPTED = 130
"""Exit status of a command that was stopped with Ctrl-C, as shells have it."""
WHEN_INTERRUPTED = "interrupted; what was complete is kept"


class Commands(click.Group):
    """The commands of the folder ``pipelines/commands``, imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """Names of all commands."""
        found = pkgutil.iter_modules(pipelines.commands.__path__)
        return sorted(module.name.replace("_", "-") for module in found if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command by name; None where there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"pipelines.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        command.name = cmd_name
        return command


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=Path(),
    envvar="PLUMBLINE_WORKSPACE",
    help="Folder that holds plumbline.toml; here by default, or what PLUMBLINE_WORKSPACE names.",
)
@click.version_option(package_name="plumbline", prog_name="plumbline")
@click.pass_context
def plumbline(context: click.Context, workspace: Path) -> None:
    """Measure change delivery by risk tier, and whether speed was paid for with quality."""
    context.obj = workspace
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; whatever is wrong with the input is one line on standard error."""
    try:
        # Not click's own `main`, which prints and exits for a closed pipe and for Ctrl-C.
        with plumbline.make_context("plumbline", list(arguments)) as context:
            result = plumbline.invoke(context)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except PlumblineError as error:
        return _fail(str(error), error.exit_status)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.UsageError as error:
        help_line = f"{error.ctx.command_path} --help" if error.ctx else "plumbline --help"
        return _fail(f"{error.format_message()} (see `{help_line}`)", 2)
    except click.ClickException as error:
        return _fail(error.format_message(), 2)
    except (KeyboardInterrupt, click.Abort):
        return _fail(WHEN_INTERRUPTED, INTERRUPTED)
    except BrokenPipeError:
        # The reader has had enough (`plumbline export … | head`); closing the pipe again at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(_system_message(error), 2)
    except Exception as error:
        said = _database_message(error)
        if said is None:
            raise
        return _fail(*said)


def _fail(message: str, status: int) -> int:
    click.echo(f"plumbline: {' '.join(message.split())}", err=True)
    return status


def _system_message(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}the disk is full; make room and run it again"
    return f"{where}{error.strerror or error}"


def _database_message(error: Exception) -> tuple[str, int] | None:
    """What the database says, and the exit status; None for any other error. Asks only if it is in use at all."""
    if isinstance(error.__cause__, KeyboardInterrupt):  # so it passes Ctrl-C on
        return WHEN_INTERRUPTED, INTERRUPTED
    duckdb = sys.modules.get("duckdb")
    if duckdb is None or not isinstance(error, duckdb.Error):
        return None
    from pipelines.warehouse import translate

    return str(translate(error, Path())), 2


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
