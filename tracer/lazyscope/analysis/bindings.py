"""What the names in the program's lines stand for, as recorded when something first happened there.

Places at which nothing happened know what the nearest place before them in the same function knows, if that
has a record. Names that are not known are not bound to anything that lazyscope saw: advice must not use them.
"""

from __future__ import annotations

from collections.abc import KeysView
from dataclasses import dataclass

from lazyscope.model.events import Binding
from lazyscope.model.trace import TraceData

ARRAY = "dask array"
_SEQUENCES = ("list", "tuple")


@dataclass(frozen=True)
class Held:
    """A variable of the user's that a dask array was bound to."""

    variable: str
    position: int
    """The first position at which it was found."""
    scope: str
    """``local``, ``free`` or ``global``."""


def bindings_at(trace: TraceData, position: int | None) -> tuple[Binding, ...]:
    """What is known of the names at a position; empty if nothing is."""
    if position is None:
        return ()
    known = trace.bindings.get(position)
    return known if known is not None else trace.bindings.get(_nearest(trace, position), ())


def bound(trace: TraceData, position: int | None, name: str) -> Binding | None:
    """What a name at a position was bound to; None if that is not known."""
    return next((one for one in bindings_at(trace, position) if trace.texts[one.name] == name), None)


def arrays_bound(trace: TraceData, position: int | None) -> tuple[str, ...]:
    """Variables at a position that were bound to dask arrays."""
    return tuple(trace.texts[one.name] for one in bindings_at(trace, position) if one.kind == ARRAY)


def lists_bound(trace: TraceData, position: int | None) -> tuple[str, ...]:
    """Variables at a position that were bound to lists or tuples of nothing but dask arrays."""
    return tuple(
        trace.texts[one.name]
        for one in bindings_at(trace, position)
        if one.kind in _SEQUENCES and one.elements == ARRAY
    )


def module_names(trace: TraceData, position: int | None) -> dict[str, str]:
    """By variable at a position, the name of the module that it was bound to: ``da``: ``dask.array``."""
    return {
        trace.texts[one.name]: trace.texts[one.type]
        for one in bindings_at(trace, position)
        if one.kind == "module" and one.type is not None
    }


def path_of(trace: TraceData, position: int | None, name: str) -> str | None:
    """Import path of the function, class or module that a name was bound to, else of the value's class."""
    found = bound(trace, position, name)
    return None if found is None or found.type is None else trace.texts[found.type]


def variables_of(trace: TraceData, array: int) -> tuple[Held, ...]:
    """The user's variables that a dask array was bound to, in the order in which they were found.

    Parameters
    ----------
    trace
        The trace.
    array
        Number of the text that is its name.
    """
    return _variables(trace).get(array, ())


def outermost_variable(trace: TraceData, array: int) -> Held | None:
    """Of the user's variables of an array, a global one, else that of the outermost function."""
    held = variables_of(trace, array)
    if len(held) < 2:
        return next(iter(held), None)
    known = {one.position: one for one in reversed(held)}
    met = (known[position] for stack in trace.stacks for position in stack.positions if position in known)
    return next((one for one in held if one.scope == "global"), None) or next(met, held[0])


def bound_arrays(trace: TraceData) -> KeysView[int]:
    """Names of the dask arrays that variables of the user's were bound to."""
    return _variables(trace).keys()


def bindings_of(trace: TraceData, array: int) -> tuple[Binding, ...]:
    """The bindings of all variables to an array, those in libraries too; they know its dtype and layout."""
    return tuple(_by_array(trace).get(array, ()))


def is_bound_at(trace: TraceData, array: int, variable: str, position: int) -> bool:
    """Whether a variable stood for an array where the code of a position was seen, or in its module."""
    code = trace.positions[position].code
    file = trace.codes[code].file
    for held in variables_of(trace, array):
        own = trace.positions[held.position].code
        if held.variable == variable and (
            own == code or (held.scope == "global" and trace.codes[own].file == file)
        ):
            return True
    return False


def _nearest(trace: TraceData, position: int) -> int:
    """The last position before this one, in the same code object, that has a record; -1 without one."""
    place = trace.positions[position]
    earlier = [
        number for number in _by_code(trace).get(place.code, ()) if trace.positions[number].line <= place.line
    ]
    return max(earlier, key=lambda number: trace.positions[number].line, default=-1)


def _by_code(trace: TraceData) -> dict[int, list[int]]:
    known: dict[int, list[int]] | None = vars(trace).get("_bindings_by_code")
    if known is None:
        known = vars(trace)["_bindings_by_code"] = {}
        for position in trace.bindings:
            known.setdefault(trace.positions[position].code, []).append(position)
    return known


def _variables(trace: TraceData) -> dict[int, tuple[Held, ...]]:
    known: dict[int, tuple[Held, ...]] | None = vars(trace).get("_bindings_variables")
    if known is None:
        found: dict[int, dict[tuple[str, int], Held]] = {}
        for one in trace.names:
            if one.kind == ARRAY and trace.file_of(one.position).role == "user":
                variable, code = trace.texts[one.name], trace.positions[one.position].code
                for array in one.arrays:
                    held = Held(variable, one.position, one.scope)
                    found.setdefault(array, {}).setdefault((variable, code), held)
        known = {array: tuple(held.values()) for array, held in found.items()}
        vars(trace)["_bindings_variables"] = known
    return known


def _by_array(trace: TraceData) -> dict[int, list[Binding]]:
    known: dict[int, list[Binding]] | None = vars(trace).get("_bindings_by_array")
    if known is None:
        known = vars(trace)["_bindings_by_array"] = {}
        for one in trace.names:
            for array in one.arrays if one.kind == ARRAY else ():
                known.setdefault(array, []).append(one)
    return known
