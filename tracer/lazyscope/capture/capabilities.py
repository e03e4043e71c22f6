"""What SciPy itself declares of its functions on dask arrays, of those that the program reached.

Since version 1.17 SciPy's functions carry a declaration (``xp_capabilities``) that its documentation and its
tests are made from, whether its array API support is switched on or not. It is read when a trace ends, from
modules that are loaded by then; nothing is imported for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from lazyscope.capture.own_failures import guarded
from lazyscope.capture.recorder import Recorder
from lazyscope.capture.session import Session
from lazyscope.model import events

_TABLES = ("scipy._lib._array_api",)
"""Modules that hold declarations by function."""

_DASK = "dask.array"
_DEEPEST_WRAPPING = 16

_members_of_module: Any = vars(ModuleType)["__dict__"].__get__
_members_of_class: Any = vars(type)["__dict__"].__get__


class Declared(NamedTuple):
    """What is declared of one function; see `model.events.Capability`."""

    dask: str
    lazy: bool | None
    source: str


@guarded
def note(session: Session) -> None:
    """Record what is declared of the library functions that a session has seen."""
    found = {path: declared(path) for path in sorted(session.entries)}
    if any(found.values()):
        session.recorder.note(lambda recorder: _records(recorder, found))


def _records(recorder: Recorder, found: Mapping[str, Declared | None]) -> list[events.Record]:
    return [events.Capability(recorder.text(path), *one) for path, one in found.items() if one is not None]


def declared(path: str) -> Declared | None:
    """What the function of an import path, or a method of a class, is declared to do with dask arrays."""
    for table in _tables():
        *_, owner, value = (None, None, *_objects(path))
        for step in _unwrapped(value):
            if id(step) in table:
                return _read(table[id(step)])
        if id(owner) in table:
            method = path.rpartition(".")[2]
            whole = table[id(owner)]
            of_methods = whole.get("method_capabilities")
            own = of_methods.get(method) if type(of_methods) is dict else None
            return _read(own if type(own) is dict else whole)
    return None


def _tables() -> Iterator[dict[int, dict[str, Any]]]:
    """Declarations by the identity of the function."""
    for name in _TABLES:
        module = sys.modules.get(name)
        table = None if module is None else _members_of_module(module).get("xp_capabilities_table")
        if type(table) is dict:
            yield {id(function): one for function, one in [*table.items()] if type(one) is dict}


def _objects(path: str) -> Iterator[Any]:
    """The objects that an import path leads through, the loaded module first; nothing where it ends early.

    A method that is inherited, which its class does not hold, is None.
    """
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        module = sys.modules.get(".".join(parts[:length]))
        if module is not None and issubclass(type(module), ModuleType):
            break
    else:
        return
    members, found = _members_of_module(module), [module]
    for name in parts[length:]:
        value = members.get(name)
        if value is None and len(found) == 1:
            return
        found.append(value)
        members = _members_of_class(value) if issubclass(type(value), type) else {}
    yield from found


def _unwrapped(value: Any) -> Iterator[Any]:
    """A function and what it wraps, one after the other."""
    for _ in range(_DEEPEST_WRAPPING):
        yield value
        if type(value) is not FunctionType or "__wrapped__" not in value.__dict__:
            return
        value = value.__dict__["__wrapped__"]


# What a declaration says


def _read(one: Mapping[str, Any]) -> Declared:
    """Read a declaration as `scipy._lib._array_api` does for the table in a function's documentation."""
    for kind in ("skip_backends", "xfail_backends"):
        reason = _named(one.get(kind))
        if reason is not None:
            return Declared("unsupported", None, f"{kind}: {_DASK}{f' ({reason})' if reason else ''}")
    if one.get("out_of_scope") is True:
        return Declared("unsupported", None, "out_of_scope")
    if one.get("np_only") is True and _DASK not in _texts(one.get("exceptions")):
        reason = one.get("reason")
        return Declared("unsupported", None, f"np_only ({reason})" if type(reason) is str else "np_only")
    computes = one.get("allow_dask_compute", False)
    if type(computes) not in (bool, int):
        return Declared("supported", None, "")
    on_host = one.get("cpu_only") is True and _DASK not in _texts(one.get("exceptions"))
    source = f"allow_dask_compute={computes}{', cpu_only' if on_host else ''}"
    return Declared("converts" if computes and on_host else "supported", not computes, source)


def _named(backends: Any) -> str | None:
    """The reason that a list of (backend, reason) has for dask; None if it does not name it."""
    for entry in backends if type(backends) in (tuple, list) else ():
        if type(entry) is tuple and entry[:1] == (_DASK,):
            return entry[1] if len(entry) > 1 and type(entry[1]) is str else ""
    return None


def _texts(values: Any) -> list[str]:
    return [value for value in values if type(value) is str] if type(values) in (tuple, list) else []
