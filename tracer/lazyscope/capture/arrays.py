"""Recorded operators, methods, indexing and conversions of the dask array class."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from dask.array import Array

from lazyscope.capture.namespace import recorded_by_name, recorded_function
from lazyscope.capture.patching import Patches

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
    for name, value in list(vars(Array).items()):
        if isinstance(value, FunctionType) and _is_recorded(name):
            patches.set(Array, name, _recorded(name, value))
        elif isinstance(value, property) and name in PROPERTIES and isinstance(value.fget, FunctionType):
            patches.set(Array, name, value.getter(recorded_function(value.fget, f"Array.{name}")))


def _is_recorded(name: str) -> bool:
    return name in SPECIAL or not (name.startswith("_") or name in NOT_CALLS)


def _recorded(name: str, method: FunctionType) -> Any:
    if name in ("__array_function__", "__array_ufunc__"):
        return recorded_by_name(method, "numpy", 1)
    return recorded_function(method, f"Array.{name}")


def install_ufuncs(patches: Patches) -> None:
    """Record calls of dask's ufunc objects, by what they are named."""
    from dask.array.ufunc import ufunc

    for name in ("__call__", "outer"):
        patches.set(ufunc, name, recorded_by_name(vars(ufunc)[name], "dask.array", 0))
