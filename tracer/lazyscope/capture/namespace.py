"""The functions of array-API namespaces, recorded in place.

Three kinds of functions need three ways:

* a function that pickle finds under its name keeps its identity, and only its code is replaced;
* `array_api_compat.common._internal.get_xp` makes closures over functions that pickle does find: the
  closure stays, the function in it has its code replaced;
* any other closure is pickled with its code, so a `StandIn` takes its place at every attribute of the
  array layer. It equals the closure and pickles and tokenises as the closure itself.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from lazyscope.capture import calls
from lazyscope.capture.imports import is_array_layer
from lazyscope.capture.own_failures import guarded
from lazyscope.capture.patching import Patches
from lazyscope.capture.recording import record, recorded_copy
from lazyscope.capture.wrapping import StandIn, importable

_NAMESPACE = re.compile(
    r"^dask\.array(\.(linalg|fft|random|ma|stats|image|overlap|lib\.stride_tricks))?$"
    r"|(^|\.)array_api_compat\.dask\.array(\.(linalg|fft))?$"
    r"|(^|\.)array_api_extra$"
)
_HELPERS = re.compile(r"(^|\.)array_api_compat\.common\._helpers$")
_HOMES = re.compile(r"[/\\](dask[/\\](array|backends)|array_api_compat|array_api_extra)\b")
"""Where functions of a namespace are written; what else a namespace holds was imported for its own use."""

_NO_CALLS = frozenset(
    {
        "annotations", "assert_eq", "broadcast_chunks", "get_annotations", "normalize_chunks", "optimize",
        "register_chunk_type", "unify_chunks",
    }
)  # fmt: skip

_recorded: set[int] = set()
"""Ids of the functions that are recorded while patches are in place."""

_stand_ins: dict[int, tuple[Any, Any]] = {}
"""By id of a closure: the closure, and what stands in for it."""


def install(patches: Patches) -> None:
    """Record the namespaces that are imported now."""
    modules = _array_layer_modules()
    # dask's own names go before those of the layers that hand its functions on.
    for module in sorted(modules, key=lambda module: not module.__name__.startswith("dask.")):
        _install(patches, module)
    for module in modules:
        _rebind(patches, module)


def install_module(patches: Patches, module: ModuleType) -> None:
    """Record one module of the array layer that was imported meanwhile."""
    _install(patches, module)
    for known in _array_layer_modules():
        _rebind(patches, known)


def _install(patches: Patches, module: ModuleType) -> None:
    if _NAMESPACE.search(module.__name__):
        for name, value in _public(module):
            _replace(patches, module, name, value)
    if _HELPERS.search(module.__name__):
        for name in calls.QUESTIONS:
            _replace(patches, module, name, vars(module).get(name))


def forget() -> None:
    """Drop the stand-ins."""
    _recorded.clear()
    _stand_ins.clear()


def _array_layer_modules() -> list[ModuleType]:
    return [
        module
        for name, module in sorted(sys.modules.items())
        if isinstance(module, ModuleType) and is_array_layer(name)
    ]


def _public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in list(vars(module).items()):
        if not name.startswith("_") and name not in _NO_CALLS:
            yield name, value


def _replace(patches: Patches, module: ModuleType, name: str, value: Any) -> None:
    """Have one function of a namespace recorded, or the updates that `array_api_extra.at` makes."""
    if type(value) is type and name == "at" and "array_api_extra" in value.__module__:
        _record_updates(patches, value)
    if not isinstance(value, FunctionType) or id(value) in _recorded:
        return
    home = value.__code__.co_filename
    if not _HOMES.search(home) or (_is_part(module) and not _is_own(module, home, value)):
        return
    operation = f"{_shown(module.__name__)}.{name}"
    _recorded.add(id(value))
    if importable(value):
        record(patches, value, operation)
        return
    inner = _function_in_closure(value)
    if inner is None:
        _stand_ins[id(value)] = (value, StandIn(value, recorded_copy(value, operation)))
    elif id(inner) not in _recorded:
        _recorded.add(id(inner))
        record(patches, inner, operation, through=value.__code__)


def _record_updates(patches: Patches, at: type) -> None:
    """Record ``at(x)[index].set(y)`` and its like as one call each, on the array that is updated."""
    for name, method in list(vars(at).items()):
        if name.startswith("_") or not isinstance(method, FunctionType) or id(method) in _recorded:
            continue
        _recorded.add(id(method))
        record(patches, method, f"array_api_extra.at.{name}", begin=_begin_update)


@guarded
def _begin_update(caller: Any, operation: str, args: Any, kwargs: Any) -> Any:
    update, *others = args
    return calls.begin(caller, operation, (update._x, *others), kwargs)


def _is_part(module: ModuleType) -> bool:
    """Whether it is a part of a namespace, which imports much for its own use."""
    return module.__name__.startswith("dask.array.") or module.__name__.endswith((".linalg", ".fft"))


def _is_own(module: ModuleType, home: str, value: FunctionType) -> bool:
    if "array_api_compat" in module.__name__:
        return "array_api_compat" in value.__module__ or home.endswith(("fft.py", "linalg.py"))
    return home == module.__file__ or value.__module__ == module.__name__


def _function_in_closure(value: FunctionType) -> FunctionType | None:
    """The function that a closure of the same name hands on to, if pickle finds that one."""
    for cell in value.__closure__ or ():
        inner = cell.cell_contents
        if not isinstance(inner, FunctionType) or inner.__name__ != value.__name__:
            continue
        if _HOMES.search(inner.__code__.co_filename) and importable(inner):
            return inner
    return None


def _rebind(patches: Patches, module: ModuleType) -> None:
    """Put stand-ins where a module holds what they stand in for."""
    for name, value in list(vars(module).items()):
        known = _stand_ins.get(id(value))
        if known is not None:
            patches.set(module, name, known[1])


def _shown(module_name: str) -> str:
    """The namespace as users know it: vendored copies under the name of what they copy."""
    for public in ("array_api_compat.", "array_api_extra"):
        if public in module_name:
            return module_name[module_name.index(public) :]
    return module_name


class Namespace(ModuleType):
    """An array-API namespace whose calls are recorded while a trace is open.

    It stands for the namespace it was made of: same name, same attributes, and it pickles as that
    module. Everything that is no function is the namespace's own.
    """

    def __init__(self, namespace: ModuleType) -> None:
        super().__init__(namespace.__name__, namespace.__doc__)
        self.__dict__["__wrapped__"] = namespace

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.__dict__["__wrapped__"], name)
        if isinstance(value, ModuleType) and name in ("linalg", "fft"):
            return proxy_of(value)
        # dask's namespaces are recorded in place.
        if isinstance(value, FunctionType) and not _NAMESPACE.search(self.__name__):
            return _proxied(value, f"{_shown(self.__name__)}.{name}")
        return value

    def __dir__(self) -> list[str]:
        return dir(self.__dict__["__wrapped__"])

    def __reduce__(self) -> Any:
        # As cloudpickle writes the module itself, so that closures over either have one token.
        cloudpickle = sys.modules.get("cloudpickle.cloudpickle")
        return getattr(cloudpickle, "subimport", importlib.import_module), (self.__name__,)

    def __dask_tokenize__(self) -> Any:
        from dask.base import normalize_token

        return normalize_token(self.__dict__["__wrapped__"])


@functools.cache
def _proxied(function: FunctionType, operation: str) -> Any:
    return StandIn(function, recorded_copy(function, operation))


@functools.cache
def proxy_of(namespace: ModuleType) -> Namespace:
    """The one recording namespace of a real one."""
    return namespace if isinstance(namespace, Namespace) else Namespace(namespace)
