"""Recorded functions: the calls traced code makes through an array-API namespace.

While a trace is open each function of the dask namespaces is replaced, at every attribute of the array
layer that holds it, by one recorded function that hands on to it; so ``xp is array_namespace(x)``,
pickling by reference and tokens hold. Three kinds of functions need three ways:

* a function that pickle finds under its name is replaced by a wrapper, its own module included;
* `array_api_compat.common._internal.get_xp` makes closures over functions that pickle does find: the
  closure stays, the function in its cell is replaced;
* any other closure is replaced by a `StandIn`, which pickles and tokenises as the closure itself.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from lazyscope.capture import calls
from lazyscope.capture.imports import is_array_layer
from lazyscope.capture.patching import Patches
from lazyscope.capture.wrapping import StandIn, importable, unseen, without_catcher

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

_recorded: dict[int, tuple[Any, Any]] = {}
"""By id of the original: the original and what stands in for it while patches are in place."""


_stand_ins: set[int] = set()


def install(patches: Patches) -> None:
    """Record the namespaces that are imported now."""
    # dask's own names go before those of the layers that hand its functions on.
    for module in sorted(_array_layer_modules(), key=lambda module: not module.__name__.startswith("dask.")):
        install_module(patches, module)
    rebind_everywhere(patches)


def install_module(patches: Patches, module: ModuleType) -> None:
    """Record one module of the array layer: its own functions, and its bindings of others'."""
    if _NAMESPACE.search(module.__name__):
        for name, value in _public(module):
            _replace(patches, module, name, value)
    if _HELPERS.search(module.__name__):
        for name in calls.QUESTIONS:
            _replace(patches, module, name, vars(module).get(name))
    _rebind(patches, module)


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
    """Make one function of a namespace recorded, where it is defined and here."""
    if not isinstance(value, FunctionType) or id(value) in _recorded or id(value) in _stand_ins:
        return
    home = value.__code__.co_filename
    if not _HOMES.search(home) or (_is_part(module) and not _is_own(module, home, value)):
        return
    operation = f"{_shown(module.__name__)}.{name}"
    inner = _function_in_closure(value)
    if importable(value):
        stand_in: Any = recorded_function(value, operation)
        _set_home(patches, value, stand_in)
    elif inner is not None:
        cell, function = inner
        stand_in = recorded_function(function, operation, depth=2)
        _note_recorded(function, stand_in)
        patches.set_cell(cell, stand_in)
        if vars(value).get("__wrapped__") is function:
            patches.set(value, "__wrapped__", stand_in)
        _set_home(patches, function, stand_in)
        return
    else:
        stand_in = StandIn(value, recorded_function(value, operation, depth=2))
    _note_recorded(value, stand_in)


def _is_part(module: ModuleType) -> bool:
    """Whether it is a part of a namespace, which imports much for its own use."""
    return module.__name__.startswith("dask.array.") or module.__name__.endswith((".linalg", ".fft"))


def _is_own(module: ModuleType, home: str, value: FunctionType) -> bool:
    if "array_api_compat" in module.__name__:
        return "array_api_compat" in value.__module__ or home.endswith(("fft.py", "linalg.py"))
    return home == module.__file__ or value.__module__ == module.__name__


def _note_recorded(original: Any, stand_in: Any) -> None:
    _recorded[id(original)] = (original, stand_in)
    _stand_ins.add(id(stand_in))


def _set_home(patches: Patches, function: FunctionType, stand_in: Any) -> None:
    home = sys.modules.get(function.__module__)
    if home is not None and vars(home).get(function.__name__) is function:
        patches.set(home, function.__name__, stand_in)


def _function_in_closure(value: FunctionType) -> tuple[Any, FunctionType] | None:
    """The function that a closure of the same name hands on to, if pickle finds that one."""
    for cell in value.__closure__ or ():
        inner = cell.cell_contents
        if not isinstance(inner, FunctionType) or inner.__name__ != value.__name__:
            continue
        if _HOMES.search(inner.__code__.co_filename) and importable(inner):
            return cell, inner
    return None


def _rebind(patches: Patches, module: ModuleType) -> None:
    """Replace every attribute of a module that holds a recorded function."""
    for name, value in list(vars(module).items()):
        known = _recorded.get(id(value))
        if known is not None and known[0] is value:
            patches.set(module, name, known[1])
        elif isinstance(value, FunctionType) and value.__closure__ and id(value) not in _stand_ins:
            _rebind_closure(patches, value)


def _rebind_closure(patches: Patches, closure: FunctionType) -> None:
    """Have a closure over a recorded function see what its module holds now, or it would pickle otherwise."""
    for cell in closure.__closure__ or ():
        try:
            inner = cell.cell_contents
        except ValueError:
            continue
        known = _recorded.get(id(inner))
        if known is not None and known[0] is inner and isinstance(known[1], FunctionType):
            patches.set_cell(cell, known[1])
            if vars(closure).get("__wrapped__") is inner:
                patches.set(closure, "__wrapped__", known[1])


def rebind_everywhere(patches: Patches) -> None:
    """Replace every attribute of the array layer that holds a recorded function."""
    for module in _array_layer_modules():
        _rebind(patches, module)


def _shown(module_name: str) -> str:
    """The namespace as users know it: vendored copies under the name of what they copy."""
    for public in ("array_api_compat.", "array_api_extra"):
        if public in module_name:
            return module_name[module_name.index(public) :]
    return module_name


def recorded_function(
    original: Callable[..., Any], operation: str, *, depth: int = 1
) -> Callable[..., Any]:
    """A function that does what `original` does and has the call recorded.

    Parameters
    ----------
    original : callable
    operation : str
        What the call is named in the trace.
    depth : int
        How many frames away the caller is: 2 where another function only hands on.
    """
    return functools.wraps(original)(_stand_in(original, operation, depth, calls.begin))


def _stand_in(original: Any, operation: str, depth: int, begin: Any) -> Callable[..., Any]:
    return _make(
        original, operation, depth, begin, calls.returned, calls.raised, sys._getframe, calls.internal,
        without_catcher,
    )  # fmt: skip


@unseen
def _make(
    original: Callable[..., Any],
    operation: str,
    depth: int,
    begin: Callable[..., Any],
    returned: Callable[..., Any],
    raised: Callable[..., Any],
    frame_at: Callable[[int], Any],
    internal: set[str],
    unmark: Callable[[BaseException], None],
) -> Callable[..., Any]:
    def recorded(*args: Any, **kwargs: Any) -> Any:
        caller = frame_at(depth)
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

    return recorded


def recorded_by_name(method: Callable[..., Any], namespace: str, number: int) -> Callable[..., Any]:
    """A recorded method that stands for a function: one of its arguments, by which calls are named.

    Parameters
    ----------
    method : callable
    namespace : str
        Where the function is found if it does not say.
    number : int
        Which argument is the function: 0 for the methods of dask's ufuncs, 1 for NumPy's protocols.
    """

    def begin(caller: Any, _: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        function = args[number]
        module = getattr(function, "__module__", None) if number else None
        name = getattr(function, "__name__", "ufunc")
        return calls.begin(caller, f"{module or namespace}.{name}", args, kwargs)

    return functools.wraps(method)(_stand_in(method, "", 1, begin))


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
    return StandIn(function, recorded_function(function, operation, depth=2))


@functools.cache
def proxy_of(namespace: ModuleType) -> Namespace:
    """The one recording namespace of a real one."""
    return namespace if isinstance(namespace, Namespace) else Namespace(namespace)
