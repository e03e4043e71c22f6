"""Arrays whose shape becomes unknown although those they were made from were known."""

from __future__ import annotations

from threading import get_ident
from types import FrameType
from typing import Any

from lazyscope.capture import bindings, calls
from lazyscope.capture.callsite import operation_of
from lazyscope.capture.of_thread import thread_name
from lazyscope.capture.running import force_of_task
from lazyscope.capture.session import Session
from lazyscope.model import events


class _Noted:
    """Whether any array of unknown shape has been noted: else none can become known."""

    any = False


noted = _Noted()

_LOOK_BACK = 10_000
"""Layers of a graph that are searched for an array already known to be unknown."""


def note_unknown(session: Session, array: Any, frame: FrameType) -> None:
    """Record where an array with a chunk of unknown length comes from, unless it inherited that."""
    name = array._name
    if name in session.unknown:
        return
    session.unknown.add(name)
    noted.any = True
    call = calls.open_calls.get(get_ident())
    if _comes_from_unknown(session, array, name):
        return
    if call is not None:
        if call.origin:
            return
        call.origin = True
    sighting = session.sighter.sight(frame)
    bindings.note(session, sighting, frame)
    session.reached(sighting.entry)
    operation = call.operation.rpartition(".")[2] if call is not None else operation_of(sighting.inner)
    session.recorder.emit(
        lambda recorder: events.UnknownShape(
            at=session.now(),
            operation=operation,
            array=recorder.text(name),
            site=recorder.position(sighting.site),
            user_site=recorder.position(sighting.user_site),
            entry=recorder.optional_text(sighting.entry),
            stack=recorder.whereabouts(sighting)[0],
            thread=recorder.text(thread_name()),
            force=force_of_task(session),
        )
    )


def _comes_from_unknown(session: Session, array: Any, name: str) -> bool:
    """Whether the array was made from one whose shape was unknown already."""
    dependencies = getattr(array.dask, "dependencies", {})
    if type(dependencies) is not dict:
        return False
    todo = list(dependencies.get(name, ()))
    seen = set(todo)
    while todo and len(seen) < _LOOK_BACK:
        layer = todo.pop()
        if layer in session.unknown:
            return True
        new = [d for d in dependencies.get(layer, ()) if d not in seen]
        seen.update(new)
        todo.extend(new)
    return False
