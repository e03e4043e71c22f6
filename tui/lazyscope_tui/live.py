"""``lazyscope run --live``: a program in a child process, its forces and its memory while it runs."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

from textual.binding import BindingType

from lazyscope.errors import LazyscopeError
from lazyscope.text.harmless import harmless
from lazyscope_tui.app import Explorer
from lazyscope_tui.child import Child, resident_bytes
from lazyscope_tui.journal_tail import JournalTail
from lazyscope_tui.keys import bindings
from lazyscope_tui.screens.live import LiveScreen, StopScreen
from lazyscope_tui.session import Session

_TICK = 0.2
_BY_SIGNAL = 128
"""Statuses above this are a signal's."""


class Following:
    """A program that runs, and what is known of it so far.

    Parameters
    ----------
    child
        The program.
    path
        Of its journal.
    """

    def __init__(self, child: Child, path: Path) -> None:
        self.child = child
        self.tail = JournalTail(path)
        self.began = time.time()
        self.ended: float | None = None
        self.resident: int | None = None
        self.highest = 0
        """Of the resident sizes seen."""
        self.error: LazyscopeError | None = None
        """Why the journal cannot be followed any more."""
        self._session: Session | None = None

    def look(self) -> None:
        """Read what is new."""
        now = time.time()
        has_ended = self.child.status is not None
        if self.error is None:
            try:
                self.tail.read()
            except LazyscopeError as error:
                self.error = error
        if has_ended:
            self.ended = self.ended or now
        else:
            self.tail.tick(now)
            # One that has just ended holds nothing.
            self.resident = resident_bytes(self.child.pid) or self.resident
            self.highest = max(self.highest, self.resident or 0)

    @property
    def session(self) -> Session | None:
        """What has been recorded so far; None before anything has."""
        trace = self.tail.trace
        if self._session is None and trace is not None:
            self._session = Session(self.tail.path, trace)
        return self._session

    @property
    def seconds(self) -> float:
        """How long it has been running, or ran."""
        return (self.ended or time.time()) - self.began


class LiveExplorer(Explorer):
    """Follows a program, and goes on with its trace.

    Parameters
    ----------
    following
        The program.
    """

    # Textual's own Ctrl-C would copy.
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("live", first=("ctrl+c",))]

    def __init__(self, following: Following) -> None:
        super().__init__(following.tail.path)
        self.following = following

    def _begin(self) -> None:
        self.push_screen(LiveScreen(self.following))
        self.set_interval(_TICK, self._look)

    def _look(self) -> None:
        following = self.following
        was_running = following.ended is None
        following.look()
        has_just_ended = was_running and following.ended is not None
        if has_just_ended:
            self.refresh_bindings()
        if isinstance(self.screen, LiveScreen):
            self.screen.tell()
        elif has_just_ended:
            self.notify(f"the program {following.child.ending}: ctrl-r reads all of its trace", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        live = isinstance(self.screen, LiveScreen)
        if action in ("explore", "other_pane"):
            return live
        if action == "ask_whom_to_stop" and self.following.child.status is not None:
            return False
        if action == "show_live":
            return self.session is not None and not live and not self.screen.is_modal
        return super().check_action(action, parameters)

    def action_explore(self) -> None:
        """Read what there is, and show it as every trace is shown."""
        if self.following.tail.trace is None:
            self.notify("nothing has been recorded yet", markup=False, timeout=2)
        else:
            super()._begin()

    def action_show_live(self) -> None:
        self.push_screen(LiveScreen(self.following))

    def action_ask_whom_to_stop(self) -> None:
        """The program, the explorer, or neither."""
        if self.following.child.status is not None:
            self.exit()
        elif not isinstance(self.screen, StopScreen):
            self.push_screen(StopScreen(), self._stop)

    def _stop(self, whom: str | None) -> None:
        child = self.following.child
        if whom == "program":
            child.send(signal.SIGINT)
            self.notify("interrupted; Ctrl-C again to kill it", markup=False)
        elif whom == "kill":
            child.send(signal.SIGKILL)
        elif whom == "explorer":
            self.exit()

    async def action_quit(self) -> None:
        """Leave; while the program runs, ask."""
        if self.following.child.status is None:
            self.action_ask_whom_to_stop()
        else:
            await super().action_quit()


def run_live(arguments: Sequence[str], path: Path) -> int:
    """Run a program under the eyes of the reader.

    Parameters
    ----------
    arguments
        Of ``lazyscope run``, without ``--live`` and ``-o``.
    path
        Where the trace goes.

    Returns
    -------
    int
        The program's exit status.

    Raises
    ------
    LazyscopeError
        If there is no terminal.
    """
    given = _standard_input()
    if not (sys.__stdout__ and sys.__stdout__.isatty() and sys.__stderr__ and sys.__stderr__.isatty()):
        raise LazyscopeError(
            "--live needs a terminal: leave it out, and look at the trace with `lazyscope tui`"
        )
    command = [sys.executable, "-m", "lazyscope", "run", "--overwrite", "-o", str(path), *arguments]
    # What was there, and may be overwritten, would be taken for the program's.
    path.unlink(missing_ok=True)
    child = Child(command, given, shutil.get_terminal_size())
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _Ending(child))
    try:
        LiveExplorer(Following(child, path)).run()
    finally:
        status = _outlive(child)
    if status > _BY_SIGNAL and path.exists():
        # It could not say so itself.
        print(f"\nlazyscope: the program {child.ending}, trace in {harmless(str(path))}", file=sys.stderr)
    return status


def _standard_input() -> int | None:
    """What the program may read: what was piped to us, or nothing, as the keys are the explorer's.

    Raises
    ------
    LazyscopeError
        If there is no terminal to read keys from.
    """
    if sys.__stdin__ is not None and sys.__stdin__.isatty():
        return None
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        raise LazyscopeError(
            "--live needs a terminal: leave it out, and look at the trace with `lazyscope tui`"
        ) from None
    given = os.dup(0)
    os.dup2(terminal, 0)
    os.close(terminal)
    return given


def _outlive(child: Child) -> int:
    """Write through what the program says until it has ended; Ctrl-C is for the program now."""
    assert sys.__stdout__ is not None
    child.output.write_through(sys.__stdout__.fileno())
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.send(signal.SIGINT)


class _Ending:
    """Ends the program with us."""

    def __init__(self, child: Child) -> None:
        self._child = child

    def __call__(self, number: int, frame: FrameType | None) -> Any:
        self._child.send(number)
        raise SystemExit(128 + number)
