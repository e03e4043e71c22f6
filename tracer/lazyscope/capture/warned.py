"""Warnings, seen where Python displays or collects them. No filter is touched."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

from lazyscope.capture import session as sessions
from lazyscope.capture.messages import message_of
from lazyscope.capture.of_thread import thread_name
from lazyscope.capture.own_failures import guarded, unheard
from lazyscope.capture.patching import Patches
from lazyscope.capture.running import force_of_task
from lazyscope.capture.session import Session
from lazyscope.capture.wrapping import unseen, without_catcher
from lazyscope.model import events


def install(patches: Patches) -> None:
    """Watch the function that both the C and the Python half of `warnings` hand a warning to."""
    original = warnings._showwarnmsg  # type: ignore[attr-defined]
    patches.set(warnings, "_showwarnmsg", _make(original, _seen, sys._getframe, without_catcher, unheard))


@unseen
def _make(original: Any, seen: Any, frame_at: Any, unmark: Any, unheard: Any) -> Callable[..., Any]:
    def _showwarnmsg(msg: Any) -> None:
        try:
            seen(msg, frame_at(1))
        except RecursionError:
            unheard.failures += 1
        try:
            original(msg)
        except BaseException as error:
            unmark(error)
            raise

    return _showwarnmsg


@guarded
def _seen(message: Any, frame: FrameType) -> None:
    for session in sessions.watching():
        _note(session, message, frame)


def _note(session: Session, message: Any, frame: FrameType) -> None:
    sighting = session.sighter.sight(frame)
    session.recorder.emit(
        lambda recorder: events.Warned(
            at=session.now(),
            category=message.category.__name__,
            message=message_of(message.message),
            site=recorder.position(sighting.site),
            user_site=recorder.position(sighting.user_site),
            thread=recorder.text(thread_name()),
            force=force_of_task(session),
        )
    )
