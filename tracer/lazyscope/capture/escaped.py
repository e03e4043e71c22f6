"""Exceptions that leave the traced block."""

from __future__ import annotations

from lazyscope.capture.own_failures import guarded
from lazyscope.capture.session import Session


@guarded
def note_escaped(session: Session, error: BaseException) -> None:
    """Record an exception that leaves the traced block, with the site that raised it."""
    session.failed(
        error,
        session.sighter.sight_traceback(error.__traceback__),
        operation=None,
        force=None,
        escaped=True,
    )
