"""dask lacks a function that NumPy or the array API has.

When it occurs
    ``module 'array_api_compat.dask.array' has no attribute 'take_along_axis'``: the namespace of dask
    arrays is not complete. It lacks ``take_along_axis``, ``broadcast_shapes``, ``linalg.eigh``, ``det``,
    ``pinv`` and others; ``dask.array`` itself also lacks ``sort`` and names of the array API.

Fixes
    ``native-function``: what dask has for the same end, where there is such a thing.

    ``map-blocks``: the NumPy function on each chunk, where the axis it works along is in one chunk.

    ``lazy-apply``: ``xpx.lazy_apply(np.linalg.eigh, x, ...)`` puts the array into one chunk and stays lazy.

    ``compute-once``: compute the array and call the library with NumPy.

    ``upstream``: only dask or array-api-compat can add the function.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.catalogue.advice import author, line_of, short
from lazyscope.catalogue.failing import for_caller, told_again, wrap_eagerly
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.messages import said
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.fix import Fix, Technique
from lazyscope.fixes.native_function import equivalent_fix
from lazyscope.fixes.written import written_at

CODE = "LZ303"
TITLE = "A function of NumPy or the array API that dask lacks"

EXAMPLE = """
import array_api_compat.dask.array as xp
import dask.array as da

x = da.arange(9.0, chunks=3).reshape(3, 3)
values = xp.linalg.eigvalsh(x + x.T)
"""

REPAIRED = """
import array_api_extra as xpx
import dask.array as da
import numpy as np

x = da.arange(9.0, chunks=3).reshape(3, 3)
values = xpx.lazy_apply(np.linalg.eigvalsh, x + x.T, shape=(3,), dtype=x.dtype, as_numpy=True)
"""

_IN_WORDS: dict[str, tuple[Technique, str]] = {
    "partition": ("native-function", "`topk` of dask gives the largest or smallest"),
    "argpartition": ("native-function", "`argtopk` of dask gives the positions of the largest or smallest"),
    "column_stack": ("native-function", "`stack` along axis 1"),
    "split": ("native-function", "take slices"),
    "array_split": ("native-function", "take slices"),
    "hsplit": ("native-function", "take slices of the second axis"),
    "vsplit": ("native-function", "take slices of the first axis"),
    "from_dlpack": ("native-function", "make a NumPy array of it first, and a dask array of that"),
    "take_along_axis": (
        "map-blocks",
        "NumPy's function on each chunk, where that axis is in one chunk of both arrays",
    ),
    "put_along_axis": ("take-along-axis", "a gather with the inverse permutation"),
    "interp": ("map-blocks", "NumPy's function on each chunk, with the table in memory"),
    "unwrap": ("map-blocks", "NumPy's function on each chunk, where the axis is in one chunk"),
    "convolve": ("map-blocks", "`map_overlap` with the kernel's length as depth"),
    "cross": ("map-blocks", "NumPy's function on each chunk, where the last axis is in one chunk"),
    "matrix_rank": ("native-function", "count the singular values above a tolerance"),
    "svd": ("choose-parameter", "leave `full_matrices` off"),
    "pinv": ("native-function", "`lstsq` of dask, or its `svd` and the parts of that"),
    "det": ("native-function", "the product of the diagonal of `u` of dask's `lu`, up to its sign"),
    "matrix_power": ("native-function", "multiply as often as needed"),
}
"""By name: what to do where no expression does the same in every case."""


def match_failure(evidence: FailureEvidence) -> Match | None:
    """A name that NumPy has and the namespace of dask arrays has not."""
    name = None if told_again(evidence) else _missing(evidence)
    if name is None:
        return None
    namespace = "dask"
    found = said(evidence.message, "missing function")
    if found is not None and "module" in found.re.groupindex:
        namespace = f"`{found['module'].removeprefix('scipy._external.').removeprefix('sklearn.externals.')}`"
    reached = "" if evidence.at_user else f", which `{evidence.function}` calls at {line_of(evidence.where)},"
    why = (
        f"`{short(evidence.expression)}`{reached} fails: {namespace} has no `{name}` that works, "
        "though NumPy has one. It raises before anything is computed."
    )
    return Match(why=why, fixes=tuple(_fixes(evidence, name)))


def _missing(evidence: FailureEvidence) -> str | None:
    found = said(evidence.message, "missing function")
    of_module = found is not None and "module" in found.re.groupindex
    if found is not None and not of_module and evidence.type == "TypeError":
        return found["name"].rpartition(".")[2]
    if said(evidence.message, "unsupported option"):
        return _asked(evidence)
    if found is None or not of_module or evidence.type != "AttributeError":
        return None
    inside = found["module"].rpartition("dask.array")[2].lstrip(".")
    asked = _asked(evidence)
    if found["name"] == "issubdtype" and asked is not None and asked != "issubdtype":
        return asked
    return found["name"] if _numpy_has(inside, found["name"]) else None


def _asked(evidence: FailureEvidence) -> str | None:
    """The function that was called, where the compat layer failed in it."""
    if evidence.operation is not None:
        return evidence.operation.rpartition(".")[2]
    call = evidence.reading.call if evidence.reading else None
    return call.name if call else None


def _numpy_has(module: str, name: str) -> bool:
    """Whether NumPy has the name too: if not, it is a slip of the pen and not dask's fault."""
    place = getattr(np, module, None) if module else np
    return not name.startswith("_") and callable(getattr(place, name, None))


def _fixes(evidence: FailureEvidence, name: str) -> Iterator[Fix]:
    yield from for_caller(evidence)
    audience = author(evidence)
    if not evidence.at_user:
        yield _upstream(name)
    native = None
    place = written_at(evidence.trace, evidence.site)
    if evidence.at_user and place is not None:
        native = equivalent_fix(evidence, place)
    if native is not None:
        yield native
    elif name in _IN_WORDS:
        technique, text = _IN_WORDS[name]
        price = (
            "only where the chunks allow it" if technique == "map-blocks" else "another call than with NumPy"
        )
        yield Fix(technique, text, price, audience)
    if evidence.at_user:
        yield compute_first(evidence)
    yield wrap_eagerly(evidence, _numpy_name(name), audience)
    if evidence.at_user:
        yield _upstream(name)


def _numpy_name(name: str) -> str:
    return f"np.{name}" if hasattr(np, name) else f"np.linalg.{name}"


def _upstream(name: str) -> Fix:
    return Fix(
        "upstream",
        f"ask dask or array-api-compat for `{name}`",
        "nothing changes until a release has it",
        "library",
    )
