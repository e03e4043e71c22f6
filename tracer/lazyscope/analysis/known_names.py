"""What the names of a function or module were bound to, as far as a trace says."""

from __future__ import annotations

from typing import Literal, TypeAlias

from lazyscope.analysis.arrays import variable_at
from lazyscope.analysis.bindings import ARRAY
from lazyscope.model.events import Binding
from lazyscope.model.trace import TraceData

Kind: TypeAlias = Literal["array", "labelled", "frame", "numpy", "arrays", "other"]
"""A dask array; an object of xarray; a dataframe of dask; a NumPy array; a list or tuple of dask arrays."""

_KINDS: dict[str, Kind] = {
    ARRAY: "array",
    "data array": "labelled",
    "dataset": "labelled",
    "dask dataframe": "frame",
    "dask series": "frame",
    "numpy array": "numpy",
}

_Known: TypeAlias = dict[tuple[int, str | None, str], set[Kind]]


def kind_of_name(trace: TraceData, file: int, function: str | None, name: str) -> Kind | None:
    """What a variable of a function was bound to.

    Parameters
    ----------
    trace
        The trace.
    file
        Number of the file.
    function
        Name of the function without what is around it; None for the module.
    name
        The variable; the function's own, or the module's.

    Returns
    -------
    str or None
        None where that is not recorded, or where it was now this and now that.
    """
    known = _known(trace)
    kinds = known.get((file, function, name)) or known.get((file, None, name)) or set()
    return next(iter(kinds)) if len(kinds) == 1 else None


def is_global(trace: TraceData, file: int, name: str) -> bool:
    """Whether a variable of a module had a value when something happened there, whoever gave it that.

    In notebooks it is another cell, and a text that is executed finds what there was.
    """
    known: set[tuple[int, str]] | None = vars(trace).get("_known_globals")
    if known is None:
        known = vars(trace)["_known_globals"] = {
            (trace.codes[trace.positions[one.position].code].file, trace.texts[one.name])
            for one in trace.names
            if one.scope == "global"
        }
    return (file, name) in known


def _known(trace: TraceData) -> _Known:
    """By file, function and variable, all that it was bound to."""
    found: _Known | None = vars(trace).get("_known_names")
    if found is None:
        found = vars(trace)["_known_names"] = {}
        for one in trace.names:
            code = trace.codes[trace.positions[one.position].code]
            function = None if one.scope == "global" else function_of_code(code.function)
            key = (code.file, function, trace.texts[one.name])
            found.setdefault(key, set()).add(_kind(one))
        for call in trace.calls:
            if call.outputs and call.site == call.user_site:
                _add(trace, found, call.site)
    return found


def _kind(one: Binding) -> Kind:
    if one.kind in ("list", "tuple") and one.elements == ARRAY:
        return "arrays"
    return _KINDS.get(one.kind, "other")


def _add(trace: TraceData, found: _Known, position: int) -> None:
    name = variable_at(trace, position)
    if name is not None:
        code = trace.codes[trace.positions[position].code]
        found.setdefault((code.file, function_of_code(code.function), name), set()).add("array")


def function_of_code(qualified: str) -> str | None:
    """The name of a function without what is around it; None for a module."""
    last = [part for part in qualified.split(".") if not part.startswith("<")][-1:]
    return last[0] if last else None
