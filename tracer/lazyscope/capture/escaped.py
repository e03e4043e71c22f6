"""Exceptions that leave the traced block."""

from __future__ import annotations

import re

from lazyscope.capture import bindings
from lazyscope.capture.messages import message_of
from lazyscope.capture.own_failures import guarded
from lazyscope.capture.session import Session

operations: dict[str, str] = {}
"""What calls of recorded functions are named, by the qualified names that Python's messages have."""

_REFUSED = re.compile(r"([\w.<>]+)\(\) (?:got|missing|takes)\b")
"""How the message begins when a function does not take the arguments that it is given."""


@guarded
def note_escaped(session: Session, error: BaseException) -> None:
    """Record an exception that leaves the traced block, with the site that raised it."""
    sighting = session.sighter.sight_traceback(error.__traceback__)
    bindings.note_passed(session, sighting, error.__traceback__)
    session.failed(
        error,
        sighting,
        operation=_refusing(error),
        force=None,
        escaped=True,
    )


def _refusing(error: BaseException) -> str | None:
    """The recorded function that was called with arguments it does not take: no call of it has begun."""
    if type(error) is not TypeError:
        return None
    found = _REFUSED.match(message_of(error))
    return operations.get(found[1]) if found is not None else None
