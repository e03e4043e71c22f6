"""Values of variables in frames of the program, read so that the program does not notice."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any

MISSING: Any = object()

_READS_ITS_LOCALS = frozenset(("locals", "vars", "eval", "exec"))
"""Before Python 3.13 a function that uses one of these shares its dict of locals with us."""
_OF_PYTEST = "@py_builtins"


def local_values(frame: FrameType, names: Iterable[str]) -> dict[str, Any]:
    """The values of local variables, of a function's cells too; nothing where reading could be noticed."""
    code = frame.f_code
    if not code.co_flags & CO_OPTIMIZED:
        # A module's or a class's own namespace; `exec` may be given any mapping, which runs its own code.
        namespace = frame.f_locals
        return _picked(namespace, names) if type(namespace) is dict else {}
    if sys.version_info >= (3, 13):
        # A proxy that writes through: nothing is copied, nothing must be cleared.
        return _picked(frame.f_locals, names)
    # Reading fills one dict that the frame keeps and shares with whoever else asks, and writes over what
    # a debugger stopped in this frame has put there.
    debugged = type(frame.f_trace) is FunctionType or type(frame.f_trace) is MethodType
    if debugged or _reads_its_locals(code):
        return {}
    snapshot = frame.f_locals
    values = _picked(snapshot, names)
    if sys.getrefcount(snapshot) <= 3:  # ours, the frame's and the argument's: no one else's
        snapshot.clear()
    return values


def _reads_its_locals(code: CodeType) -> bool:
    used = _READS_ITS_LOCALS.intersection(code.co_names)
    # pytest writes assertions so that they ask `locals()` for a name, and keep nothing of it.
    return bool(used) and not (used == {"locals"} and _OF_PYTEST in code.co_names)


def _picked(local: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    found = {}
    for name in names:
        value = local.get(name, MISSING)
        if value is not MISSING:
            found[name] = value
    return found
