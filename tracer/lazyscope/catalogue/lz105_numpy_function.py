"""A NumPy function that dask lacks computes its arguments.

When it occurs
    ``np.interp(x, ...)``, ``np.put_along_axis(...)``, ``np.sort(x)``: NumPy hands the call to dask, dask has
    no function of that name, computes every argument and calls NumPy with the results. It says so only by a
    FutureWarning, and the result is a NumPy array.

Fixes
    ``native-function``: what dask has for it under another name, or as an expression.

    ``take-along-axis``: a gather by the inverse permutation instead of ``put_along_axis``.

    ``where``: instead of ``place``, ``putmask`` and ``copyto``.

    ``map-blocks``: ``x.map_blocks(np.interp, ...)`` for what works on each element by itself, with overlap
    for what looks at neighbours; with ``apply_gufunc`` for what works on matrices.

    ``compute-once``: compute and go on with NumPy, if the function needs the whole array anyway.
"""

from __future__ import annotations

import ast

from lazyscope import figures
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, caller_fixes, leave_it, short, times
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import hold_at_user, present
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.map_blocks import on_chunks
from lazyscope.fixes.native_function import equivalent_fix
from lazyscope.fixes.take_along_axis import inverse_permutation
from lazyscope.fixes.written import written_at

CODE = "LZ105"
TITLE = "A NumPy function that dask lacks computes its arguments"

EXAMPLE = """
import dask.array as da
import numpy as np

x = da.arange(12, chunks=4)
y = np.interp(x, [0, 6, 12], [0, 1, 4])
"""

REPAIRED = """
import dask.array as da
import numpy as np

x = da.arange(12, chunks=4)
y = x.map_blocks(np.interp, [0, 6, 12], [0, 1, 4], dtype=float)
"""

_SINKS = words(
    "save savez savez_compressed savetxt array2string array_repr array_str array_equal allclose printoptions"
)
"""Functions that show, keep or compare: they want the values."""


_ELEMENTWISE = words("interp real_if_close datetime_as_string is_busday busday_offset busday_count")
_NEIGHBOURS = words("convolve correlate unwrap")
_MATRICES = words(
    "linalg.det linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh linalg.matrix_power linalg.matrix_rank "
    "linalg.pinv linalg.slogdet linalg.cond linalg.tensorinv linalg.tensorsolve"
)


def match_force(evidence: ForceEvidence) -> Match | None:
    """Functions that came to dask through NumPy's protocols and ended in NumPy."""
    if evidence.trigger not in ("array_function", "array_ufunc"):
        return None
    name = _function(evidence)
    last = name.rpartition(".")[2]
    if last in _SINKS:
        return Match(
            why=f"`{short(evidence.expression)}` shows, keeps or compares the values: they are wanted.",
            fixes=(Fix("none", "leave it: this is what the program wants", "nothing changes"),),
            actionability="inherent",
            expected=True,
        )
    return Match(
        why=_why(evidence, name),
        fixes=present(
            inverse_permutation(evidence),
            _instead(evidence),
            *caller_fixes(evidence),
            _by_blocks(evidence, name),
            _compute_here(evidence),
            hold_at_user(evidence),
            leave_it(evidence),
        ),
        title=f"dask has no `numpy.{name}`" if name else None,
    )


def _function(evidence: ForceEvidence) -> str:
    """``linalg.det``; empty if unknown."""
    around = lineage(evidence.trace).around.get(evidence.forces[0].id)
    operation = None
    if around is not None:
        operation = evidence.trace.texts[evidence.trace.calls[around].operation]
    if operation is None or not operation.startswith("numpy."):
        call = evidence.reading.call if evidence.reading is not None else None
        operation = call.resolved if call is not None else None
    return operation.removeprefix("numpy.") if operation and operation.startswith("numpy.") else ""


def _why(evidence: ForceEvidence, name: str) -> str:
    function = f"`numpy.{name}`" if name else f"the function in `{short(evidence.expression)}`"
    size = evidence.bytes
    result = f"; {figures.size(size)} came into memory" if size is not None else ""
    number = times(len(evidence.forces))
    return (
        f"dask has nothing for {function}, so it computed the arguments ({number}) and let "
        f"NumPy do the work{result}. The result is a NumPy array."
    )


def _instead(evidence: ForceEvidence) -> Fix | None:
    """What does the same and is executed no more often than now."""
    place = written_at(evidence.trace, evidence.site)
    if place is None or not evidence.at_user:
        return None
    return equivalent_fix(evidence, place, forces=True) or on_chunks(evidence)


def _by_blocks(evidence: ForceEvidence, name: str) -> Fix | None:
    place = written_at(evidence.trace, evidence.site)
    call = place.expression if place is not None else None
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if place is not None and first is not None and not (place.is_lazy(first) or place.lazy_parts(first)):
        # What is lazy is a table or the like: each block needs all of it.
        return None
    if name in _ELEMENTWISE:
        said, price = "run it on each chunk with `map_blocks`", "nothing changes"
    elif name in _NEIGHBOURS:
        said = "run it on each chunk and what lies beside it with `map_overlap`"
        price = "the overlap must be as wide as what the function looks at"
    elif name in _MATRICES:
        said = "run it on each matrix with `apply_gufunc`"
        price = "each matrix must lie in one chunk"
    else:
        said = "run it on each chunk with `map_blocks`"
        price = "right only where chunks do not depend on each other"
    return Fix("map-blocks", said, price, author(evidence), sketch=said)


def _compute_here(evidence: ForceEvidence) -> Fix | None:
    if not evidence.at_user:
        return None
    size = evidence.bytes
    price = f"holds {figures.size(size)} in memory" if size is not None else "holds the arguments in memory"
    sketch = "compute the arguments once, together, and go on with NumPy"
    return Fix("compute-once", sketch, price, sketch=sketch)
