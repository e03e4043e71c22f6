"""The files of a trace as they are on this machine.

A trace may come from anywhere, so a name in it is no reason to open a file. A recorded name leads to

* ``~/...`` in the reader's home directory, and other absolute paths as they are;
* for other names, a file below the working directory or a directory above the trace, which is where the
  program was started, or below a directory of ``sys.path``, where libraries lie.

Names with ``..`` lead nowhere: lazyscope does not record them. The file has to be a regular one. It is the
recorded one if it has the recorded text. With another text, or where the trace has none, it is opened only if
it is Python source by its name, and the reader is told.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import decode_source
from pathlib import Path

from lazyscope.model.packed_text import split_lines
from lazyscope_tui.session import Session

_SOURCE = (".py", ".pyw", ".pyi")
_LARGEST = 50_000_000
"""Bytes of a file beyond which it is no source that anybody recorded."""
_OPENED = ("user", "library")


class NotFoundHereError(Exception):
    """The recorded file is not here, or must not be opened, for the reason given."""


@dataclass(frozen=True)
class Found:
    """A file that a trace names."""

    path: Path
    unchanged: bool
    """Whether its text is the recorded one."""
    recorded: bool
    """Whether the trace has a text of it."""


def found_file(session: Session, position: int) -> Found:
    """The file that a position lies in.

    Raises
    ------
    NotFoundHereError
        If it is not here or is no source.
    """
    trace = session.trace
    number = trace.codes[trace.positions[position].code].file
    file = trace.files[number]
    if file.role not in _OPENED:
        raise NotFoundHereError(f"{file.path} is no source of the program or of a library")
    if ".." in file.path.replace("\\", "/").split("/"):
        raise NotFoundHereError(f"{file.path} leads out of where the program was started: not opened")
    lines = trace.source_lines(number) if trace.packed_source(number) is not None else None
    here = [path for path in _candidates(session, file.path, file.role) if _is_regular(path)]
    if not here:
        raise NotFoundHereError(f"{file.path} is not here: start the explorer where the program was started")
    same = next((path for path in here if lines and _lines_of(path) == lines), None)
    if same is not None:
        return Found(same, unchanged=True, recorded=True)
    source = next((path for path in here if _is_source(path)), None)
    if source is None:
        raise NotFoundHereError(f"{file.path} is not the file that was recorded: its text is another")
    return Found(source, unchanged=False, recorded=lines is not None)


def _candidates(session: Session, shown: str, role: str) -> Iterator[Path]:
    if shown.startswith("~/"):
        # Only the reader's own home: `~name` is a directory of that name.
        yield Path(os.path.expanduser("~") + shown[1:])
        return
    if Path(shown).is_absolute():
        yield Path(shown)
        return
    started = _above(session)
    installed = [path for path in map(Path, sys.path) if path.is_absolute()]
    roots: Iterable[Path] = (*started, *installed) if role == "user" else (*installed, *started)
    yield from (root / shown for root in roots)


def _above(session: Session) -> list[Path]:
    """Where the program may have been started."""
    try:
        here = Path.cwd()
    except OSError:  # it was removed
        return []
    # Not the root directory: `etc/passwd` is nothing that a program was started beside.
    return [here] if session.path is None else [here, *list((here / session.path).parents)[:-1]]


def _is_regular(path: Path) -> bool:
    """Whether it is a file; false for names that no file can have, too long or with NUL in them."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _is_source(path: Path) -> bool:
    """Whether it is Python source by its name, and what a link leads to as well."""
    return path.suffix in _SOURCE and Path(os.path.realpath(path)).suffix in _SOURCE


def _lines_of(path: Path) -> list[str] | None:
    """Its text as traces have it; None if it cannot be read."""
    try:
        # Files of /proc have no size, and some of them end never.
        if not 0 < path.stat().st_size < _LARGEST:
            return None
        content = path.read_bytes()
    except (OSError, ValueError):
        return None
    try:
        return split_lines(decode_source(content))
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return split_lines(content.decode("utf-8", "replace"))
