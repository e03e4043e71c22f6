"""Exceptions that leave the traced block."""

from __future__ import annotations

from lazyscope.capture.callsite import sight_traceback
from lazyscope.capture.session import Session, guarded


@guarded
def note_escaped(session: Session, error: BaseException) -> None:
    """Record an exception that leaves the traced block, with the site that raised it."""
    traceback = error.__traceback__
    outer = traceback.tb_frame if traceback is not None else None
    session.failed(
        error,
        sight_traceback(traceback, session.roles, outer),
        operation=None,
        force=None,
        escaped=True,
    )
