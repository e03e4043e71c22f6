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
from lazyscope.catalogue.failing import for_caller, told_again
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.messages import said
from lazyscope.fixes.choose_parameter import without_keyword
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.fix import Fix, Technique
from lazyscope.fixes.map_blocks import reduced_in_blocks
from lazyscope.fixes.native_function import equivalent_fix
from lazyscope.fixes.written import Written, written_at

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


_NUMPY_KEYWORDS = words(
    "out order where initial subok casting like keepdims axis dtype copy rcond return_index equal_nan sorted "
    "mean device stable kind ndmin correction"
)

_IN_WORDS: dict[str, tuple[Technique, str, str]] = {
    "item": (
        "keep-0d",
        "keep the 0-d array: arithmetic and `where` take it as it is",
        "it is no Python number",
    ),
    "put": ("where", "choose with `where` and a mask", "a new array"),
    "device": ("native-function", "ask `device` of array-api-compat", "nothing changes"),
    "to_device": ("native-function", "call `to_device` of array-api-compat", "nothing changes"),
    "resize": ("native-function", "reshape or pad it", "a new array"),
    "byteswap": ("map-blocks", "swap the bytes of each chunk", "nothing changes"),
    "where": ("where", "choose a neutral value with `where` before the reduction", "nothing changes"),
    "initial": ("native-function", "combine the result with the initial value afterwards", "nothing changes"),
    "out": ("native-function", "assign the result instead of giving an array for it", "no memory is reused"),
    "order": ("native-function", "transpose first: dask arrays have no order in memory", "nothing changes"),
    "correction": ("native-function", "`ddof` means the same for dask", "nothing changes"),
}
"""By name: technique, what to do, its price, where no expression does the same in every case."""

_VOID = words("kind copy subok stable")
"""Keywords that say how memory is used only, so that they can be left out."""


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
        "keyword": f"leads to `{lacking.name}=`",
        "argument": f"calls `{lacking.name}` with arguments as NumPy has them",
        "ufunc method": f"calls the method `{lacking.name}` of a ufunc",
        "memory": "asks a dask array for its memory, as compiled code does",
    }[lacking.kind]


def _lacking(evidence: FailureEvidence) -> _Lacking | None:
    message = evidence.message
    if evidence.type == "AttributeError":
        found = said(message, "no attribute")
        return _attribute(evidence, found[1]) if found else None
    if said(message, "no out"):
        return _Lacking("keyword", "out")
    if evidence.type != "TypeError":
        return None
    found = said(message, "ufunc method")
    if found is not None:
        return _Lacking("ufunc method", f"{found[1]}.{found[2]}")
    if said(message, "no memory"):
        return _Lacking("memory", "memory")
    return _in_call(evidence)


def _in_call(evidence: FailureEvidence) -> _Lacking | None:
    """A keyword or argument that a function of dask refused."""
    if not _is_of_dask(evidence):
        return None
    found = said(evidence.message, "no keyword")
    if found is not None:
        name = found[1]
        return _Lacking("keyword", name) if name in _NUMPY_KEYWORDS else None
    found = said(evidence.message, "no argument")
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
    if lacking.kind == "keyword" and not _is_given(evidence, lacking.name):
        yield from _of_blocks(evidence)
        return
    yield from for_caller(evidence)
    native = None
    place = written_at(evidence.trace, evidence.site)
    if evidence.at_user and place is not None and lacking.kind != "memory":
        native = _without_keyword(evidence, place, lacking) or equivalent_fix(evidence, place)
    audience = author(evidence)
    if lacking.kind == "argument" and "'axis'" in evidence.message:
        yield Fix(
            "choose-parameter",
            f"`axis=0` in `{short(evidence.expression)}`, after `.ravel()` if it has several dimensions",
            "dask wants the axis said",
            audience,
        )
    elif native is not None:
        yield native
    elif lacking.name in _IN_WORDS and lacking.kind != "memory":
        technique, text, price = _IN_WORDS[lacking.name]
        yield Fix(technique, text, price, audience)
    elif lacking.kind == "ufunc method":
        yield Fix("native-function", "the reduction of dask that does the same", "nothing changes", audience)
    elif lacking.kind == "keyword":
        yield Fix("native-function", f"leave `{lacking.name}` out", "what it asked for is not done", audience)
    if evidence.at_user:
        yield compute_first(evidence)


def _is_given(evidence: FailureEvidence, name: str) -> bool:
    """Whether the program gives a keyword; if not, dask gave it to a method of the blocks."""
    reading = evidence.reading
    call = reading.call if reading is not None else None
    return call is None or any(word in (name, "**") for word, _ in call.keywords)


def _of_blocks(evidence: FailureEvidence) -> Iterator[Fix]:
    own = reduced_in_blocks(evidence)
    if own is not None:
        yield own
    yield Fix(
        "convert-input",
        "make NumPy arrays, or arrays of the package `sparse`, of the blocks before they are reduced",
        "dense blocks take more memory",
    )
    yield compute_first(evidence)


def _without_keyword(evidence: FailureEvidence, place: Written, lacking: _Lacking) -> Fix | None:
    """Leave a keyword out that changes nothing in the values."""
    if lacking.kind != "keyword" or lacking.name not in _VOID:
        return None
    return without_keyword(evidence, place, lacking.name)
