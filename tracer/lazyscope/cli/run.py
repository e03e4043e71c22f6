"""``lazyscope run``: a program as Python would run it, watched from its first line to its last thread."""

from __future__ import annotations

import atexit
import os
import re
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lazyscope.capture.narration import narrate
from lazyscope.cli import status
from lazyscope.errors import LazyscopeError
from lazyscope.figures import plural

if TYPE_CHECKING:
    from lazyscope.capture.program import Outcome, Program
    from lazyscope.capture.session import Session
    from lazyscope.model.events import End


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Example: lazyscope run --array-api pipeline.py --year 2024",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where the trace goes.")
@click.option("--overwrite", is_flag=True, help="Replace an existing trace.")
@click.option("--array-api", is_flag=True, help="Set SCIPY_ARRAY_API=1 for the program.")
@click.option("--live", is_flag=True, help="Watch its forces and its memory while it runs.")
@click.option(
    "--max-forces", type=click.IntRange(min=0), metavar="N",
    help="End with status 1 if the program ends well with more forces.",
)  # fmt: skip
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
    live: bool,
    max_forces: int | None,
    packages: tuple[str, ...],
    as_module: bool,
    script: str,
    arguments: tuple[str, ...],
) -> None:
    """Run SCRIPT and record every dask graph it executes.

    Everything after SCRIPT belongs to the program, and so does the exit status. The trace is written
    while the program runs, by default to lazyscope-<name>-<n>.lazy in this directory.

    With --live it runs in a child process, and what it reads from the terminal is nothing: the keys are
    the explorer's. What is piped to it reaches it.
    """
    if live:
        if not as_module and _find(script, as_module) is None:
            sys.exit(1)
        options = ["--array-api"] * array_api + ["-m"] * as_module
        options += [] if max_forces is None else [f"--max-forces={max_forces}"]
        options += [f"--as={package}" for package in packages]
        path = _live_path(output, overwrite, script, as_module)
        sys.exit(_run_live([*options, "--", script, *arguments], path))
    sys.exit(
        run_watched(
            script, list(arguments), as_module=as_module, output=output, overwrite=overwrite,
            array_api=array_api, packages=packages, max_forces=max_forces,
        )
    )  # fmt: skip


def _live_path(output: Path | None, overwrite: bool, script: str, as_module: bool) -> Path:
    """Where the trace goes; nothing that is to be kept is there."""
    path = output or default_path(script if as_module else Path(script).stem)
    if os.path.exists(path) and not overwrite:
        from lazyscope.model.journal import REMEDY

        raise LazyscopeError(f"{path} exists and would be lost: {REMEDY}")
    return path


def _run_live(arguments: list[str], path: Path) -> int:
    from lazyscope.exploring import require

    require("textual", "--live")
    from lazyscope_tui.live import run_live

    return run_live(arguments, path)


def run_watched(
    script: str,
    arguments: list[str],
    *,
    as_module: bool = False,
    output: Path | None = None,
    overwrite: bool = False,
    array_api: bool = False,
    packages: tuple[str, ...] = (),
    max_forces: int | None = None,
) -> int:
    """Run a program under a trace that covers the whole process; return the program's exit status.

    The trace is closed when the interpreter exits, after the program's last thread.
    """
    # Registered before any import that registers something too: what was registered last ends first.
    ending = _Ending(max_forces)
    atexit.register(ending.close)
    if array_api:
        os.environ["SCIPY_ARRAY_API"] = "1"
    program = _find(script, as_module)
    if program is None:
        return 1
    ending.session = session = _open(program, [script, *arguments], output, overwrite, array_api, packages)

    from lazyscope.capture.program import execute, forget_modules

    # A program may have a module of that name, and is to find its own.
    forget_modules("click")
    ending.outcome = outcome = execute(program, arguments, session)
    return outcome.status


def _find(script: str, as_module: bool) -> Program | None:
    """The program; None if it cannot be begun, which has then been shown as Python shows it."""
    from lazyscope.capture.program import find_module, find_script, show_uncaught, without_own_frames

    try:
        return find_module(script) if as_module else find_script(script)
    except LazyscopeError:
        raise
    except Exception as error:
        # It does not compile, or a package it lies in cannot be imported.
        without_own_frames(error)
        show_uncaught(error)
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
    directory = _working_directory()
    if directory is None:
        raise LazyscopeError("this directory is gone: say with -o where the trace goes")
    return next(
        path
        for path in (Path(directory, f"lazyscope-{stem}-{number}.lazy") for number in count(1))
        # With a name that is too long `Path.exists` raises before Python 3.13.
        if not os.path.exists(path)
    )


class _Ending:
    """Closes the trace when everything the program left behind has ended."""

    def __init__(self, max_forces: int | None = None) -> None:
        self.session: Session | None = None
        self._max_forces = max_forces
        self.outcome: Outcome | None = None
        self._process = os.getpid()
        self._directory = _working_directory()

    def close(self) -> None:
        if self.session is None:
            return
        from lazyscope.capture.program import end_by_interrupt, end_with_status

        session, outcome = self.session, self.outcome
        broken = False
        if os.getpid() == self._process:
            self._close(session)
            broken = self._is_over_budget(session) | self._differs(session)
        elif _has_recorded(session):
            _stop(session, outcome)
        self.session = self.outcome = None
        if outcome is not None and outcome.interrupted:
            end_by_interrupt()
        if broken and outcome is not None and outcome.status == status.OK:
            end_with_status(status.WORSE)

    def _differs(self, session: Session) -> bool:
        """Whether a comparison with NumPy found that results differ; then that has been said."""
        if session.unequal:
            differ = "differs" if session.unequal == 1 else "differ"
            narrate(f"{plural(session.unequal, 'comparison')} with NumPy {differ}")
        return bool(session.unequal)

    def _is_over_budget(self, session: Session) -> bool:
        """Whether there were more forces than the budget; then the worst sites have been named."""
        if self._max_forces is None or session.forces - session.allowed <= self._max_forces:
            return False
        narrate(_exceeded(session, self._max_forces))
        return True

    def _close(self, session: Session) -> None:
        _stop(session, self.outcome)
        journal = session.recorder.journal
        where = f", trace in {_shown(journal.path, self._directory)}" if journal.exists else ""
        children = _children(journal.path, session.recorder.header.started)
        narrate(f"{plural(session.forces, 'force')}{where}{children}")


def _exceeded(session: Session, limit: int) -> str:
    """What to say of a budget that was exceeded; the sites are in the trace, if that can still be read."""
    from lazyscope.model import journal, trace
    from lazyscope.report.budget import exceeded

    budget = "--max-forces {}"
    try:
        data = trace.assemble(journal.read_records(session.recorder.journal.content()))
    except (LazyscopeError, OSError):
        return f"{plural(session.forces - session.allowed, 'force')}, where {budget.format(limit)}"
    return exceeded(data, limit, budget=budget)


def _children(path: Path | None, started: float) -> str:
    """A word about the traces of child processes, which lie beside their parent's."""
    if path is None:
        return ""
    name = re.compile(re.escape(path.stem) + r"-\d+" + re.escape(path.suffix))
    try:
        beside = [found for found in path.parent.iterdir() if name.fullmatch(found.name)]
        written = sum(found.stat().st_mtime >= started for found in beside)
    except OSError:
        return ""
    children = "a child process" if written == 1 else f"{written:,} child processes"
    names = f"{path.stem}-<process>{path.suffix}"
    return f"\nlazyscope: traces of {children} in {names}" if written else ""


def _stop(opened: Session, outcome: Outcome | None) -> None:
    from lazyscope.capture import session

    session.stop(opened, _end_record(opened, outcome))


def _has_recorded(session: Session) -> bool:
    """Whether a forked child has anything of its own to tell."""
    return bool(session.recorder.calls) or session.recorder.journal.begun


def _end_record(session: Session, outcome: Outcome | None) -> End:
    from lazyscope.model import events

    error = outcome.error if outcome is not None else None
    return events.End(
        seconds=session.now(),
        ended="ok" if error is None else "exception",
        exception=None if error is None else type(error).__name__,
        status=status.OK if outcome is None else outcome.status,
    )


def _working_directory() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _shown(path: Path | None, directory: str | None) -> str:
    """The path as seen from where the program was started."""
    try:
        return str(path) if directory is None else os.path.relpath(str(path), directory)
    except ValueError:
        return str(path)
