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
from inspect import CO_VARARGS, CO_VARKEYWORDS
from threading import get_ident
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

from lazyscope.capture import calls
from lazyscope.capture.escaped import operations
from lazyscope.capture.own_failures import unheard
from lazyscope.capture.patching import Patches
from lazyscope.capture.wrapping import FILENAME, StandIn, without_catcher

Begin = Callable[[Any, str, Any, Any], Any]
"""`calls.begin`, or what names the call by its arguments first."""

_HERE = "what the code needs"

_RECORDED = """
def recorded({parameters}):
    _ls_original, _ls_frame_at, _ls_internal, _ls_rest = {here!r}
    _ls_caller = _ls_frame_at(1)
    {through}
    if _ls_caller.f_code.co_filename in _ls_internal:
        try:
            return _ls_original({arguments})
        except BaseException as _ls_error:
            try:
                _ls_rest[3](_ls_error)
            except RecursionError:
                _ls_rest[5].failures += 1
            raise
    try:
        _ls_call = _ls_rest[0](_ls_caller, _ls_rest[1], ({values}), {keywords})
    except RecursionError:
        _ls_call = None
        _ls_rest[5].failures += 1
    try:
        _ls_result = _ls_original({arguments})
    except BaseException as _ls_error:
        try:
            _ls_rest[4](_ls_call, _ls_error, _ls_caller)
        except RecursionError:
            _ls_rest[5].failures += 1
        raise
    if _ls_call is not None:
        try:
            _ls_rest[6](_ls_call, _ls_result)
        except RecursionError:
            _ls_rest[5].failures += 1
    return _ls_result
"""

_THROUGH = "_ls_caller = _ls_caller.f_back if _ls_caller.f_code is _ls_rest[2] else _ls_caller"
"""Where another function only hands on to the one that is recorded, that function's caller counts."""

_FOLLOWED = """
def followed({parameters}):
    _ls_original, _ls_skip, _ls_ident, _ls_seen, _ls_unmark, _ls_frame_at, _ls_unheard = {here!r}
    try:
        _ls_result = _ls_original({arguments})
    except BaseException as _ls_error:
        try:
            _ls_unmark(_ls_error)
        except RecursionError:
            _ls_unheard.failures += 1
        raise
    if _ls_ident() not in _ls_skip:
        try:
            _ls_seen(_ls_result, ({values}), _ls_frame_at)
        except RecursionError:
            _ls_unheard.failures += 1
    return _ls_result
"""


class _Signature(NamedTuple):
    """The parameters of a function, as text to be compiled: a stand-in binds them as the function does.

    What the caller leaves out gets its default, which stays with the function whose code is replaced.
    """

    parameters: str
    arguments: str
    """How they are handed on."""
    values: str
    """Those that hold data, or all of them, as elements of a tuple."""
    keywords: str
    """Name of the dict of the others, ``None`` without one."""


_ANY = _Signature("*args, **kwargs", "*args, **kwargs", "*args,", "kwargs")


_NO_ARRAY = frozenset({bool, str})
"""Types of defaults of parameters that no array is given by: ``keepdims=False``, ``mode="reflect"``."""


_NO_DATA = frozenset(
    {"axis", "chunks", "copy", "device", "dtype", "keepdims", "meta", "name", "order", "split_every", "token"}
)
"""Parameters that hold no data in any function of a namespace. Each one less is a type less to look at."""


def _signature(function: FunctionType, *, every_value: bool) -> _Signature:
    code = function.__code__
    names = code.co_varnames
    positional = list(names[: code.co_argcount])
    named = list(names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount])
    if any(not name.isidentifier() or name.startswith("_ls_") for name in names):
        return _ANY
    rest = iter(names[code.co_argcount + code.co_kwonlyargcount :])
    others = next(rest) if code.co_flags & CO_VARARGS else None
    keywords = next(rest) if code.co_flags & CO_VARKEYWORDS else None
    defaults = len(function.__defaults__ or ())
    required = len(positional) - defaults
    parameters = [name if n < required else f"{name}=None" for n, name in enumerate(positional)]
    if code.co_posonlyargcount:
        parameters.insert(code.co_posonlyargcount, "/")
    given = function.__kwdefaults__ or {}
    if others or named:
        parameters.append(f"*{others}" if others else "*")
    parameters += [f"{name}=None" if name in given else name for name in named]
    arguments = positional + ([f"*{others}"] if others else []) + [f"{name}={name}" for name in named]
    if keywords:
        parameters.append(f"**{keywords}")
        arguments.append(f"**{keywords}")
    switches = _NO_DATA | {name for name, default in given.items() if type(default) in _NO_ARRAY}
    switches |= {
        name
        for name, default in zip(positional[required:], function.__defaults__ or (), strict=True)
        if type(default) in _NO_ARRAY
    }
    values = [name for name in positional + named if every_value or name not in switches]
    values += [f"*{others}"] if others else []
    return _Signature(
        ", ".join(parameters), ", ".join(arguments), "".join(f"{v}, " for v in values), keywords or "None"
    )


@functools.cache
def _template(source: str, signature: _Signature, cells: tuple[str, ...], through: str) -> CodeType:
    """The code of the function in `source`, for a function with these parameters and names in its closure."""
    text = source.format(here=_HERE, through=through, **signature._asdict())
    body = [line for line in text.split("\n") if line.strip()]
    if cells:
        body.insert(1, f"    if 0: {', '.join(cells)}")
    lines = ["def closed():", *(f"    {name} = None" for name in cells), *(f"    {line}" for line in body)]
    scope: dict[str, Any] = {}
    exec(compile("\n".join(lines), FILENAME, "exec"), scope)
    return next(c for c in scope["closed"].__code__.co_consts if isinstance(c, CodeType))


def _code(
    source: str,
    function: FunctionType,
    needs: tuple[Any, ...],
    *,
    through: bool = False,
    copied: bool = False,
) -> CodeType:
    """Code that stands in for that of `function`, or, `copied`, for a function without closure beside it."""
    cells: tuple[str, ...] = ()
    signature = _ANY
    if not copied:
        cells = tuple(f"_ls_cell{number}" for number in range(len(function.__closure__ or ())))
        signature = _signature(function, every_value=source is _FOLLOWED)
    template = _template(source, signature, cells, _THROUGH if through else "")
    constants = tuple(needs if constant == _HERE else constant for constant in template.co_consts)
    own = function.__code__
    return template.replace(
        co_consts=constants, co_name=function.__name__, co_qualname=own.co_qualname,
        co_firstlineno=own.co_firstlineno,
    )  # fmt: skip


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
    rest = begin, operation, through, without_catcher, _failing, unheard, calls.returned
    return original, sys._getframe, calls.internal, rest


def _failing(call: Any, error: BaseException, caller: FrameType) -> None:
    """Note an exception that passes through a stand-in, and take the stand-in's frame out of it."""
    if call is not None:
        calls.raised(call, error, caller)
    without_catcher(error)


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
    operations[function.__qualname__] = operation
    known = _prepared.get(id(function))
    about = operation, begin, through
    if known is None or known.of() is not function or (known.own, known.about) != (function.__code__, about):
        twin = _twin(function)
        needs = _needs(twin, operation, begin or calls.begin, through)
        code = _code(_RECORDED, function, needs, through=through is not None)
        known = _Prepared(weakref.ref(function), function.__code__, twin, code, about)
        _prepared[id(function)] = known
    _replace_code(patches, function, known.code, known.twin)


class _Prepared(NamedTuple):
    """What it takes to have a function recorded: the same in every trace of a process."""

    of: weakref.ref[FunctionType]
    own: CodeType
    twin: Any  # a function, which mypy would take for a method
    code: CodeType
    about: tuple[Any, ...]


_prepared: dict[int, _Prepared] = {}
"""By id of a function. A function of a namespace lives as long as its module."""


def follow(
    patches: Patches,
    function: FunctionType,
    seen: Callable[[Any, tuple[Any, ...], Any], None],
    *,
    outside_calls: bool = False,
) -> None:
    """Have `seen` called with the result, the arguments and `sys._getframe` after each call of a function.

    With `outside_calls` only where no recorded call is open in the thread.
    """
    twin = _twin(function)
    skip = calls.open_calls if outside_calls else _NOWHERE
    needs = twin, skip, get_ident, seen, without_catcher, sys._getframe, unheard
    _replace_code(patches, function, _code(_FOLLOWED, function, needs), twin)


_NOWHERE: frozenset[int] = frozenset()


def _replace_code(patches: Patches, function: FunctionType, code: CodeType, twin: FunctionType) -> None:
    attributes = vars(function)
    if "__wrapped__" not in attributes and "__signature__" not in attributes:
        # For `inspect.signature`, which would read the code.
        patches.set(function, "__wrapped__", twin)
    patches.set_code(function, code)


def recorded_copy(function: FunctionType, operation: str) -> FunctionType:
    """A function for a `StandIn` that does what `function` does and has its calls recorded."""
    needs = _needs(function, operation, calls.begin, StandIn.__call__.__code__)
    return FunctionType(_code(_RECORDED, function, needs, through=True, copied=True), {})
