"""What lazyscope says on standard error while the program runs.

The program may have closed standard error and opened a file of its own that got its number, or put an object
of its own in the place of `sys.stderr`. Such a file is not written to.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from lazyscope.text.harmless import harmless

_TOOLS = ("ipykernel", "_pytest")
"""Packages that put a stream of their own in the place of `sys.stderr`, to show what is written there."""


def _file_at(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _descriptor_of(stream: Any) -> int | None:
    try:
        return int(stream.fileno())
    except Exception:
        return None


_at_import = _file_at(2)


def remember() -> None:
    """Take what standard error leads to now as the place for what lazyscope says."""
    global _at_import
    _at_import = _file_at(2)


def narrate(text: str) -> None:
    """Say something on standard error, line by line, unless that has become the program's own file.

    Parameters
    ----------
    text : str
        May hold texts of the program: what is active in them is written out.
    """
    stream: Any = sys.stderr
    if type(stream).__module__.partition(".")[0] not in _TOOLS:
        stream = sys.__stderr__
        if stream is None or (_descriptor_of(stream) == 2 and _file_at(2) != _at_import):
            return
    with contextlib.suppress(Exception):
        lines = [harmless(line) for line in text.split("\n")]
        stream.write("".join([f"lazyscope: {lines[0]}\n", *(f"{line}\n" for line in lines[1:])]))
        stream.flush()
