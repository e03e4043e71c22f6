"""Recorded operators, methods, indexing and conversions of the dask array class."""

from __future__ import annotations

import functools
from inspect import CO_GENERATOR
from types import FunctionType
from typing import Any

from dask.array import Array

from lazyscope.capture import calls
from lazyscope.capture.own_failures import guarded
from lazyscope.capture.patching import Patches
from lazyscope.capture.recording import record, recorded_copy

CONVERSIONS = (
    "__array__", "__bool__", "__float__", "__int__", "__index__", "__complex__", "__len__", "__iter__",
)  # fmt: skip

_BINARY = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul", "and", "or", "xor",
    "lshift", "rshift",
)  # fmt: skip
_OTHERS = ("abs", "neg", "pos", "invert", "eq", "ne", "lt", "le", "gt", "ge")
OPERATORS = (
    *(f"__{prefix}{name}__" for name in _BINARY for prefix in ("", "r")),
    *(f"__{name}__" for name in _OTHERS),
)

SPECIAL = (*CONVERSIONS, *OPERATORS, "__getitem__", "__setitem__", "__array_ufunc__", "__array_function__")

PROPERTIES = ("T", "real", "imag", "mT")

NOT_CALLS = frozenset({"to_svg", "store", "to_backend"})
"""Methods that are no array operations, or that are one under another name."""


def install(patches: Patches) -> None:
    """Record what is called on dask arrays."""
    seen: set[FunctionType] = set()
    for name, value in list(vars(Array).items()):
        if isinstance(value, property) and name in PROPERTIES:
            value = value.fget
        elif not _is_recorded(name):
            continue
        if not isinstance(value, FunctionType):
            continue
        # A generator's code can be replaced by that of a generator only; one code cannot tell two names.
        if value.__code__.co_flags & CO_GENERATOR or value in seen:
            copy = recorded_copy(value, f"Array.{name}")
            patches.set(Array, name, functools.wraps(value)(copy))
        else:
            named_by = 1 if name in ("__array_function__", "__array_ufunc__") else None
            _record(patches, value, f"Array.{name}", named_by)
        seen.add(value)


def install_ufuncs(patches: Patches) -> None:
    """Record calls of dask's ufunc objects, by what they are named."""
    from dask.array.ufunc import ufunc

    for name in ("__call__", "outer"):
        _record(patches, vars(ufunc)[name], f"dask.array.{name}", 0)


def _is_recorded(name: str) -> bool:
    return name in SPECIAL or not (name.startswith("_") or name in NOT_CALLS)


def _record(patches: Patches, method: FunctionType, operation: str, named_by: int | None) -> None:
    """Record a method; `named_by` is which of its arguments is the function that it stands for.

    That is the first for the methods of dask's ufuncs, and the second for NumPy's protocols.
    """
    if named_by is None:
        begin = calls.begin_assignment if operation == "Array.__setitem__" else None
        record(patches, method, operation, begin=begin)
        return

    @guarded
    def begin_named(caller: Any, _: str, args: Any, kwargs: Any) -> Any:
        name = _named(args[named_by], "numpy" if named_by else "dask.array")
        return calls.begin(caller, name, args, kwargs)

    record(patches, method, operation, begin=begin_named)


def _named(function: Any, module: str) -> str:
    """Import path of a function or ufunc; of another object, which may answer anything, its class's name."""
    kind = type(function)
    if kind.__module__.partition(".")[0] not in ("builtins", "numpy", "dask"):
        return f"{module}.{kind.__name__}"
    if module == "numpy":
        module = getattr(function, "__module__", None) or module
    return f"{module}.{getattr(function, '__name__', 'ufunc')}"
