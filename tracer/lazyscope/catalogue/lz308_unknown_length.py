"""A length that is not known is used as a number.

When it occurs
    ``len(kept)``, ``range(kept.shape[0])``, ``int(kept.size)`` or ``np.zeros(kept.shape)`` where the array's
    length depends on values: dask gives NaN for it, which is no integer, and ``len`` refuses.

Fixes
    ``compute-chunk-sizes``: ``kept = kept.persist(); kept.compute_chunk_sizes()`` computes the array once
    and holds it; its length is a number from there on.

    ``where``: keep the length and count the mask: ``xp.sum(mask)`` is lazy.

    ``native-function``: ``xpx.nunique(x)`` for the number of distinct values; ``xp.zeros_like(kept)`` in
    place of ``xp.zeros(kept.shape)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.catalogue.advice import author, line_of, short
from lazyscope.catalogue.failing import for_caller, told_again
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.unknown_lengths import about, came_from, known_sizes, shapes_kept
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.fix import Fix

CODE = "LZ308"
TITLE = "An unknown length is used as a number"

EXAMPLE = """
import dask
import dask.array as da
import numpy as np

parts = dask.delayed(np.arange)(12.0)
x = da.from_delayed(parts, shape=(np.nan,), dtype=float)
for row in range(x.shape[0]):
    print(row)
"""

REPAIRED = """
import dask
import dask.array as da
import numpy as np

parts = dask.delayed(np.arange)(12.0)
x = da.from_delayed(parts, shape=(12,), dtype=float)
for row in range(x.shape[0]):
    print(row)
"""

_CREATING = re.compile(r"\b(zeros|ones|empty|full)\((\w+)\.shape\)")


def match_failure(evidence: FailureEvidence) -> Match | None:
    """``len`` of an array of unknown length, and NaN where an integer belongs."""
    if about(evidence) != "length" or told_again(evidence):
        return None
    why = (
        f"`{short(evidence.expression)}` at {line_of(evidence.where)} takes the length of a dask array for a "
        f"number, and dask does not know it: it raises {evidence.type}.{came_from(evidence)}"
    )
    return Match(why=why, fixes=tuple(_fixes(evidence)))


def _fixes(evidence: FailureEvidence) -> Iterator[Fix]:
    yield from for_caller(evidence)
    created = _CREATING.search(evidence.expression)
    if created is not None:
        function, array = created.groups()
        yield Fix(
            "native-function",
            f"`{function}_like({array})` in place of `{short(created.group())}`: it has the same chunks",
            "the new array has the same unknown length",
            author(evidence),
        )
    kept = shapes_kept(evidence)
    yield from [known_sizes(evidence)] if evidence.at_user else []
    yield from [kept] if kept else []
    if evidence.at_user:
        yield compute_first(evidence)
