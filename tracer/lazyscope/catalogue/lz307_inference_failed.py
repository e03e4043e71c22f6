"""A function given to ``map_blocks`` or its like fails on the tiny array that dask tries it on.

When it occurs
    Without ``dtype=``, dask calls the function with arrays of one or no element to learn what it returns.
    A function that cannot work on these, or that expects other arrays than NumPy chunks, raises, and dask
    says that inference of the dtype failed. The function may be right all the same.

Fixes
    ``choose-parameter``: give ``dtype=`` and ``meta=``: dask does not need to try.

    ``map-blocks``: make the function work on empty arrays: return early where ``block.size == 0``.

    ``convert-input``: a function that uses the namespace of dask arrays has to ask its own arguments for
    one, ``array_namespace(block)``: they are NumPy arrays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.catalogue.advice import author, line_of, short
from lazyscope.catalogue.failing import arrays_taken, for_caller, told_again
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.messages import said
from lazyscope.fixes.choose_parameter import dtype_given
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.written import written_at

CODE = "LZ307"
TITLE = "A block function fails where dask tries it"

EXAMPLE = """
import dask.array as da
import numpy as np


def centred(block):
    assert block.size > 2
    return block - np.median(block)


x = da.arange(12.0, chunks=4)
y = da.map_blocks(centred, x)
"""

REPAIRED = """
import dask.array as da
import numpy as np


def centred(block):
    assert block.size > 2
    return block - np.median(block)


x = da.arange(12.0, chunks=4)
y = da.map_blocks(centred, x, dtype=x.dtype, meta=np.empty(0))
"""

_ORIGINAL = re.compile(r"Original error is below:\s*-*\s*(?P<error>[^\n]+)")
_MIXED = re.compile(r"Multiple namespaces|no attribute '(dask|chunks|compute|map_blocks|rechunk)'")


def match_failure(evidence: FailureEvidence) -> Match | None:
    """What dask makes of an exception in the function."""
    found = said(evidence.message, "inference failed")
    if found is None or told_again(evidence):
        return None
    function = found["function"]
    error = _ORIGINAL.search(evidence.message)
    told = f": `{short(error['error'], 90)}`" if error else ""
    given = _given(evidence)
    what = f"`{given}`" if given else "the function"
    why = (
        f"`{short(evidence.expression)}` at {line_of(evidence.where)} gives {what} to `{function}` "
        f"without a dtype, so that dask tries it on an array of one element or none. There it raises{told}."
    )
    return Match(why=why, fixes=tuple(_fixes(evidence, function, what)))


def _given(evidence: FailureEvidence) -> str | None:
    """The function that is handed over, as written."""
    call = evidence.reading.call if evidence.reading else None
    if call is None:
        return None
    named = dict(call.keywords).get("func")
    place = 2 if call.name == "apply_where" else 0
    first = named or (call.positional[place] if len(call.positional) > place else None)
    return short(first, 40) if first else None


def _fixes(evidence: FailureEvidence, function: str, what: str) -> Iterator[Fix]:
    yield from for_caller(evidence)
    audience = author(evidence)
    mixed = _MIXED.search(evidence.message)
    convert = Fix(
        "convert-input",
        f"let {what} ask its own argument for the namespace: it gets NumPy chunks, not dask arrays",
        "nothing",
        audience,
    )
    place = written_at(evidence.trace, evidence.site)
    taken = {one.dtype for one in arrays_taken(evidence)}
    if mixed:
        yield convert
    elif (
        evidence.at_user and place is not None and (given := dtype_given(evidence, place, taken)) is not None
    ):
        yield given
    if (evidence.operation or "").rpartition(".")[2] == function.rpartition(".")[2]:
        yield _said(function, audience)
    yield Fix(
        "map-blocks",
        f"let {what} work on empty arrays, and return these as they are",
        "one more case in the function",
        audience,
    )


def _said(function: str, audience: Audience) -> Fix:
    return Fix(
        "choose-parameter",
        f"tell `{function}` the dtype, and an empty array for `meta` with as many dimensions as it returns",
        "they must be right: dask believes them",
        audience,
    )
