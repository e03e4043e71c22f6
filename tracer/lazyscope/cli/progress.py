"""A line on stderr that says what takes so long, while it does.

It appears after half a second and is erased at the end, also by an exception or Ctrl-C. Nothing is written
where stderr is no terminal, or one that cannot go back in its line (``TERM=dumb``). It has no colours and
leaves the cursor alone, so a process that is killed leaves the terminal as it should be.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from lazyscope import figures
from lazyscope.text.harmless import harmless

DELAY = 0.5
"""Seconds before anything is shown."""

_INTERVAL = 0.1
_TURNING = "|/-\\"


@contextmanager
def stages() -> Iterator[Callable[[str], None]]:
    """Show what is being done in the block.

    Yields
    ------
    callable
        To be called with the name of each stage when it begins: ``reading kmeans.lazy``.

    Examples
    --------
    >>> with stages() as stage:                            # doctest: +SKIP
    ...     stage("reading kmeans.lazy")
    ...     trace = load(path)
    """
    line = _Line(sys.stderr) if _can_be_shown(sys.stderr) else None
    if line is None:
        yield lambda stage: None
        return
    line.start()
    try:
        yield line.begin
    finally:
        line.stop()


def _can_be_shown(stream: TextIO | None) -> bool:
    """Whether it is a terminal whose line can be written anew."""
    try:
        return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:  # it was closed
        return False


class _Line:
    """The line, written anew several times a second by a thread of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage = ""
        self._began = time.monotonic()
        self._done = threading.Event()
        self._shown = 0
        self._thread = threading.Thread(target=self._run, name="lazyscope progress", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def begin(self, stage: str) -> None:
        """Name the stage that begins."""
        self._stage = harmless(stage[:500], ascii_only=True)

    def stop(self) -> None:
        """Erase the line."""
        self._done.set()
        self._thread.join()
        if self._shown:
            self._write("")
            self._write("", end="\r")

    def _run(self) -> None:
        turn = 0
        waiting = DELAY
        while not self._done.wait(waiting):
            self._write(self._text(turn))
            turn, waiting = turn + 1, _INTERVAL

    def _text(self, turn: int) -> str:
        sign = _TURNING[turn % len(_TURNING)]
        seconds = time.monotonic() - self._began
        since = f"{seconds:.0f} s" if seconds < 60 else figures.duration(seconds)
        return f"{sign} lazyscope: {self._stage or 'working'}, {since}"

    def _write(self, text: str, end: str = "") -> None:
        """Put `text` over what stands there."""
        fitting = text[: max(_width(self._stream) - 1, 0)]
        # A stream that fails is no reason for the work to fail.
        with suppress(OSError, ValueError):
            self._stream.write("\r" + fitting.ljust(self._shown) + end)
            self._stream.flush()
        self._shown = len(fitting)


def _width(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
