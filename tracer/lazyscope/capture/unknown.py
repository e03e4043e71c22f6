"""Arrays whose shape becomes unknown, seen where every dask array gets its chunks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import dask.array

from lazyscope.capture import calls
from lazyscope.capture import session as sessions
from lazyscope.capture.callsite import operation_of, sight
from lazyscope.capture.patching import Patches
from lazyscope.capture.session import Session, note_own_failure
from lazyscope.capture.wrapping import unseen
from lazyscope.model import events

_LOOK_BACK = 10_000
"""Layers of a graph that are searched for an array already known to be unknown."""


def install(patches: Patches) -> None:
    """Watch the chunks of dask arrays being set; the expression back end has no such place."""
    known = vars(dask.array.Array).get("_chunks")
    if isinstance(known, property) and known.fset is not None:
        patches.set(dask.array.Array, "_chunks", known.setter(_make(known.fset, _seen, sys._getframe)))


@unseen
def _make(original: Callable[..., Any], seen: Callable[..., Any], frame_at: Any) -> Callable[..., Any]:
    def _chunks(self: Any, chunks: Any) -> None:
        original(self, chunks)
        seen(self, chunks, frame_at(1))

    return _chunks


def _seen(array: Any, chunks: Any, frame: FrameType) -> None:
    try:
        watching = sessions.watching()
        if not watching:
            return
        if _is_unknown(chunks):
            for session in watching:
                _note(session, array, frame)
    except Exception as error:
        note_own_failure(error)


def _is_unknown(chunks: Any) -> bool:
    """Whether a dimension has a chunk of unknown length."""
    for sizes in chunks:
        total = sum(sizes)
        if total != total:
            return True
    return False


def _note(session: Session, array: Any, frame: FrameType) -> None:
    name = array._name
    if name in session.unknown:
        return
    session.unknown.add(name)
    call = calls.thread.call
    if _comes_from_unknown(session, array, name):
        return
    if call is not None:
        if call.origin:
            return
        call.origin = True
    sighting = sight(frame, session.roles)
    operation = call.operation.rpartition(".")[2] if call is not None else operation_of(sighting.inner)
    session.recorder.emit(
        lambda recorder: events.UnknownShape(
            at=session.now(),
            operation=operation,
            array=recorder.text(name),
            site=recorder.position(sighting.site),
            user_site=recorder.position(sighting.user_site),
            entry=recorder.optional_text(sighting.entry),
            stack=recorder.stack(sighting),
            thread=recorder.text(sessions.thread_name()),
            force=calls.current_force(session),
        )
    )


def _comes_from_unknown(session: Session, array: Any, name: str) -> bool:
    """Whether the array was made from one whose shape was unknown already."""
    dependencies = getattr(array.dask, "dependencies", {})
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
