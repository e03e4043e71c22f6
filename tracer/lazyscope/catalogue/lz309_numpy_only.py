"""A keyword, attribute or method that NumPy arrays have and dask arrays have not.

When it occurs
    Code that was written for NumPy uses ``x.sort()``, ``x.item()``, ``x.flags``, ``x.fill(0)``,
    ``ravel(order="F")``, ``sum(where=...)``, ``out=`` with a NumPy array or ``np.add.reduce``; or compiled
    code asks for the memory of the array. Dask arrays have none of these: no memory, no order in it, and
    nothing that is changed in place.

Fixes
    ``native-function``: what dask has for the same end.

    ``where``: ``da.where(mask, x, 0).sum()`` in place of ``x.sum(where=mask)``.

    ``keep-0d``: keep the 0-d array in place of ``x.item()``.

    ``remove-check``, ``choose-parameter``: leave a keyword out that says how memory is used only.

    ``compute-once``: compute first, where NumPy is what is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.analysis.reading import assigned_before
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, line_of, short
from lazyscope.catalogue.failing import compute_first, for_caller, told_again
from lazyscope.catalogue.finding import Match
from lazyscope.fixes.fix import Fix, Technique

CODE = "LZ309"
TITLE = "A keyword or attribute that only NumPy has"

EXAMPLE = """
import dask.array as da

x = da.arange(8.0, chunks=4)
total = x.sum(where=x > 2)
"""

REPAIRED = """
import dask.array as da

x = da.arange(8.0, chunks=4)
total = da.where(x > 2, x, 0.0).sum()
"""


@dataclass(frozen=True)
class _Lacking:
    """What dask does not have."""

    kind: str
    """``attribute``, ``keyword``, ``argument``, ``ufunc method`` or ``memory``."""
    name: str


_ATTRIBUTE = re.compile(r"'Array' object has no attribute '(\w+)'")
_KEYWORD = re.compile(
    r"^(?:Array\.)?[\w.<>]+\(\) got an unexpected keyword argument '(\w+)'"
    r"|does not take the following keyword arguments:? \['(\w+)'"
)
_ARGUMENT = re.compile(
    r"^Array\.(\w+)\(\) (?:takes \d+ positional|missing 1 required positional argument: 'axis')"
)
_OUT = re.compile(r"The out parameter is not fully supported")
_UFUNC = re.compile(
    r"__array_ufunc__\(<ufunc '(\w+)'>, '(at|reduce|accumulate|reduceat)', .*dask\.array<", re.DOTALL
)
_MEMORY = re.compile(r"a bytes-like object is required, not 'Array'")

_NUMPY_KEYWORDS = words(
    "out order where initial subok casting like keepdims axis dtype copy rcond return_index equal_nan sorted "
    "mean device stable kind ndmin correction"
)

_INSTEAD: dict[str, tuple[Technique, str, str]] = {
    "sort": (
        "native-function",
        "`x = xp.sort(x)` of `array_api_compat.dask.array`",
        "the axis is in one chunk",
    ),
    "argsort": (
        "native-function",
        "`xp.argsort(x)` of `array_api_compat.dask.array`",
        "the axis is in one chunk",
    ),
    "item": (
        "keep-0d",
        "keep the 0-d array: arithmetic and `where` take it as it is",
        "it is no Python number",
    ),
    "tolist": ("compute-once", "`x.compute().tolist()`", "computes it there"),
    "fill": ("native-function", "`x = da.full_like(x, value)`", "a new array"),
    "take": ("native-function", "`da.take(x, indices, axis=...)`", "nothing"),
    "searchsorted": ("native-function", "`da.searchsorted(x, v)`", "nothing"),
    "compress": ("native-function", "`da.compress(condition, x)`", "its length is not known"),
    "diagonal": ("native-function", "`da.diagonal(x)`", "nothing"),
    "ptp": ("native-function", "`x.max() - x.min()`", "nothing"),
    "conjugate": ("native-function", "`x.conj()`", "nothing"),
    "mT": ("native-function", "`da.swapaxes(x, -1, -2)`", "nothing"),
    "partition": ("native-function", "`da.topk(x, k)`", "only the k largest or smallest"),
    "argpartition": ("native-function", "`da.argtopk(x, k)`", "only the k largest or smallest"),
    "put": ("where", "`x = xp.where(mask, values, x)`", "a new array"),
    "device": ("native-function", "`array_api_compat.device(x)`", "nothing"),
    "to_device": ("native-function", "`array_api_compat.to_device(x, device)`", "nothing"),
    "flat": ("native-function", "`x.ravel()`", "a new array, no view"),
    "resize": ("native-function", "`x = x.reshape(...)` or `da.pad`", "a new array"),
    "byteswap": ("map-blocks", "`x.map_blocks(np.ndarray.byteswap, dtype=x.dtype)`", "nothing"),
    "where": ("where", "`xp.where(mask, x, neutral)` and the reduction without `where=`", "nothing"),
    "initial": ("native-function", "`xp.maximum(result, initial)` or `result + initial` after it", "nothing"),
    "out": (
        "native-function",
        "assign the result, `y = f(x)`, without `out=`",
        "a new array, no memory reused",
    ),
    "order": (
        "native-function",
        "leave `order=` out; `x.T.ravel()` is the order of Fortran",
        "no order in memory",
    ),
    "correction": ("native-function", "`ddof=` in place of `correction=`", "nothing"),
    "kind": ("native-function", "leave `kind=` out", "no choice of the algorithm"),
    "copy": ("native-function", "leave `copy=` out: dask arrays are never changed in place", "nothing"),
    "subok": ("native-function", "leave `subok=` out", "nothing"),
}
"""By name: technique, what to do, its price."""


def match_failure(evidence: FailureEvidence) -> Match | None:
    """Attributes, keywords and arguments of NumPy arrays that dask's do not have."""
    lacking = None if told_again(evidence) else _lacking(evidence)
    if lacking is None:
        return None
    why = (
        f"`{short(evidence.expression)}` at {line_of(evidence.where)} {_used(lacking)}, "
        f"and gets {evidence.type}: a dask array has no memory of its own and is not NumPy's class."
        if lacking.kind in ("attribute", "memory")
        else f"`{short(evidence.expression)}` at {line_of(evidence.where)} {_used(lacking)}, "
        f"which NumPy takes and dask does not: it raises {evidence.type}."
    )
    return Match(why=why, fixes=tuple(_fixes(evidence, lacking)))


def _used(lacking: _Lacking) -> str:
    return {
        "attribute": f"uses `.{lacking.name}` of a dask array, which only NumPy arrays have",
        "keyword": f"gives `{lacking.name}=`",
        "argument": f"calls `{lacking.name}` with arguments as NumPy has them",
        "ufunc method": f"calls the method `{lacking.name}` of a ufunc",
        "memory": "asks a dask array for its memory, as compiled code does",
    }[lacking.kind]


def _lacking(evidence: FailureEvidence) -> _Lacking | None:
    message = evidence.message
    if evidence.type == "AttributeError":
        found = _ATTRIBUTE.search(message)
        return _attribute(evidence, found[1]) if found else None
    if _OUT.search(message):
        return _Lacking("keyword", "out")
    if evidence.type != "TypeError":
        return None
    found = _UFUNC.search(message)
    if found is not None:
        return _Lacking("ufunc method", f"{found[1]}.{found[2]}")
    if _MEMORY.search(message):
        return _Lacking("memory", "memory")
    return _in_call(evidence)


def _in_call(evidence: FailureEvidence) -> _Lacking | None:
    """A keyword or argument that a function of dask refused."""
    if not _is_of_dask(evidence):
        return None
    found = _KEYWORD.search(evidence.message)
    if found is not None:
        name = found[1] or found[2]
        return _Lacking("keyword", name) if name in _NUMPY_KEYWORDS else None
    found = _ARGUMENT.search(evidence.message)
    has = found is not None and hasattr(np.ndarray, found[1])
    return _Lacking("argument", found[1]) if found is not None and has else None


def _is_of_dask(evidence: FailureEvidence) -> bool:
    """Whether the exception came out of a function of dask or of NumPy through dask."""
    operation = evidence.operation or ""
    return operation.startswith(("Array.", "dask.array.", "numpy."))


_OTHER_ARRAYS = re.compile(r"\b(zarr|ak|awkward|h5py|tiledb|jnp|jax|pa|pyarrow|sparse)\b")


def _attribute(evidence: FailureEvidence, name: str) -> _Lacking | None:
    """An attribute that NumPy arrays have; other libraries have a class `Array` as well."""
    of_numpy = hasattr(np.ndarray, name) or name in ("to_device", "__array_interface__")
    if not of_numpy or not evidence.trace.calls or evidence.site is None:
        return None
    reading = evidence.reading
    for variable in reading.names if reading else ():
        found = assigned_before(evidence.trace, evidence.site, variable)
        if found is not None and _OTHER_ARRAYS.search(found.value):
            return None
    return _Lacking("attribute", name)


def _fixes(evidence: FailureEvidence, lacking: _Lacking) -> Iterator[Fix]:
    yield from for_caller(evidence)
    audience = author(evidence)
    if lacking.kind == "argument" and "'axis'" in evidence.message:
        yield Fix(
            "choose-parameter",
            f"`axis=0` in `{short(evidence.expression)}`, after `.ravel()` if it has several dimensions",
            "dask wants the axis said",
            audience,
        )
    elif lacking.name in _INSTEAD and lacking.kind != "memory":
        technique, text, price = _INSTEAD[lacking.name]
        place = f" in place of `{short(evidence.expression)}`" if lacking.kind == "attribute" else ""
        yield Fix(technique, text + place, price, audience)
    elif lacking.kind == "ufunc method":
        yield _ufunc(lacking, audience == "caller")
    elif lacking.kind == "keyword":
        yield Fix(
            "native-function", f"leave `{lacking.name}=` out", "what it asked for is not done", audience
        )
    if evidence.at_user:
        yield compute_first(evidence)


def _ufunc(lacking: _Lacking, for_user: bool) -> Fix:
    name, _, method = lacking.name.partition(".")
    instead = {
        ("add", "reduce"): "`x.sum(axis=0)`",
        ("multiply", "reduce"): "`x.prod(axis=0)`",
        ("maximum", "reduce"): "`x.max(axis=0)`",
        ("minimum", "reduce"): "`x.min(axis=0)`",
        ("logical_and", "reduce"): "`x.all(axis=0)`",
        ("logical_or", "reduce"): "`x.any(axis=0)`",
        ("add", "accumulate"): "`x.cumsum(axis=0)`",
        ("multiply", "accumulate"): "`x.cumprod(axis=0)`",
    }.get((name, method), f"`da.{name}` of whole arrays, or `da.reduction`")
    return Fix(
        "native-function",
        f"{instead} in place of `np.{name}.{method}`",
        "nothing",
        "caller" if for_user else "library",
    )
