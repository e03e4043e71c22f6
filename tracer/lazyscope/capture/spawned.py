"""Processes that `multiprocessing` spawns: each writes a trace of its own beside its parent's.

A spawned child is a new interpreter that is told by ``-c`` what to do. While a trace with a file is open
the text that tells it has two lines more: they open a trace in the child, if lazyscope can be imported
there. A forked child needs no help to go on recording, only to end its trace before it leaves by
``os._exit``.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from lazyscope.capture import session as sessions
from lazyscope.capture.own_failures import guarded
from lazyscope.capture.patching import Patches
from lazyscope.capture.running import current
from lazyscope.capture.session import Session
from lazyscope.capture.wrapping import unseen, without_catcher
from lazyscope.model import events

NOT_WATCHED = "a process was started that is not watched: its calls and forces are missing"

_PROGRAM = """\
try:
    from lazyscope.capture.spawned import watch
    watch({path!r}, {argv!r}, {packages!r}, {program_package!r})
except Exception:
    pass
"""


MODULES = ("multiprocessing.spawn", "multiprocessing.popen_forkserver")


def install(patches: Patches, module: ModuleType) -> None:
    """Watch processes being spawned, or asked of a fork server.

    Parameters
    ----------
    patches : Patches
    module : module
        One of `MODULES`.
    """
    if module.__name__ == "multiprocessing.spawn":
        original = vars(module)["get_command_line"]
        watched = _make_get_command_line(original, _with_watch, without_catcher)
        patches.set(module, "get_command_line", functools.wraps(original)(watched))
    else:
        original = vars(module.Popen)["_launch"]
        watched = _make_launch(original, _note_not_watched, without_catcher)
        patches.set(module.Popen, "_launch", functools.wraps(original)(watched))


@unseen
def _make_get_command_line(original: Any, with_watch: Any, unmark: Any) -> Callable[..., Any]:
    def get_command_line(**kwargs: Any) -> list[str]:
        try:
            command: list[str] = original(**kwargs)
        except BaseException as error:
            unmark(error)
            raise
        with_watch(command)
        return command

    return get_command_line


@unseen
def _make_launch(original: Any, note: Any, unmark: Any) -> Callable[..., Any]:
    def _launch(self: Any, process_obj: Any) -> None:
        note()
        try:
            original(self, process_obj)
        except BaseException as error:
            unmark(error)
            raise

    return _launch


@guarded
def _note_not_watched() -> None:
    # The server that forks it may be older than the trace.
    for session in sessions.watching():
        _note_missing(session)


@guarded
def note_forked() -> None:
    """Say what is missing: the child of a trace without a file keeps what it records to itself."""
    for session in sessions.watching():
        if session.recorder.journal.path is None:
            _note_missing(session)


def _note_missing(session: Session) -> None:
    inside = current()
    # Of a force in other processes that is said already.
    if inside is None or inside[0].scheduler != "processes":
        session.blind_spot(NOT_WATCHED)


@guarded
def _with_watch(command: list[str]) -> None:
    """Have a child that is about to be started open a trace."""
    for session in sessions.watching():
        journal = session.recorder.journal
        if journal.path is None or "-c" not in command or sys.platform == "win32":
            _note_missing(session)
            continue
        program = command.index("-c") + 1
        command[program] = (
            _PROGRAM.format(
                path=str(journal.path),
                argv=session.recorder.header.argv,
                packages=session.roles.user_packages,
                program_package=session.roles.program_package,
            )
            + command[program]
        )


def watch(path: str, argv: list[str], packages: tuple[str, ...], program_package: str | None = None) -> None:
    """Open a trace in a spawned child; its file is made with the first thing recorded.

    Parameters
    ----------
    path : str
        The parent's file.
    argv : list of str
        The parent's program, as its trace shows it.
    packages : tuple of str
        What the parent was told to take as the user's.
    program_package : str, optional
        Package of the module that the parent runs.
    """
    from lazyscope.capture.roles import Roles

    roles = Roles(program_package=program_package, user_packages=packages)
    session = sessions.start(everywhere=True, roles=roles, argv=argv)
    sessions.continue_in_child(session, Path(path), "spawned")
    # What is registered first ends last.
    atexit.register(end, session)


def end(session: Session) -> None:
    """End the trace of a child, if it has anything to tell."""
    if session.recorder.calls or session.recorder.journal.begun:
        sessions.stop(session, events.End(seconds=session.now(), ended="ok"))


def end_with_process(session: Session) -> None:
    """Have the trace of a child that `multiprocessing` forked end before the process does."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        process = os.getpid()
        util.register_after_fork(session, functools.partial(_register_end, process))


def _register_end(process: int, session: Session) -> None:
    util = sys.modules["multiprocessing.util"]
    if os.getpid() == process:
        # A negative priority comes after those of the program.
        util.Finalize(None, end, args=(session,), exitpriority=-1000)
