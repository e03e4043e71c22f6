"""One recorded call, from before it to after it: the hot path.

`begin` returns None for what is nobody's call: no trace watches, the array layer called itself, or no
dask array is involved. Otherwise it returns what `returned` or `raised` need.

Values of the program are looked at by their type and by slots that dask's array class implements in C. They
are never compared, tested, hashed or formatted, and not even asked for their class, which a proxy answers by
running code.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from operator import attrgetter
from threading import get_ident
from time import perf_counter
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType
from typing import Any

import msgspec
import numpy as np
from dask.array import Array

from lazyscope.capture import bindings
from lazyscope.capture import session as sessions
from lazyscope.capture.callsite import Place
from lazyscope.capture.chunks import are_sizes, plain_chunks
from lazyscope.capture.of_thread import thread_name, threads
from lazyscope.capture.own_failures import survived, unheard
from lazyscope.capture.recorder import GATHER
from lazyscope.capture.running import force_of_task, running
from lazyscope.capture.session import Session

LONGEST = 1000
"""Elements of a list or tuple among the arguments that are looked at for arrays."""

QUESTIONS = ("is_lazy_array", "is_dask_array")
"""What libraries ask about an array before they choose a path."""


class _Filenames(set[str]):
    """A set that may be part of a constant of code, which has to be hashable."""

    __hash__ = object.__hash__  # type: ignore[assignment]


internal: set[str] = _Filenames()
"""Files whose calls are nobody's, as far as they were met: the quickest way to hand on."""


class OpenCall(msgspec.Struct):
    """A recorded call between `begin` and its end."""

    watching: tuple[Session, ...]
    operation: str
    site: Place
    user: Place | None
    inputs: tuple[str, ...]
    thread: int
    """Identifier of the thread it runs in."""
    before: OpenCall | None
    """The call that was open in this thread when this one began."""
    began: float
    target: Any = None
    """The array that it changes in place."""
    origin: bool = False
    """Whether it has been named as the origin of an unknown shape."""


class _OpenCalls(dict[int, OpenCall]):
    """A dict that may be part of a constant of code, which has to be hashable."""

    __hash__ = object.__hash__  # type: ignore[assignment]


_NO_ARRAYS = frozenset(
    {
        type(None), bool, int, float, complex, str, bytes, slice, type(Ellipsis), type, dict, partial,
        ModuleType, FunctionType, BuiltinFunctionType, np.ndarray, np.ufunc, type(np.mean),
    }
    | {kind for code in np.typecodes["All"] for kind in (np.dtype(code).type, type(np.dtype(code)))}
)  # fmt: skip
"""What most other arguments are."""

_SLOTS = {"_Array__name", "_Array__chunks"} <= set(vars(Array))
_name_of = attrgetter("_Array__name" if _SLOTS else "_name")
_chunks_of = attrgetter("_Array__chunks" if _SLOTS else "_chunks")
"""The properties of these names are functions in Python, and take longer."""

_HAS_CHUNKS = hasattr(Array, "_chunks")
"""The expression back end computes chunks and names when asked, so nobody asks."""

PlainArray = Array if _SLOTS and _HAS_CHUNKS else None
"""The class whose own instances have name and chunks in slots, which are read quickest by name."""


class _Strange:
    """Whether arrays were made whose chunk sizes are no numbers; hardly ever."""

    chunks = False


strange = _Strange()

scope = sessions.scope.get
force_here = running.get
of_thread = sessions.of_thread

open_calls: dict[int, OpenCall] = _OpenCalls()
"""By thread, the innermost recorded call that has not returned."""


def begin(  # noqa: C901  (the hot path: calling a function for each part would take longer than the parts)
    caller: FrameType, operation: str, args: Iterable[Any], kwargs: dict[str, Any] | None
) -> Any:
    """Note that traced code is about to call a recorded function; None if nobody wants to know."""
    call = user = None
    try:
        watching = sessions.watching() if scope() is not None or of_thread.known else sessions.watching_all
        if not watching:
            return None
        code = caller.f_code
        filename = code.co_filename
        roles = watching[0].roles
        site = user = (code, caller.f_lasti)
        users = roles.users
        if filename not in users:
            if filename in roles.libraries or (role := roles.of(filename, caller.f_globals)) == "library":
                user, frame, others = None, caller.f_back, roles.others
                while frame is not None:
                    filename = frame.f_code.co_filename
                    if filename in others:
                        frame = frame.f_back
                    elif filename in users or roles.of(filename, frame.f_globals) == "user":
                        user = (frame.f_code, frame.f_lasti)
                        break
                    else:
                        frame = frame.f_back
            elif role != "user":
                if filename in roles.verdicts:
                    internal.add(filename)
                return None
        inputs: tuple[str, ...] = ()
        for value in args:
            kind = type(value)
            if kind is PlainArray:
                inputs += (value._Array__name,)
            elif kind not in _NO_ARRAYS:
                inputs += _arrays_in((value,))
        if kwargs:
            inputs += _arrays_in(kwargs.values())
        thread = get_ident()
        before = open_calls.get(thread)
        call = OpenCall(watching, operation, site, user, inputs, thread, before, perf_counter())
        open_calls[thread] = call
        return call
    except BaseException as error:
        if call is not None:
            close(call)
        try:
            survived(error)
        except RecursionError:
            unheard.failures += 1
        return None


def begin_assignment(caller: FrameType, operation: str, args: Any, kwargs: dict[str, Any] | None) -> Any:
    """As `begin`, for a call that changes its first argument in place."""
    call = begin(caller, operation, args, kwargs)
    if call is not None:
        call.target = args[0]
    return call


def close(call: OpenCall) -> None:
    """Have a call be open no longer; nothing if it is closed already."""
    thread = call.thread
    if open_calls.get(thread) is call:
        if call.before is None:
            del open_calls[thread]
        else:
            open_calls[thread] = call.before


def returned(call: OpenCall, result: Any) -> None:  # noqa: C901  (as `begin`)
    """Record a call that has come back."""
    try:
        ended = perf_counter()
        thread, before, inputs = call.thread, call.before, call.inputs
        if before is None:
            open_calls.pop(thread, None)
        else:
            open_calls[thread] = before
        if call.target is not None:
            result = call.target
        answer = None
        if type(result) is PlainArray and not strange.chunks:
            meta = result._meta
            dtype = meta.dtype if type(meta) is np.ndarray else _dtype_of(meta)
            outputs: tuple[Any, ...] = ((result._Array__name, dtype, result._Array__chunks),)
        else:
            outputs = described(result)
            if not outputs:
                if not inputs:
                    return
                # An answer to a question about the array; any other truth value would be the array's data.
                if (result is True or result is False) and call.operation.endswith(QUESTIONS):
                    answer = result
        # As `_record`, which would take a call.
        inside = force_here()
        runs = threads.get(thread)
        name = "" if runs is None else runs._name  # type: ignore[attr-defined]
        began = call.began
        for session in call.watching:
            recorder = session.recorder
            gathered = recorder.calls
            gathered.append(
                (
                    began - session.started, call.operation, call.site, call.user, inputs, outputs, name,
                    None if inside is None else inside[0].id_in(session), answer, None, ended - began,
                )
            )  # fmt: skip
            if len(gathered) >= GATHER:
                recorder.flush()
    except BaseException as error:
        try:
            survived(error)
        except RecursionError:
            unheard.failures += 1


def raised(call: OpenCall, error: BaseException, caller: FrameType) -> None:
    """Record that an exception passes through a call that `caller` made."""
    try:
        ended = perf_counter()
        close(call)
        if issubclass(type(error), GeneratorExit | StopIteration):
            return
        _record(call, ended)
        for session in call.watching:
            sighting = session.sighter.sight(caller)
            bindings.note(session, sighting, caller)
            force = force_of_task(session)
            session.failed(error, sighting, operation=call.operation, force=force, began=call.began)
    except BaseException as own:
        try:
            survived(own)
        except RecursionError:
            unheard.failures += 1


def _record(call: OpenCall, ended: float) -> None:
    """Record a call that has returned nothing."""
    inside, name, began = force_here(), thread_name(), call.began
    for session in call.watching:
        session.recorder.add_call(
            (
                began - session.started, call.operation, call.site, call.user, call.inputs, (), name,
                None if inside is None else inside[0].id_in(session), None, None, ended - began,
            )
        )  # fmt: skip


def _arrays_in(values: Iterable[Any]) -> tuple[str, ...]:
    """Names of the dask arrays among some values, one level of lists and tuples deep."""
    found: tuple[str, ...] = ()
    for value in values:
        kind = type(value)
        if kind in _NO_ARRAYS:
            continue
        if kind is Array:
            found += (_name_of(value),)
        elif kind is tuple or kind is list:
            found += tuple([_name_of(item) for item in value[:LONGEST] if issubclass(type(item), Array)])
        elif issubclass(kind, Array):
            found += (_name_of(value),)
    return found


def described(result: Any) -> tuple[tuple[str, Any, Any], ...]:
    """Name, dtype and chunks of each dask array in a result."""
    kind = type(result)
    if kind is Array and _HAS_CHUNKS:
        meta, chunks = result._meta, _plain(_chunks_of(result))
        return ((_name_of(result), meta.dtype if type(meta) is np.ndarray else _dtype_of(meta), chunks),)
    return () if kind in _NO_ARRAYS or not _HAS_CHUNKS else _described(result, kind)


def _described(result: Any, kind: type) -> tuple[tuple[str, Any, Any], ...]:
    """As `described`, for what is no plain dask array: subclasses, tuples and lists."""
    if issubclass(kind, Array):
        dtype, chunks = _dtype_of(result._meta), _plain(result._chunks)
        return ((_name_of(result), dtype, chunks),)
    if kind is tuple or kind is list or issubclass(kind, tuple | list):
        items = result[:LONGEST] if kind is tuple or kind is list else _items(result)
        arrays = [item for item in items if issubclass(type(item), Array)]
        return tuple([(_name_of(one), _dtype_of(one._meta), _plain(one._chunks)) for one in arrays])
    return ()


def _plain(chunks: Any) -> Any:
    return chunks if all(map(are_sizes, chunks)) else plain_chunks(chunks)


def _items(result: Any) -> Any:
    """The first elements of a named tuple or the like, whatever its own way of slicing."""
    base = tuple if issubclass(type(result), tuple) else list
    return base.__getitem__(result, slice(LONGEST))


def _dtype_of(meta: Any) -> Any:
    """The dtype of an array that is not NumPy's: NumPy's own, or what it is called."""
    dtype = getattr(meta, "dtype", None)
    return dtype if issubclass(type(dtype), np.dtype) else type(dtype).__name__
