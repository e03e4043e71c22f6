"""`compare_with_numpy`: the same function on dask arrays and on NumPy arrays, and what differs."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from lazyscope.agreement import Difference, Tolerance, differences, parts_of
from lazyscope.api import trace as traced
from lazyscope.capture import session as sessions
from lazyscope.capture.escaped import note_escaped
from lazyscope.capture.messages import MESSAGE_CHARACTERS, message_of
from lazyscope.capture.own_failures import guarded
from lazyscope.capture.session import Session
from lazyscope.model import events
from lazyscope.traces import Trace

if TYPE_CHECKING:
    from lazyscope.capture.recorder import Recorder
    from lazyscope.catalogue.finding import Finding

_LAZY_ONLY = ("PerformanceWarning", "FutureWarning")
"""Categories of warnings with which dask speaks of chunks and of functions it lacks."""


@dataclass(frozen=True)
class Comparison:
    """What `compare_with_numpy` found."""

    function: str
    """Qualified name of the function."""
    differences: tuple[Difference, ...]
    trace: Trace
    """What the function did on dask arrays."""

    @property
    def equal(self) -> bool:
        """Whether results and exceptions agree. Warnings do not count: lazy code often cannot warn."""
        return are_equal(self.differences)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the catalogue says of the differences: findings of code LZ505."""
        from lazyscope.catalogue.diagnose import diagnose

        return tuple(found for found in diagnose(self.trace.data).findings if found.code == "LZ505")

    def __repr__(self) -> str:
        said = "equal" if self.equal else "different"
        count = len(self.differences)
        return f"<lazyscope comparison of {self.function}: {said}, {count} difference{'s' * (count != 1)}>"

    def __str__(self) -> str:
        if not self.differences:
            return f"{self.function}: dask and NumPy agree"
        return "\n".join([f"{self.function}:", *(f"  {found}" for found in self.differences)])


def are_equal(found: tuple[Difference, ...]) -> bool:
    """Whether results and exceptions agree."""
    return all(one.kind == "warnings" for one in found)


def compare_with_numpy(
    func: Callable[..., Any],
    /,
    *args: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    **kwargs: Any,
) -> Comparison:
    """Call a function with dask arrays and with the NumPy arrays of the same values, and compare.

    The first call gets the arguments as they are and is recorded. For the second each dask array among
    them, also inside tuples, lists and dictionaries, is replaced by what it computes to, each NumPy array
    by a copy, and a namespace of dask by that of NumPy. Lazy results are computed before they are
    compared. Neither that nor the second call is recorded, here or in any other trace that is open.

    Parameters
    ----------
    func : callable
        The function. It is called twice, so what it does besides returning a result happens twice; what it
        draws from a random generator differs unless it seeds that itself. What it changes in place is
        compared only if it is part of the result.
    *args, **kwargs
        Its arguments. Arguments that are named like parameters below can be given with
        `functools.partial`.
    rtol, atol : float, optional
        Numbers agree if they are at most ``atol + rtol * abs(NumPy's)`` apart. By default `rtol` is the
        square root of the precision of the dtype, and `atol` 100 times the precision, relative to NumPy's
        largest value or 1. Integers, booleans and texts must be equal.
    equal_nan : bool, optional
        Whether NaN agrees with NaN.

    Returns
    -------
    Comparison
        With ``equal``, ``differences``, ``trace`` and ``findings``. What differs is in the trace too, so
        its summary and its reports have the finding LZ505.

    Examples
    --------
    >>> x = da.from_array([1.0, 2.0, 2.0], chunks=2)        # doctest: +SKIP
    >>> print(lazyscope.compare_with_numpy(is_small, x))    # doctest: +SKIP
    is_small:
      result: values differ: False on dask, True on NumPy
    """
    caller = sys._getframe(1)
    with sessions.unwatched():
        eager_args, eager_kwargs = _eager((args, kwargs))
    name = getattr(func, "__qualname__", None) or type(func).__name__
    with traced() as trace:
        watching = sessions.watching()
        began = [session.now() for session in watching]
        ours = _outcome(lambda: func(*args, **kwargs))
        ended = [session.now() for session in watching]
        with sessions.unwatched():
            theirs = _outcome(lambda: func(*eager_args, **eager_kwargs))
            _show_again(ours.warned)
            found = tuple(_differing(ours, theirs, Tolerance(rtol, atol, equal_nan)))
        for session, called in zip(watching, zip(began, ended, strict=True), strict=True):
            _record(session, name, found, caller, called)
        if ours.error is not None and ours.kind != theirs.kind:
            assert trace._session is not None
            note_escaped(trace._session, ours.error)
    return Comparison(name, found, trace)


@dataclass(frozen=True)
class _Outcome:
    """What a call came to."""

    result: Any = None
    computed: Mapping[int, Any] = field(default_factory=dict)
    """What its lazy parts compute to, by their id."""
    error: Exception | None = None
    warned: tuple[warnings.WarningMessage, ...] = ()

    @property
    def kind(self) -> str | None:
        """Type of its exception."""
        return None if self.error is None else type(self.error).__name__

    @property
    def text(self) -> str:
        """Type and message of its exception."""
        return "no exception" if self.error is None else f"{self.kind}: {message_of(self.error)}"


def _outcome(call: Callable[[], Any]) -> _Outcome:
    with warnings.catch_warnings(record=True) as warned:
        try:
            result = call()
            with sessions.unwatched():
                computed = _computed(result)
        except Exception as error:
            return _Outcome(error=error, warned=tuple(warned))
    return _Outcome(result, computed, warned=tuple(warned))


def _differing(ours: _Outcome, theirs: _Outcome, tolerance: Tolerance) -> Iterator[Difference]:
    if ours.kind != theirs.kind:
        yield Difference("", "exception", ours.text, theirs.text)
    elif ours.kind is None:
        computed = {**ours.computed, **theirs.computed}
        yield from differences(ours.result, theirs.result, tolerance, computed)
    said, expected = _texts(ours.warned), _texts(theirs.warned)
    lost = [text for text in expected if text not in said]
    made = [text for text in said if text not in expected and not text.startswith(_LAZY_ONLY)]
    if lost or made:
        yield Difference("", "warnings", "; ".join(made) or "no warning", "; ".join(lost) or "no warning")


def _texts(warned: tuple[warnings.WarningMessage, ...]) -> list[str]:
    found = (f"{one.category.__name__}: {str(one.message)[:MESSAGE_CHARACTERS]}" for one in warned)
    return list(dict.fromkeys(found))


def _show_again(warned: tuple[warnings.WarningMessage, ...]) -> None:
    """Hand on what was collected, past the recorder that has seen it."""
    for one in warned:
        warnings.showwarning(one.message, one.category, one.filename, one.lineno, one.file, one.line)


# Lazy and eager


def _eager(values: Any) -> Any:
    """The same arguments for NumPy: everything lazy is computed together, so that nothing runs twice."""
    import dask

    lazy: dict[int, Any] = {}
    _collect(values, lazy, inside=_elements)
    computed = dict(zip(lazy, dask.compute(*lazy.values()), strict=True)) if lazy else {}
    return _replaced(values, computed)


def _elements(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, tuple | list) else []


def _collect(value: Any, found: dict[int, Any], *, inside: Callable[[Any], list[Any]]) -> None:
    """Gather what is lazy in a value, by its id."""
    from dask.base import is_dask_collection

    pending: list[Any] = [value]
    seen: dict[int, Any] = {}
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen[id(one)] = one
        if is_dask_collection(one):
            found[id(one)] = one
        else:
            pending += reversed(inside(one))


def _replaced(value: Any, computed: dict[int, Any]) -> Any:
    if id(value) in computed:
        return _own(computed[id(value)])
    if isinstance(value, np.ndarray):
        return _own(value)
    if isinstance(value, ModuleType):
        return _numpy_namespace(value)
    if type(value) is dict:
        return {key: _replaced(part, computed) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_replaced(part, computed) for part in value))
    if type(value) in (tuple, list):
        return type(value)(_replaced(part, computed) for part in value)
    return value


def _own(value: Any) -> Any:
    """A copy: what a function changes in place is not to reach what dask arrays were made from."""
    return value.copy() if isinstance(value, np.ndarray) else value


def _numpy_namespace(module: ModuleType) -> ModuleType:
    """NumPy's namespace in place of dask's: ``numpy`` for ``dask.array``, likewise in the compat layer."""
    package, _, last = module.__name__.rpartition("dask.array")
    if last or (package and not package.endswith(".")):
        return module
    return import_module(f"{package}numpy")


def _computed(result: Any) -> dict[int, Any]:
    """What everything lazy in a result computes to, by its id."""
    import dask

    lazy: dict[int, Any] = {}
    _collect(result, lazy, inside=lambda value: list((parts_of(value) or {}).values()))
    return dict(zip(lazy, dask.compute(*lazy.values()), strict=True)) if lazy else {}


# The trace


@guarded
def _record(
    session: Session,
    name: str,
    found: tuple[Difference, ...],
    caller: FrameType,
    called: tuple[float, float],
) -> None:
    """Have a trace know what differs, and where the comparison was asked for."""
    sighting = session.sighter.sight(caller)

    def record(recorder: Recorder, one: Difference) -> events.Difference:
        return events.Difference(
            at=session.now(),
            began=called[0],
            ended=called[1],
            function=name,
            path=one.path,
            difference=one.kind,
            found=one.found or one.dask,
            expected=one.expected or one.numpy,
            largest_absolute=one.largest_absolute,
            largest_relative=one.largest_relative,
            site=recorder.position(sighting.site),
            user_site=recorder.position(sighting.user_site),
        )

    for one in found:
        session.recorder.emit(partial(record, one=one))
    session.unequal += not are_equal(found)
