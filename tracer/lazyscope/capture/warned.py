"""Warnings, seen where Python displays or collects them. No filter is touched."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

from lazyscope.capture import session as sessions
from lazyscope.capture.patching import Patches
from lazyscope.capture.running import force_of_task
from lazyscope.capture.session import MESSAGE_CHARACTERS, Session, note_own_failure
from lazyscope.capture.wrapping import unseen
from lazyscope.model import events


def install(patches: Patches) -> None:
    """Watch the function that both the C and the Python half of `warnings` hand a warning to."""
    original = warnings._showwarnmsg  # type: ignore[attr-defined]
    patches.set(warnings, "_showwarnmsg", _make(original, _seen, sys._getframe))


@unseen
def _make(original: Callable[..., Any], seen: Callable[..., Any], frame_at: Any) -> Callable[..., Any]:
    def _showwarnmsg(msg: Any) -> None:
        seen(msg, frame_at(1))
        original(msg)

    return _showwarnmsg


def _seen(message: Any, frame: FrameType) -> None:
    try:
        for session in sessions.watching():
            _note(session, message, frame)
    except Exception as error:
        note_own_failure(error)


def _note(session: Session, message: Any, frame: FrameType) -> None:
    sighting = session.sighter.sight(frame)
    session.recorder.emit(
        lambda recorder: events.Warned(
            at=session.now(),
            category=message.category.__name__,
            message=str(message.message)[:MESSAGE_CHARACTERS],
            site=recorder.position(sighting.site),
            user_site=recorder.position(sighting.user_site),
            thread=recorder.text(sessions.thread_name()),
            force=force_of_task(session),
        )
    )
