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

from dataclasses import dataclass

from lazyscope import figures
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, caller_fixes, leave_it, short, times
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import hold_at_user, namespace, present
from lazyscope.fixes.fix import Fix, Technique

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


@dataclass(frozen=True)
class _Instead:
    """What to use in place of a function of NumPy; ``{xp}`` is the namespace."""

    technique: Technique
    code: str
    price: str = "nothing changes"


_GATHER = _Instead(
    "take-along-axis",
    "{xp}.take(values, {xp}.argsort(indices))",
    "only if the indices are a permutation; sorting brings the axis into one chunk",
)
_PICK = _Instead("native-function", "x[indices]", "only for one dimension; others by `map_blocks`")
_MASK = _Instead(
    "where", "x = {xp}.where(mask, values, x)", "the name is bound anew: other views keep the old values"
)
_ONE_CHUNK = "brings the axis into one chunk"
_SLICES = _Instead("native-function", "x[a:b]")

_INSTEAD: dict[str, _Instead] = {
    "put_along_axis": _GATHER,
    "put": _GATHER,
    "take_along_axis": _PICK,
    "place": _MASK,
    "putmask": _MASK,
    "copyto": _MASK,
    "fill_diagonal": _Instead("where", "{xp}.where({xp}.eye(n, dtype=bool), value, x)"),
    "amax": _Instead("native-function", "x.max(axis)"),
    "amin": _Instead("native-function", "x.min(axis)"),
    "array_split": _SLICES,
    "split": _SLICES,
    "hsplit": _SLICES,
    "vsplit": _SLICES,
    "dsplit": _SLICES,
    "unstack": _SLICES,
    "astype": _Instead("native-function", "x.astype(dtype)"),
    "copy": _Instead("native-function", "x.copy()"),
    "size": _Instead("native-function", "x.size"),
    "array_equiv": _Instead("native-function", "(a == b).all()"),
    "column_stack": _Instead("native-function", "{xp}.stack([a, b], axis=1)"),
    "cumulative_sum": _Instead("native-function", "da.cumsum(x, axis)"),
    "cumulative_prod": _Instead("native-function", "da.cumprod(x, axis)"),
    "diagflat": _Instead("native-function", "da.diag(x.ravel())"),
    "inner": _Instead("native-function", "{xp}.tensordot(a, b, axes=(-1, -1))"),
    "kron": _Instead("native-function", "array_api_extra.kron(a, b)"),
    "intersect1d": _Instead("native-function", "da.unique(a[da.isin(a, b)])", "the length is unknown then"),
    "setdiff1d": _Instead("native-function", "da.unique(a[~da.isin(a, b)])", "the length is unknown then"),
    "unique_values": _Instead("native-function", "da.unique(x)", "the length is unknown then"),
    "unique_counts": _Instead(
        "native-function", "da.unique(x, return_counts=True)", "the length is unknown then"
    ),
    "unique_inverse": _Instead(
        "native-function", "da.unique(x, return_inverse=True)", "the length is unknown then"
    ),
    "trapezoid": _Instead("native-function", "((y[1:] + y[:-1]) / 2 * (x[1:] - x[:-1])).sum()"),
    "polyval": _Instead("native-function", "(a * x + b) * x + c"),
    "vander": _Instead("native-function", "x[:, None] ** {xp}.arange(n)"),
    "geomspace": _Instead("native-function", "start * (stop / start) ** {xp}.linspace(0, 1, num)"),
    "logspace": _Instead("native-function", "10 ** (start + (stop - start) * {xp}.linspace(0, 1, num))"),
    "histogram_bin_edges": _Instead("native-function", "da.histogram(x, bins, range=(low, high))"),
    "sort": _Instead(
        "native-function", "da.topk(x, k)", "gives the largest `k` only; sorting all needs one chunk"
    ),
    "partition": _Instead("native-function", "da.topk(x, k)", "gives the largest `k` only"),
    "argsort": _Instead("native-function", "da.argtopk(x, k)", "gives the largest `k` only"),
    "argpartition": _Instead("native-function", "da.argtopk(x, k)", "gives the largest `k` only"),
    "matrix_transpose": _Instead("native-function", "{xp}.swapaxes(x, -1, -2)"),
    "linalg.matrix_transpose": _Instead("native-function", "{xp}.swapaxes(x, -1, -2)"),
    "linalg.matmul": _Instead("native-function", "a @ b"),
    "linalg.outer": _Instead("native-function", "{xp}.outer(a, b)"),
    "linalg.tensordot": _Instead("native-function", "{xp}.tensordot(a, b, axes)"),
    "linalg.multi_dot": _Instead("native-function", "a @ b @ c"),
    "linalg.vecdot": _Instead("native-function", "(a.conj() * b).sum(-1)"),
    "linalg.trace": _Instead("native-function", "da.diagonal(x).sum()"),
    "linalg.diagonal": _Instead("native-function", "da.diagonal(x)"),
    "linalg.vector_norm": _Instead("native-function", "da.linalg.norm(x)"),
    "linalg.matrix_norm": _Instead("native-function", "da.linalg.norm(x)"),
    "linalg.svdvals": _Instead("native-function", "da.linalg.svd(x)[1]", "needs one chunk of columns"),
    "linalg.cross": _Instead("native-function", "{xp}.stack([...])", "the three components written out"),
    "cross": _Instead("native-function", "{xp}.stack([...])", "the three components written out"),
}
"""Functions by their name below ``numpy``."""

_RESULTS = {
    "linalg.det": "()",
    "linalg.cond": "()",
    "linalg.matrix_rank": "()",
    "linalg.slogdet": "(),()",
    "linalg.eigvals": "(i)",
    "linalg.eigvalsh": "(i)",
    "linalg.eig": "(i),(i,j)",
    "linalg.eigh": "(i),(i,j)",
    "linalg.matrix_power": "(i,j)",
    "linalg.pinv": "(j,i)",
}
"""Shapes that come of a matrix, as `apply_gufunc` has them said."""

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
            *caller_fixes(evidence),
            _instead(evidence, name),
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


def _instead(evidence: ForceEvidence, name: str) -> Fix | None:
    found = _INSTEAD.get(name)
    if found is None:
        return None
    code = found.code.replace("{xp}", namespace(evidence))
    return Fix(found.technique, f"`{code}` instead of `numpy.{name}`", found.price, author(evidence))


def _by_blocks(evidence: ForceEvidence, name: str) -> Fix | None:
    function = f"np.{name}" if name else "function"
    reading = evidence.reading
    array = (
        next((one for one in reading.converted if one.isidentifier()), "x") if reading is not None else "x"
    )
    if name in _ELEMENTWISE:
        code, price = f"{array}.map_blocks({function}, ...)", "nothing changes"
    elif name in _NEIGHBOURS:
        code = f"{array}.map_overlap(lambda block: {function}(block, ...), depth=width)"
        price = "the overlap must be as wide as what the function looks at"
    elif name in _MATRICES:
        shapes = _RESULTS.get(name, "...")
        code = f'da.apply_gufunc({function}, "(i,j)->{shapes}", {array})'
        price = "each matrix must lie in one chunk"
    elif name in _INSTEAD:
        return None
    else:
        code, price = (
            f"{array}.map_blocks({function}, ...)",
            "right only where chunks do not depend on each other",
        )
    return Fix("map-blocks", f"`{code}`", price, author(evidence))


def _compute_here(evidence: ForceEvidence) -> Fix | None:
    if not evidence.at_user:
        return None
    size = evidence.bytes
    price = f"holds {figures.size(size)} in memory" if size is not None else "holds the arguments in memory"
    return Fix(
        "compute-once", "compute the arguments once and go on with NumPy, in one `dask.compute(...)`", price
    )
