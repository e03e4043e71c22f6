"""dask does not support this way of indexing.

When it occurs
    Two lists of positions at once, ``m[[0, 1], [1, 2]]`` or ``m[i, j]``; assignment through two of them;
    index arrays of two or more dimensions; masks of some of several dimensions; dask arrays in ``vindex``.
    Dask raises when the statement runs.

Fixes
    ``where``: where the indices are masks: combine them into one mask of the array's own shape,
    ``xp.where(rows[:, None] & columns, a, b)``.

    ``native-function``: ``m.vindex[i, j]`` for positions in NumPy arrays or lists; ``m[i][:, j]`` for all
    pairs; ``x[index.ravel()].reshape(index.shape)`` for an index of several dimensions.

    ``compute-once``: compute the array and index with NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.analysis.syntax.masks import Subscript
from lazyscope.catalogue.advice import author, line_of, short
from lazyscope.catalogue.failing import for_caller, namespace, told_again
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.messages import Meaning, said
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.vindex import by_vindex
from lazyscope.fixes.written import written_at

CODE = "LZ306"
TITLE = "Indexing that dask does not support"

EXAMPLE = """
import dask.array as da

m = da.arange(12, chunks=6).reshape(3, 4)
corners = m[[0, 2], [0, 3]]
"""

REPAIRED = """
import dask.array as da

m = da.arange(12, chunks=6).reshape(3, 4)
corners = m.vindex[[0, 2], [0, 3]]
"""


def match_failure(evidence: FailureEvidence) -> Match | None:
    """Messages of dask's indexing."""
    kind = None if told_again(evidence) else _kind(evidence)
    if kind is None:
        return None
    where = line_of(evidence.where)
    why = (
        f"`{short(evidence.expression or evidence.message)}` at {where} {kind}: dask raises {evidence.type}."
    )
    return Match(why=why, fixes=tuple(_fixes(evidence)))


def _kind(evidence: FailureEvidence) -> str | None:
    for meaning, text in _TOLD.items():
        if said(evidence.message, meaning):
            return text
    indexing = (evidence.operation or "").endswith(("Array.__getitem__", "Array.__setitem__"))
    nested = indexing and evidence.type == "TypeError" and said(evidence.message, "nested index")
    return "indexes by positions in several dimensions" if nested else None


_TOLD: dict[Meaning, str] = {
    "several indices": "indexes several axes by positions or masks at once",
    "deep index": "indexes by a dask array of positions in several dimensions",
    "partial mask": "indexes by a mask that covers some of the axes",
    "lazy vindex": "hands `vindex` what it cannot take",
    "single boolean": "assigns through a single boolean",
}


def _fixes(evidence: FailureEvidence) -> Iterator[Fix]:
    yield from for_caller(evidence)
    audience, index = author(evidence), _subscript(evidence)
    base = index.base.removesuffix(".vindex") if index else "x"
    parts = index.index if index else "i, j"
    stored = (evidence.operation or "").endswith("__setitem__")
    masked = said(evidence.message, "single boolean", "partial mask") or _is_mask(evidence)
    if said(evidence.message, "lazy vindex"):
        price = "positions in several dimensions must be computed first"
        yield Fix("native-function", f"`{base}[{short(parts)}]` without `vindex`", price, audience)
    elif stored or masked:
        yield _by_mask(evidence, base, parts, audience)
    elif said(evidence.message, "deep index") or said(evidence.message, "nested index"):
        yield Fix(
            "native-function",
            "index with the index raveled to one dimension, and reshape the result",
            "a gather moves whole chunks",
            audience,
        )
    else:
        gathered = by_vindex(evidence, written_at(evidence.trace, evidence.site))
        yield replace(gathered, audience=audience)
    if evidence.at_user:
        yield compute_first(evidence)


def _by_mask(evidence: FailureEvidence, base: str, parts: str, audience: Audience) -> Fix:
    xp = namespace(evidence)
    return Fix(
        "where",
        f"choose with `{xp}.where` and one mask of the shape of `{base}`, in place of `{short(parts)}`",
        "the mask has as many elements as the array",
        audience,
    )


def _is_mask(evidence: FailureEvidence) -> bool:
    return bool(evidence.reading and evidence.reading.selections)


def _subscript(evidence: FailureEvidence) -> Subscript | None:
    reading = evidence.reading
    if reading is None:
        return None
    if reading.subscript is not None:
        return reading.subscript
    for update in reading.updates:
        return Subscript(f"{update.array}[{update.index}]", update.array, update.index, update.kind, None)
    return None
