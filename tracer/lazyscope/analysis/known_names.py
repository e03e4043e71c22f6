"""What the names of a function or module were bound to, as far as a trace says."""

from __future__ import annotations

from typing import Literal, TypeAlias

from lazyscope.analysis.arrays import variable_at
from lazyscope.model.trace import TraceData

Kind: TypeAlias = Literal["array", "labelled", "frame", "numpy", "arrays", "other"]
"""A dask array; an object of xarray; a dataframe; a NumPy array; a list or tuple of dask arrays."""


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


def _known(trace: TraceData) -> dict[tuple[int, str | None, str], set[Kind]]:
    """By file, function and variable, all that it was bound to."""
    found: dict[tuple[int, str | None, str], set[Kind]] | None = vars(trace).get("_known_names")
    if found is None:
        found = vars(trace)["_known_names"] = {}
        for call in trace.calls:
            if call.outputs and call.site == call.user_site:
                _add(trace, found, call.site)
    return found


def _add(trace: TraceData, found: dict[tuple[int, str | None, str], set[Kind]], position: int) -> None:
    name = variable_at(trace, position)
    if name is not None:
        code = trace.codes[trace.positions[position].code]
        found.setdefault((code.file, function_of_code(code.function), name), set()).add("array")


def function_of_code(qualified: str) -> str | None:
    """The name of a function without what is around it; None for a module."""
    last = [part for part in qualified.split(".") if not part.startswith("<")][-1:]
    return last[0] if last else None
