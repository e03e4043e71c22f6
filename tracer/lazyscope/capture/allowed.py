"""Forces that the program says are meant, and why.

What is said is carried by a `ContextVar`, as what watches the code is: asyncio tasks have it, threads and
executor jobs started inside the block are given it by `lazyscope.capture.threads`. Blocks may be left in
any order and in another context than they were entered in, as those in generators are.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar

from lazyscope.capture.of_thread import OfThread


class Said:
    """That forces are meant, and why; with None, that what was said further out does not hold here."""

    __slots__ = ("reason",)

    def __init__(self, reason: str | None) -> None:
        self.reason = reason


_said: ContextVar[tuple[Said, ...] | None] = ContextVar("lazyscope_allowed", default=None)
"""What holds in the running code, the innermost last."""
_of_thread: OfThread[str] = OfThread()


def reason() -> str | None:
    """Why forces of the running code are meant; None where nobody says so."""
    said = _said.get()
    if said:
        return said[-1].reason
    return _of_thread.here() if _of_thread.known else None


def let_thread_inherit(thread: threading.Thread) -> None:
    """Have a thread started inside the block belong to it."""
    why = reason()
    if why is not None:
        _of_thread.set(thread, why)


def say(said: Said) -> None:
    """Have it hold for what follows in this context, until `end`."""
    _said.set((*(_said.get() or ()), said))


def begin(why: str | None) -> Said:
    """Say that the forces that follow in this context are meant, until `end`."""
    said = Said(why)
    say(said)
    return said


def end(said: Said) -> None:
    """Have it hold no longer, whatever was said after it; nothing if it does not hold in this context."""
    known = list(_said.get() or ())
    for place in reversed(range(len(known))):
        if known[place] is said:
            del known[place]
            _said.set(tuple(known) or None)
            return
