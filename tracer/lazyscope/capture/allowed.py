"""Forces that the program says are meant, and why.

The reason is carried by a `ContextVar`, as what watches the code is: asyncio tasks have it, threads and
executor jobs started inside the block are given it by `lazyscope.capture.threads`.
"""

from __future__ import annotations

import threading
import weakref
from contextvars import ContextVar, Token

_reason: ContextVar[str | None] = ContextVar("lazyscope_allowed", default=None)
_of_thread: weakref.WeakKeyDictionary[threading.Thread, str] = weakref.WeakKeyDictionary()


def reason() -> str | None:
    """Why forces of the running code are meant; None where nobody says so."""
    said = _reason.get()
    if said is None and _of_thread:
        said = _of_thread.get(threading.current_thread())
    return said


def let_thread_inherit(thread: threading.Thread) -> None:
    """Have a thread started inside the block belong to it."""
    said = reason()
    if said is not None:
        _of_thread[thread] = said


def begin(why: str | None) -> Token[str | None]:
    """Say that the forces that follow in this context are meant, until `end`."""
    return _reason.set(why)


def end(begun: Token[str | None]) -> None:
    """Go back to what was said before `begin`."""
    _reason.reset(begun)
