"""The `lazyscope` command: finds the module of a verb when the verb is used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from lazyscope._version import __version__
from lazyscope.cli import status
from lazyscope.errors import LazyscopeError
from lazyscope.text.harmless import harmless

VERBS = {
    "run": "Run a program and record what makes it execute dask graphs.",
    "show": "Summarise a trace on one screen.",
    "explain": "Say what a finding's code means and how to mend it.",
    "tui": "Explore a trace in the terminal: findings, calls, forces, graph.",
    "report": "Write a report of a trace: HTML, Markdown, JSON, SARIF, a timeline.",
    "graph": "Draw a trace: the program's course, its dataflow, a force's layers.",
    "diff": "Compare two runs: findings that are new, gone, worse, better.",
    "doctor": "Say what keeps arrays from staying lazy here, and what to type.",
    "demo": "Record and show a bundled sample.",
}
"""Verbs and what they do, in the order of the help. A verb lives in the module of its name."""


class VerbGroup(click.Group):
    """Loads verbs when they are used, and says what went wrong in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb for verb in VERBS if find_spec(f"lazyscope.cli.{verb}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(import_module(f"lazyscope.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table, since loading every verb takes a second."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, VERBS[verb]) for verb in self.list_commands(ctx)])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(status.USAGE)
        with errors_in_one_line(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with errors_in_one_line(ctx):
            return super().invoke(ctx)


@contextmanager
def errors_in_one_line(ctx: click.Context) -> Iterator[None]:
    """Turn an error that the user can mend into a line on stderr and status 2."""
    try:
        yield
    except click.UsageError as error:
        verb = (error.ctx or ctx).command_path
        message = f"{error.format_message().rstrip('.')}. Try `{verb} --help`."
    except click.ClickException as error:
        message = error.format_message()
    except LazyscopeError as error:
        message = str(error)
    else:
        return
    click.echo(f"lazyscope: {harmless(message)}", err=True)
    ctx.exit(status.USAGE)


def _print_version(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    click.echo(f"lazyscope {__version__}")
    ctx.exit()


@click.group(
    "lazyscope",
    cls=VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExample:\n  lazyscope run pipeline.py\n  lazyscope show lazyscope-pipeline-1.lazy",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Find out where a program executes dask graphs, how often, and at what cost."""
