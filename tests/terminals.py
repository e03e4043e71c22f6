"""Commands of ours in a terminal of their own, where keys are pressed."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import time
from pathlib import Path

MOVES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
"""What moves the cursor, or colours what follows."""


class Terminal:
    """A command of `lazyscope` in a terminal of 100 columns and 30 rows.

    Parameters
    ----------
    directory
        Where it is started.
    arguments
        What follows ``lazyscope``.
    given
        What is piped to it; None for the terminal itself.
    environment
        More variables.
    """

    def __init__(
        self, directory: Path, *arguments: str, given: bytes | None = None, **environment: str
    ) -> None:
        self.seen = b""
        self.keys = 0
        """How many were pressed."""
        command = [sys.executable, "-m", "lazyscope", *arguments]
        if given is not None:
            (directory / "given").write_bytes(given)
        self.pid, self._terminal = pty.fork()
        if not self.pid:
            os.chdir(directory)
            os.environ.update(TERM="xterm-256color", COLUMNS="100", LINES="30", TEXTUAL_ANIMATIONS="none")
            os.environ.update(environment)
            if given is not None:
                os.dup2(os.open("given", os.O_RDONLY), 0)
            os.execv(command[0], command)

    def until(self, found: bytes, seconds: float = 60) -> None:
        """Wait for words that were not seen before the last key, whatever moves the cursor between them."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found in self.seen or found in MOVES.sub(b"", self.seen):
                return
            if select.select([self._terminal], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._terminal, 65536)
                except OSError:
                    break
        raise AssertionError(self.seen[-3000:])

    def press(self, *keys: bytes) -> None:
        """Press keys, and forget what was seen before."""
        for key in keys:
            self.seen = b""
            self.keys += 1
            os.write(self._terminal, key)

    def ended(self) -> int:
        """The exit status; what is written until then is seen."""
        while True:
            try:
                content = os.read(self._terminal, 65536)
            except OSError:
                break
            self.seen += content
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
