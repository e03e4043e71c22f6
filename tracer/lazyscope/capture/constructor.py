"""Every dask array as it gets its chunks: the one place that no way of making an array avoids.

Here shapes become unknown, and here arrays are seen that no recorded call made: by functions that the
program had bound before the trace began (``from dask.array import mean``).
"""

from __future__ import annotations

import threading
from time import perf_counter
from types import FrameType, FunctionType
from typing import Any

from dask.array import Array

from lazyscope.capture import calls, unknown
from lazyscope.capture import session as sessions
from lazyscope.capture.chunks import are_sizes
from lazyscope.capture.of_thread import thread_name
from lazyscope.capture.own_failures import survived, unheard
from lazyscope.capture.patching import Patches
from lazyscope.capture.recording import follow
from lazyscope.capture.running import force_of_task
from lazyscope.capture.session import Session

NOT_CALLS = frozenset(
    {"compute", "persist", "optimize", "_rebuild", "compute_as_if_collection", "__reduce__", "loads"}
)
"""Functions of dask that make arrays anew without an operation on them."""


def install(patches: Patches) -> None:
    """Watch dask arrays being made; the expression back end makes them in another way."""
    new = vars(Array).get("__new__")
    if isinstance(new, staticmethod) and hasattr(Array, "_chunks"):
        setter = vars(Array)["_chunks"].fset
        assert isinstance(new.__func__, FunctionType)
        assert isinstance(setter, FunctionType)
        follow(patches, new.__func__, _array_made, outside_calls=True)
        follow(patches, setter, _chunks_set)


_ARE_INTS = frozenset({int}).issuperset


def _chunks_set(_: None, args: tuple[Any, ...], frame_at: Any) -> None:
    """Note an array whose shape is unknown now, or was."""
    try:
        array, chunks = args
        for sizes in chunks:
            if not _ARE_INTS(map(type, sizes)) and _has_unknown(chunks):
                for session in sessions.watching():
                    unknown.note_unknown(session, array, frame_at(2))
                return
        if unknown.noted.any:
            for session in sessions.watching():
                session.unknown.discard(array._name)
    except BaseException as error:
        try:
            survived(error)
        except RecursionError:
            unheard.failures += 1


def _has_unknown(chunks: Any) -> bool:
    """Whether a size is nan. Sizes that are no numbers (dask arrays, for example) are remembered to exist."""
    for sizes in chunks:
        if not are_sizes(sizes):
            calls.strange.chunks = True
        elif (total := sum(sizes)) != total:
            return True
    return False


def _array_made(array: Any, _: tuple[Any, ...], frame_at: Any) -> None:
    """Note an array that no recorded call makes."""
    try:
        for session in sessions.watching():
            _note_unrecorded(session, array, frame_at(2))
    except BaseException as error:
        try:
            survived(error)
        except RecursionError:
            unheard.failures += 1


class _Latest(threading.local):
    """The latest unrecorded call of this thread: a function may make several arrays on its way."""

    progress: tuple[tuple[int, int], ...] = ()
    call: Any = None


_latest = _Latest()


def _note_unrecorded(session: Session, array: Any, frame: FrameType) -> None:
    """Record the call of a function that is not recorded, by the last array it makes."""
    sighting = session.sighter.sight(frame)
    operation = sighting.inner[0] if sighting.inner else "Array"
    if sighting.site is None or operation in NOT_CALLS:
        return
    call = (
        perf_counter() - session.started, operation, sighting.site, sighting.user_site, (),
        calls.described(array), thread_name(), force_of_task(session), None,
        "constructor", 0.0,
    )  # fmt: skip
    progress = _progress(session, frame)
    gathered = session.recorder.calls
    if gathered and gathered[-1] is _latest.call and _goes_on(_latest.progress, progress):
        gathered[-1] = call
    else:
        session.recorder.add_call(call)
    _latest.progress, _latest.call = progress, call


def _progress(session: Session, frame: FrameType | None) -> tuple[tuple[int, int], ...]:
    """How far each function of the array layer has come, outermost first."""
    found = []
    while frame is not None:
        role = session.roles.of(frame.f_code.co_filename, frame.f_globals)
        if role == "array":
            found.append((id(frame), frame.f_lasti))
        elif role != "tool":
            break
        frame = frame.f_back
    return tuple(reversed(found))


def _goes_on(before: tuple[tuple[int, int], ...], now: tuple[tuple[int, int], ...]) -> bool:
    """Whether the same call has come further; another one begins again, perhaps in the same memory."""
    for (frame, instruction), (same, further) in zip(before, now, strict=False):
        if frame != same or further < instruction:
            return False
        if further > instruction:
            return True
    return False
