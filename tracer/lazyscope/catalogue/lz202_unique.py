"""The distinct values of an array have an unknown number, and something later needs it.

When it occurs
    ``unique``, ``unique_values``, ``unique_counts``, ``unique_inverse``, ``union1d``: how many values come
    out is not known before they are computed. This finding is there because a later line raises for want
    of the length, or because a library computes to learn it; what fails is a finding of its own.

Fixes
    ``native-function``: ``xpx.nunique(x)`` where only the number of values is wanted: it stays lazy.

    ``compute-chunk-sizes``: compute the values once, as they are few as a rule:
    ``u = u.persist(); u.compute_chunk_sizes()``.

    ``compute-once``: ``u = u.compute()``; what follows works with NumPy on a short array.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.advice import line_of
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.unknown_lengths import Origin, discovered, harmful_origins, is_length_only
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.selection import computed_there, counted
from lazyscope.model.trace import TraceData

CODE = "LZ202"
TITLE = "The number of distinct values is not known"

EXAMPLE = """
import dask.array as da

labels = da.from_array([3, 1, 3, 2, 1, 3], chunks=2)
kinds = da.unique(labels)
print(len(kinds))
"""

REPAIRED = """
import array_api_extra as xpx
import dask.array as da

labels = da.from_array([3, 1, 3, 2, 1, 3], chunks=2)
print(xpx.nunique(labels))
"""

_OPERATIONS = ("unique", "unique_values", "unique_counts", "unique_inverse", "unique_all", "union1d")


def find(trace: TraceData) -> Iterable[Discovery]:
    """Calls of ``unique`` after which something failed or computed for want of a length."""
    for origin in harmful_origins(trace, _OPERATIONS):
        yield discovered(origin, Match(why=_why(origin), fixes=tuple(_fixes(origin))))


def _why(origin: Origin) -> str:
    place = line_of(site_at(origin.trace, origin.shape.site))
    return (
        f"{origin.expression} at {place} gives as many elements as there are distinct values, which is not "
        f"known before they are computed. {origin.harm()}"
    )


def _fixes(origin: Origin) -> Iterator[Fix]:
    yield from origin.caller_fixes()
    number, few = (
        counted(origin.trace, origin.spot, "nunique", origin.failing_lines),
        "the distinct values are few as a rule",
    )
    once = computed_there(origin.trace, origin.spot, why=f": {few}")
    sizes = origin.known_sizes()
    yield from (
        fix for fix in ((number, once, sizes) if is_length_only(origin) else (once, sizes, number)) if fix
    )
