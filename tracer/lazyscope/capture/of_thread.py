"""What is known about threads: read often, and forgotten with the thread."""

from __future__ import annotations

import threading
import weakref
from typing import Any, Generic, TypeVar

_V = TypeVar("_V")

SWEEP_AT = 64
"""Threads that are remembered before those that have ended are looked for."""


threads: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]
"""The threads that Python knows, by identifier."""
_ident = threading.get_ident


class OfThread(Generic[_V]):
    """A value for each of some threads.

    Not a `weakref.WeakKeyDictionary`: that runs Python code whenever a thread is gone, and an interrupt that
    arrives in such a callback is lost to the program.
    """

    def __init__(self) -> None:
        self.known: dict[int, tuple[weakref.ref[threading.Thread], _V]] = {}
        """By id of the thread object. Empty as long as nothing was set, which is the quickest question."""
        self._sweep_at = SWEEP_AT

    def set(self, thread: threading.Thread, value: _V) -> None:
        """Remember a value for a thread."""
        if len(self.known) >= self._sweep_at:
            self.known = {key: kept for key, kept in self.known.items() if kept[0]() is not None}
            self._sweep_at = max(SWEEP_AT, 2 * len(self.known))
        self.known[id(thread)] = (weakref.ref(thread), value)

    def here(self) -> _V | None:
        """The value for the running thread, None without one."""
        thread: Any = running_thread()
        found = self.known.get(id(thread))
        return found[1] if found is not None and found[0]() is thread else None


def running_thread() -> threading.Thread | None:
    """The running thread's object, None for a thread that Python did not start.

    `threading.current_thread` would make one for it, which the program could see.
    """
    found: threading.Thread | None = threads.get(_ident())
    return found


def thread_name() -> str:
    """The name of the running thread; empty where Python knows none, or the program has put no text there."""
    thread = threads.get(_ident())
    name = None if thread is None else vars(thread).get("_name")
    return name if type(name) is str else ""
