"""Which force the running code belongs to: carried by a context variable into the tasks of the force."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lazyscope.capture.execution import Execution

running: ContextVar[tuple[Execution, bool] | None] = ContextVar("lazyscope_force", default=None)
"""The force whose hand-over (False) or tasks (True) the running code is part of."""


def force_of_task(session: Any) -> int | None:
    """Id of the innermost force of a session that the running code is part of."""
    inside = running.get()
    return inside[0].id_in(session) if inside is not None else None
