"""Which force the running code belongs to: carried by a context variable into the tasks of the force."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from lazyscope.capture.of_thread import OfThread

if TYPE_CHECKING:
    from lazyscope.capture.execution import Execution

running: ContextVar[tuple[Execution, bool] | None] = ContextVar("lazyscope_force", default=None)
"""The force whose hand-over (False) or tasks (True) the running code is part of."""


def force_of_task(session: Any) -> int | None:
    """Id of the innermost force of a session that the running code is part of."""
    inside = current()
    return inside[0].id_in(session) if inside is not None else None


_of_thread: OfThread[tuple[Execution, bool]] = OfThread()


def inherit_force(thread: threading.Thread) -> None:
    """Have the forces of a thread started inside a task belong to that task's force."""
    inside = running.get()
    if inside is not None:
        _of_thread.set(thread, inside)


def current() -> tuple[Execution, bool] | None:
    """What `running` says, or what the starter of this thread was part of."""
    inside = running.get()
    if inside is None and _of_thread.known:
        inside = _of_thread.here()
    return inside
