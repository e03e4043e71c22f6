"""The program that is watched while it runs: a child process that writes to a terminal of its own."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from lazyscope.errors import LazyscopeError
from lazyscope.text.harmless import harmless

_KEPT = 10_000
"""Lines that can be scrolled back to; all of the output is written when the explorer is left."""
_LONGEST = 4_000
"""Characters of a line that are shown."""
_LAST_WORDS = 1.0
"""Seconds in which what was written before the end is read."""
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_]|[ -/]+[0-~])")
"""Colours, titles and cursor movements, which have no place in a pane."""


class Output:
    """What a program wrote: all of it in a file, and the latest lines fit to be shown."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=_KEPT)
        self.count = 0
        """Lines so far, those that were let go included."""
        self.current = ""
        """The beginning of the next line."""
        # Lives as long as the program is watched.
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        self._written = 0
        """Bytes that have been handed on."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._to: int | None = None
        self._lock = threading.Lock()

    def feed(self, content: bytes) -> None:
        """Take what was written next."""
        with self._lock:
            self._file.write(content)
            if self._to is not None:
                self._hand_on(self._to)
            *whole, self._rest = (self._rest + self._decoder.decode(content)).split("\n")
            self._rest = self._rest[-4 * _LONGEST :]
            self.lines.extend(map(_shown, whole))
            self.count += len(whole)
            self.current = _shown(self._rest)

    def write_through(self, to: int) -> None:
        """Write everything to a file descriptor, and what comes from now on as it comes."""
        with self._lock:
            self._to = to
            self._hand_on(to)

    def _hand_on(self, to: int) -> None:
        self._file.seek(self._written)
        # The reader may be gone: the program goes on all the same.
        with contextlib.suppress(OSError):
            while content := self._file.read(1 << 16):
                while content:
                    count = os.write(to, content)
                    self._written += count
                    content = content[count:]
        self._file.seek(0, os.SEEK_END)


def _shown(line: str) -> str:
    """A line as a terminal would leave it, without what moves the cursor; progress bars as they are now."""
    text = _ESCAPE.sub("", line[: 4 * _LONGEST]).rstrip("\r").rpartition("\r")[2]
    return harmless(text.expandtabs())[:_LONGEST]


class Child:
    """A program that has been started.

    Parameters
    ----------
    command
        What is run.
    given
        File descriptor that it reads from; None for nothing.
    size
        Columns and rows of its terminal.

    Raises
    ------
    LazyscopeError
        Where there are no pseudo-terminals.
    """

    def __init__(self, command: Sequence[str], given: int | None, size: tuple[int, int]) -> None:
        try:
            import pty
        except ImportError:
            raise LazyscopeError("--live needs a system with pseudo-terminals: leave it out") from None
        self.output = Output()
        self._ours, theirs = pty.openpty()
        _leave_lines_alone(theirs)
        self.resize(*size)
        try:
            with _interruptible():
                # In a session of its own: it and its children can be interrupted without the explorer.
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL if given is None else given,
                    stdout=theirs,
                    stderr=theirs,
                    start_new_session=True,
                )
        finally:
            os.close(theirs)
        self._reader = threading.Thread(target=self._read, name="output of the program", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                content = os.read(self._ours, 1 << 16)
            except OSError:
                # Linux says so when the last writer is gone.
                return
            if not content:
                return
            self.output.feed(content)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """As a shell has it, 128 and the signal if one ended it; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        return code if code >= 0 else 128 - code

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self._process.poll()
        if code is None:
            return "is running"
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"was ended by {signal.Signals(-code).name}"
        return f"ended with status {code}"

    def wait(self) -> int:
        """Wait until it has ended and everything that it wrote is read; its status."""
        self._process.wait()
        self._reader.join(_LAST_WORDS)
        status = self.status
        assert status is not None
        return status

    def send(self, number: int) -> None:
        """Send a signal to it and to the processes it started."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def resize(self, columns: int, rows: int) -> None:
        """Tell its terminal a size."""
        import fcntl
        import struct
        import termios

        with contextlib.suppress(OSError):
            fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Have a process that is started hear SIGINT even where a shell started us to ignore it."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _leave_lines_alone(terminal: int) -> None:
    """Have a terminal hand on what is written to it as it is."""
    import termios

    settings = termios.tcgetattr(terminal)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(terminal, termios.TCSANOW, settings)


def resident_bytes(pid: int) -> int | None:
    """Memory that a process holds; None if that cannot be told."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None if sys.platform == "linux" else _told_by_ps(pid)


def _told_by_ps(pid: int) -> int | None:
    try:
        done = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=False, timeout=1
        )
        return int(done.stdout) * 1024
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
