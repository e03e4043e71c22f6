"""``lazyscope run``: a program as Python would run it, watched from its first line to its last thread."""

from __future__ import annotations

import atexit
import os
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lazyscope.cli import status

if TYPE_CHECKING:
    from lazyscope.capture.program import Outcome, Program
    from lazyscope.capture.session import Session


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Example: lazyscope run --array-api pipeline.py --year 2024",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where the trace goes.")
@click.option("--overwrite", is_flag=True, help="Replace an existing trace.")
@click.option("--array-api", is_flag=True, help="Set SCIPY_ARRAY_API=1 for the program.")
@click.option(
    "--as", "packages", multiple=True, metavar="PACKAGE", help="Treat this package's files as your own."
)
@click.option("-m", "as_module", is_flag=True, help="Run a module by name, as `python -m` does.")
@click.argument("script", metavar="SCRIPT|MODULE")
@click.argument("arguments", metavar="[ARGS]...", nargs=-1, type=click.UNPROCESSED)
def run(
    output: Path | None,
    overwrite: bool,
    array_api: bool,
    packages: tuple[str, ...],
    as_module: bool,
    script: str,
    arguments: tuple[str, ...],
) -> None:
    """Run SCRIPT and record every dask graph it executes.

    Everything after SCRIPT belongs to the program, and so does the exit status. The trace is written
    while the program runs, by default to lazyscope-<name>-<n>.lazy in this directory.
    """
    sys.exit(
        run_watched(
            script, list(arguments), as_module=as_module, output=output, overwrite=overwrite,
            array_api=array_api, packages=packages,
        )
    )  # fmt: skip


def run_watched(
    script: str,
    arguments: list[str],
    *,
    as_module: bool = False,
    output: Path | None = None,
    overwrite: bool = False,
    array_api: bool = False,
    packages: tuple[str, ...] = (),
) -> int:
    """Run a program under a trace that covers the whole process; return the program's exit status.

    The trace is closed when the interpreter exits, after the program's last thread.
    """
    if array_api:
        os.environ["SCIPY_ARRAY_API"] = "1"
    program = _find(script, as_module)
    if program is None:
        return 1
    session = _open(program, [script, *arguments], output, overwrite, array_api, packages)
    ending = _Ending(session)
    atexit.register(ending.close)

    from lazyscope.capture.program import execute, forget_modules

    # A program may have a module of that name, and is to find its own.
    forget_modules("click")
    ending.outcome = outcome = execute(program, arguments, session)
    return outcome.status


def _find(script: str, as_module: bool) -> Program | None:
    """The program; None if it does not compile, which has then been shown as Python shows it."""
    from lazyscope.capture.program import find_module, find_script

    try:
        return find_module(script) if as_module else find_script(script)
    except SyntaxError as error:
        sys.excepthook(type(error), error, None)
        return None


def _open(
    program: Program,
    argv: list[str],
    output: Path | None,
    overwrite: bool,
    array_api: bool,
    packages: tuple[str, ...],
) -> Session:
    from lazyscope.capture import session
    from lazyscope.capture.roles import Roles

    roles = Roles(program=program.file, program_package=program.package, user_packages=packages)
    return session.start(
        path=output or default_path(program.stem), overwrite=overwrite, everywhere=True, roles=roles,
        argv=argv, array_api_set=array_api,
    )  # fmt: skip


def default_path(stem: str) -> Path:
    """The first free ``lazyscope-<stem>-<n>.lazy`` in the working directory."""
    directory = Path.cwd()
    return next(
        path
        for path in (directory / f"lazyscope-{stem}-{number}.lazy" for number in count(1))
        if not path.exists()
    )


class _Ending:
    """Closes the trace when everything the program left behind has ended."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._process = os.getpid()
        self.outcome: Outcome | None = None

    def close(self) -> None:
        if os.getpid() != self._process:
            return
        from lazyscope.capture import session
        from lazyscope.capture.program import end_by_interrupt

        opened = self._session
        session.stop(opened, _end_record(opened, self.outcome))
        print(f"lazyscope: {opened.forces:,} forces, trace in {_shown(opened)}", file=sys.stderr)
        if self.outcome is not None and self.outcome.interrupted:
            end_by_interrupt()


def _end_record(session: Session, outcome: Outcome | None) -> object:
    from lazyscope.model import events

    error = outcome.error if outcome is not None else None
    return events.End(
        seconds=session.now(),
        ended="ok" if error is None else "exception",
        exception=None if error is None else type(error).__name__,
        status=status.OK if outcome is None else outcome.status,
    )


def _shown(session: Session) -> str:
    path = session.recorder.journal.path
    assert path is not None
    try:
        return os.path.relpath(path)
    except ValueError:
        return str(path)
