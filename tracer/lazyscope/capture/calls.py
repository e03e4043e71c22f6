"""One recorded call, from before it to after it: the hot path.

`begin` returns None for what is nobody's call: no trace watches, the array layer called itself, or no
dask array is involved. Otherwise it returns what `returned` or `raised` need.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from threading import current_thread
from time import perf_counter
from types import FrameType
from typing import Any

from dask.array import Array

from lazyscope.capture import session as sessions
from lazyscope.capture.callsite import Place
from lazyscope.capture.roles import Roles
from lazyscope.capture.running import force_of_task, running
from lazyscope.capture.session import Session, note_own_failure

LONGEST = 1000
"""Elements of a list or tuple among the arguments that are looked at for arrays."""



QUESTIONS = ("is_lazy_array", "is_dask_array")
"""What libraries ask about an array before they choose a path."""

class _Filenames(set[str]):
    """A set that may be part of a constant of code, which has to be hashable."""

    __hash__ = object.__hash__  # type: ignore[assignment]


internal: set[str] = _Filenames()
"""Files whose calls are nobody's, as far as they were met: the quickest way to hand on."""


class _Thread(threading.local):
    """What this thread is in the middle of."""

    call: OpenCall | None = None
    """The innermost recorded call that has not returned."""


thread = _Thread()


class OpenCall:
    """A recorded call between `begin` and its end."""

    __slots__ = ("before", "began", "inputs", "operation", "origin", "site", "target", "user", "watching")

    before: OpenCall | None
    """The call that was open in this thread when this one began."""
    began: float
    inputs: tuple[str, ...]
    operation: str
    origin: bool
    """Whether it has been named as the origin of an unknown shape."""
    site: Place
    target: Any
    """The array that it changes in place."""
    user: Place | None
    watching: tuple[Session, ...]


def begin(caller: FrameType, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Note that traced code is about to call a recorded function; None if nobody wants to know."""
    try:
        watching = sessions.watching()
        if not watching:
            return None
        code = caller.f_code
        roles = watching[0].roles
        role = roles.verdicts.get(code.co_filename) or roles.of(code.co_filename, caller.f_globals)
        if role == "array" or role == "tool":
            if code.co_filename in roles.verdicts:
                internal.add(code.co_filename)
            return None
        call = OpenCall()
        call.watching = watching
        call.site = (code, caller.f_lasti)
        call.user = call.site if role == "user" else _user_place(caller.f_back, roles)
        call.operation = operation
        call.inputs = _arrays_in(args) + _arrays_in(kwargs.values()) if kwargs else _arrays_in(args)
        call.target = args[0] if operation == "Array.__setitem__" else None
        call.origin = False
        call.before = thread.call
        thread.call = call
        call.began = perf_counter()
        return call
    except Exception as error:
        note_own_failure(error)
        return None


def returned(call: OpenCall, result: Any) -> None:
    """Record a call that has come back."""
    ended = perf_counter()
    thread.call = call.before
    try:
        outputs = described(result if call.target is None else call.target)
        if outputs or call.inputs:
            # An answer to a question about the array; a truth value would be the array's data.
            answer = bool(result) if not outputs and call.operation.endswith(QUESTIONS) else None
            _record(call, outputs, ended, answer)
    except Exception as error:
        note_own_failure(error)


def raised(call: OpenCall, error: BaseException) -> None:
    """Record that an exception passes through a call."""
    ended = perf_counter()
    thread.call = call.before
    if isinstance(error, GeneratorExit | StopIteration):
        return
    try:
        _record(call, (), ended, None)
        _record_failure(call, error)
    except Exception as own:
        note_own_failure(own)


def _record(call: OpenCall, outputs: tuple[Any, ...], ended: float, answer: bool | None) -> None:
    inside = running.get()
    for session in call.watching:
        session.recorder.add_call(
            (
                call.began - session.started, call.operation, call.site, call.user, call.inputs, outputs,
                current_thread().name, None if inside is None else inside[0].id_in(session), answer, None,
                ended - call.began,
            )
        )  # fmt: skip


def _record_failure(call: OpenCall, error: BaseException) -> None:
    # Frames from here outwards: this function, `raised`, the recorded function, its caller.
    caller = sys._getframe(2)
    for session in call.watching:
        sighting = session.sighter.sight(caller)
        force = force_of_task(session)
        session.failed(error, sighting, operation=call.operation, force=force, began=call.began)


def _user_place(frame: FrameType | None, roles: Roles) -> Place | None:
    """The innermost user frame from here outwards."""
    others = roles.others
    while frame is not None:
        filename = frame.f_code.co_filename
        if filename not in others and roles.of(filename, frame.f_globals) == "user":
            return frame.f_code, frame.f_lasti
        frame = frame.f_back
    return None


def _arrays_in(values: Iterable[Any]) -> tuple[str, ...]:
    """Names of the dask arrays among some values, one level of lists and tuples deep."""
    found: tuple[str, ...] = ()
    for value in values:
        kind = type(value)
        if kind is Array:
            found += (value._name,)
        elif kind is tuple or kind is list:
            found += tuple([item._name for item in value[:LONGEST] if isinstance(item, Array)])
        elif isinstance(value, Array):
            found += (value._name,)
    return found


_HAS_CHUNKS = hasattr(Array, "_chunks")
"""The expression back end computes chunks and names when asked, so nobody asks."""


def described(result: Any) -> tuple[tuple[str, Any, Any], ...]:
    """Name, dtype and chunks of each dask array in a result."""
    if not _HAS_CHUNKS:
        return ()
    if isinstance(result, Array):
        return ((result._name, result._meta.dtype, result._chunks),)
    if isinstance(result, tuple | list):
        return tuple(
            [
                (item._name, item._meta.dtype, item._chunks)
                for item in result[:LONGEST]
                if isinstance(item, Array)
            ]
        )
    return ()
