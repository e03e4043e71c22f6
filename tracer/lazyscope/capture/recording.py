"""Functions that have their calls recorded while they remain the very objects they are.

The code of the function is replaced: whoever holds it, by whatever name and since whenever, calls a
few lines of ours that hand on to a function with its own code. Identity, equality, pickling by reference
and tokens hold, since nothing but the code is another. What those lines need cannot be in a closure,
which must be the function's own, nor in its globals, which are its module's: it is a constant of the code.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from lazyscope.capture import calls
from lazyscope.capture.patching import Patches
from lazyscope.capture.wrapping import FILENAME, StandIn, without_catcher

Begin = Callable[[Any, str, tuple[Any, ...], dict[str, Any]], Any]
"""`calls.begin`, or what names the call by its arguments first."""

_HERE = "what the code needs"

_RECORDED = """
def recorded(*args, **kwargs):
    original, operation, through, begin, returned, raised, frame_at, internal, unmark = {here!r}
    caller = frame_at(1)
    if caller.f_code is through:
        caller = caller.f_back
    call = None
    if caller.f_code.co_filename not in internal:
        call = begin(caller, operation, args, kwargs)
    try:
        result = original(*args, **kwargs)
    except BaseException as error:
        if call is not None:
            raised(call, error)
        unmark(error)
        raise
    if call is None:
        return result
    returned(call, result)
    return result
"""

_FOLLOWED = """
def followed(*args, **kwargs):
    original, seen, frame_at = {here!r}
    result = original(*args, **kwargs)
    seen(result, args, frame_at)
    return result
"""


@functools.cache
def _template(source: str, cells: int) -> CodeType:
    """The code of the function in `source`, for a function whose closure has a number of cells."""
    names = [f"cell{number}" for number in range(cells)]
    body = source.format(here=_HERE).strip("\n").split("\n")
    if names:
        body.insert(1, f"    if 0: {', '.join(names)}")
    lines = ["def closed():", *(f"    {name} = None" for name in names), *(f"    {line}" for line in body)]
    scope: dict[str, Any] = {}
    exec(compile("\n".join(lines), FILENAME, "exec"), scope)
    return next(c for c in scope["closed"].__code__.co_consts if isinstance(c, CodeType))


def _code(
    source: str, function: Callable[..., Any], needs: tuple[Any, ...], *, cells: int | None = None
) -> CodeType:
    template = _template(source, len(function.__closure__ or ()) if cells is None else cells)
    constants = tuple(needs if constant == _HERE else constant for constant in template.co_consts)
    return template.replace(co_consts=constants, co_name=getattr(function, "__name__", "recorded"))


def _twin(function: FunctionType) -> FunctionType:
    """A function that goes on doing what `function` does now, whatever its code is replaced by."""
    twin = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    for name in _KEPT:
        setattr(twin, name, getattr(function, name))
    vars(twin).update(vars(function))
    return twin


_KEPT = (
    "__kwdefaults__", "__doc__", "__module__", "__qualname__",
    # Since Python 3.14 reading annotations runs code.
    "__annotations__" if sys.version_info < (3, 14) else "__annotate__",
)  # fmt: skip


def _needs(original: Any, operation: str, begin: Begin, through: CodeType | None) -> tuple[Any, ...]:
    return (
        original, operation, through, begin, calls.returned, calls.raised, sys._getframe, calls.internal,
        without_catcher,
    )  # fmt: skip


def record(
    patches: Patches,
    function: FunctionType,
    operation: str,
    *,
    begin: Begin | None = None,
    through: CodeType | None = None,
) -> None:
    """Have the calls of a function recorded.

    Parameters
    ----------
    patches : Patches
    function : function
    operation : str
        What the call is named in the trace.
    begin : callable, optional
        Instead of `calls.begin`.
    through : code, optional
        Of a function that only hands on to this one: then its caller is the caller.
    """
    known = _prepared.get(function)
    if known is None or known.own is not function.__code__ or known.about != (operation, begin, through):
        twin = _twin(function)
        code = _code(_RECORDED, function, _needs(twin, operation, begin or calls.begin, through))
        known = _prepared[function] = _Prepared(function.__code__, twin, code, (operation, begin, through))
    _replace_code(patches, function, known.code, known.twin)


class _Prepared(NamedTuple):
    """What it takes to have a function recorded: the same in every trace of a process."""

    own: CodeType
    twin: Any  # a function, which mypy would take for a method
    code: CodeType
    about: tuple[Any, ...]


_prepared: weakref.WeakKeyDictionary[FunctionType, _Prepared] = weakref.WeakKeyDictionary()


def follow(
    patches: Patches, function: FunctionType, seen: Callable[[Any, tuple[Any, ...], Any], None]
) -> None:
    """Have `seen` called with the result, the arguments and `sys._getframe` after each call of a function."""
    twin = _twin(function)
    _replace_code(patches, function, _code(_FOLLOWED, function, (twin, seen, sys._getframe)), twin)


def _replace_code(patches: Patches, function: FunctionType, code: CodeType, twin: FunctionType) -> None:
    attributes = vars(function)
    if "__wrapped__" not in attributes and "__signature__" not in attributes:
        # For `inspect.signature`, which would read the code.
        patches.set(function, "__wrapped__", twin)
    patches.set_code(function, code)


def recorded_copy(function: Callable[..., Any], operation: str) -> FunctionType:
    """A function for a `StandIn` that does what `function` does and has its calls recorded."""
    needs = _needs(function, operation, calls.begin, StandIn.__call__.__code__)
    return FunctionType(_code(_RECORDED, function, needs, cells=0), {})
