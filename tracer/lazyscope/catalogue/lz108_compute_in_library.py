"""A library computes dask arrays by an explicit call.

When it occurs
    Code of a library calls ``compute`` or ``persist`` on what it was given. It knows dask, and decided that
    it needs values: to choose a size, to check something, or because the rest of it works on NumPy arrays.
    Where the program called a method that is there to give it the values, as ``DataArray.compute`` is, that
    is its own request: LZ119.

Fixes
    ``persist``: hold the arguments before the call, where the library's computing reads them again: memory.
    ``compute-once``: compute the arguments first, in one go, and call the library with NumPy arrays: memory
    for all of them, and the result is no longer lazy.
    ``lazy-apply``: in the library, hand the whole array to the eager part only when the result is computed:
    the array is then in one chunk.
    ``guard-lazy``: in the library, leave a check of values out for lazy arrays.
    ``batch-compute``: in the library, one ``dask.compute`` for everything that it needs.
"""

from __future__ import annotations

import re

from lazyscope.analysis.cost import site_at
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading, read
from lazyscope.catalogue.advice import caller_fixes, leave_it, line_of, short, times
from lazyscope.catalogue.asking import asks_by_method, called, is_written_out, shows_or_keeps
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix

CODE = "LZ108"
TITLE = "A library computes by an explicit call"

EXAMPLE = """
import dask.array as da
import xarray as xr

first = xr.Dataset({"depth": ("place", da.arange(12, chunks=4))})
second = xr.Dataset({"depth": ("place", da.arange(12, chunks=4) + 1)})
how = {"data_vars": "different", "coords": "minimal", "compat": "equals"}
print(xr.concat([first, second], dim="day", **how).sizes)
"""

REPAIRED = """
import dask.array as da
import xarray as xr

first = xr.Dataset({"depth": ("place", da.arange(12, chunks=4))})
second = xr.Dataset({"depth": ("place", da.arange(12, chunks=4) + 1)})
how = {"data_vars": "all", "coords": "minimal", "compat": "override"}
print(xr.concat([first, second], dim="day", **how).sizes)
"""

_CHECKING = re.compile(r"_*(.*_)?(checks?|assert|validate|ensure|verify|valid)(_.*)?")

_REQUESTS = ("compute", "persist", "load")


def match_force(evidence: ForceEvidence) -> Match | None:
    """``compute`` and ``persist`` at a line of a library's, unless the user asked for just that."""
    if evidence.at_user or evidence.site is None or evidence.trigger not in ("compute", "persist"):
        return None
    if asks_by_method(evidence) or shows_or_keeps(evidence) or not is_written_out(evidence):
        return None
    return Match(why=_why(evidence), fixes=tuple(_fixes(evidence)))


def _why(evidence: ForceEvidence) -> str:
    number = len(evidence.forces)
    often = "" if number == 1 else f", {times(number)} in this run"
    reading = _written_out(evidence)
    expression = reading.expression if reading is not None else evidence.expression
    written = f"calls `{short(expression)}`" if expression else "computes"
    needs = "needs values" if evidence.trigger == "compute" else "needs the data in memory"
    if _is_check(evidence):
        needs = "checks values"
    return f"`{evidence.function}` {written} at {_line(evidence)}{often}: it {needs} before it goes on."


def _is_check(evidence: ForceEvidence) -> bool:
    """Whether the function that computes is named after checking."""
    reading = _written_out(evidence)
    function = reading.function if reading is not None else None
    return function is not None and _CHECKING.fullmatch(function.name) is not None


def _is_repeated_inside(evidence: ForceEvidence) -> bool:
    """Whether a loop of the library's goes on between them, not one of the program around the call."""
    return len(evidence.forces) > 1 and any(reading.loops for reading in evidence.library_readings)


def _written_out(evidence: ForceEvidence) -> Reading | None:
    """The outermost line of libraries that says so: what it calls may only pass it on."""
    found = [reading for reading in evidence.library_readings if called(reading) in _REQUESTS]
    return found[0] if found else evidence.reading


def _line(evidence: ForceEvidence) -> str:
    for position in evidence.way:
        reading = read(evidence.trace, position)
        if reading is not None and reading is _written_out(evidence):
            return line_of(site_at(evidence.trace, position))
    return line_of(evidence.where)


def _fixes(evidence: ForceEvidence) -> list[Fix]:
    fixes = caller_fixes(evidence)
    if evidence.trigger == "compute" and _is_repeated_inside(evidence):
        fixes.append(
            Fix(
                "batch-compute",
                f"one `dask.compute(...)` in place of {len(evidence.forces)} at {_line(evidence)}",
                "everything that is computed must be known by then",
                audience="library",
            )
        )
    if _is_check(evidence):
        fixes.append(
            Fix(
                "guard-lazy",
                f"leave the check at {_line(evidence)} out for lazy arrays (`is_lazy_array`)",
                "lazy arrays are not checked: values that would be refused go into the result",
                audience="library",
            )
        )
    elif evidence.trigger == "compute":
        fixes.append(
            Fix(
                "lazy-apply",
                f"put what needs the values at {_line(evidence)} into a function for "
                "`xpx.lazy_apply(..., shape=..., dtype=..., as_numpy=True)`",
                "works only where shape and dtype of the result do not depend on the values; "
                "the array is in one chunk then",
                audience="library",
            )
        )
    left = leave_it(evidence)
    return [*fixes, *([left] if left else [])] or [_nothing()]


def _nothing() -> Fix:
    return Fix("none", "leave it: the library needs the values", "nothing changes")
