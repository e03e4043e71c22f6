"""An operation needs chunk sizes that dask does not know.

When it occurs
    An array has a length that depends on values: after ``x[x > 0]``, ``unique``, ``nonzero``, a dataframe's
    ``values``, ``from_delayed`` with a NaN in its shape. Many operations go on without the length. Others
    raise: indexing by position, slices, ``reshape``, ``rechunk``, ``sort``, ``argmax``, ``stack``, joining
    with an array of known length, assignment of such an array.

Fixes
    ``compute-chunk-sizes``: ``kept = kept.persist(); kept.compute_chunk_sizes()`` computes the array once
    and holds it; without ``persist`` all of it is computed again later.

    ``where``: keep the length. ``xp.where(x > 0, x, xp.nan)`` and reductions that leave NaN out need no
    length at all.

    In a library, its caller can compute first (``compute-once``).
"""

from __future__ import annotations

from collections.abc import Iterator

from lazyscope.analysis.evidence import FailureEvidence
from lazyscope.catalogue.advice import author, line_of, short
from lazyscope.catalogue.failing import for_caller, told_again
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.unknown_lengths import about, came_from, known_sizes, origins, shapes_kept
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.fix import Fix

CODE = "LZ301"
TITLE = "An operation needs chunk sizes that are not known"

EXAMPLE = """
import dask
import dask.array as da
import numpy as np

parts = dask.delayed(np.arange)(12.0)
x = da.from_delayed(parts, shape=(np.nan,), dtype=float)
print(x[:3])
"""

REPAIRED = """
import dask
import dask.array as da
import numpy as np

parts = dask.delayed(np.arange)(12.0)
x = da.from_delayed(parts, shape=(12,), dtype=float)
print(x[:3])
"""


def match_failure(evidence: FailureEvidence) -> Match | None:
    """Messages about unknown chunks or shapes with NaN."""
    if about(evidence) != "chunks" or told_again(evidence):
        return None
    why = (
        f"`{short(evidence.expression)}` at {line_of(evidence.where)} needs to know how long its array is, "
        f"and dask does not: it raises {evidence.type}.{came_from(evidence)}"
    )
    return Match(why=why, fixes=tuple(_fixes(evidence)))


def _fixes(evidence: FailureEvidence) -> Iterator[Fix]:
    kept = shapes_kept(evidence)
    if evidence.at_user:
        yield known_sizes(evidence)
        yield from [kept] if kept else []
        yield compute_first(evidence)
        return
    yield from for_caller(evidence)
    if _from_user(evidence):
        yield known_sizes(evidence)
    yield from [kept] if kept else []
    if not _from_user(evidence):
        yield _inside(evidence)


def _inside(evidence: FailureEvidence) -> Fix:
    return Fix(
        "compute-chunk-sizes",
        f"`.compute_chunk_sizes()` of the persisted array before `{short(evidence.expression)}`",
        "the library computes in the middle of its work",
        author(evidence),
    )


def _from_user(evidence: FailureEvidence) -> bool:
    """Whether the user's own line made the length unknown."""
    trace = evidence.trace
    shapes = [trace.unknown_shapes[number] for number in origins(evidence)]
    return any(shape.site is not None and shape.site == shape.user_site for shape in shapes)
