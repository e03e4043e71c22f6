"""The positions of true values have an unknown number, and something later needs it.

When it occurs
    ``nonzero``, ``flatnonzero``, ``argwhere`` and ``where`` with one argument give as many positions as
    there are true values, which dask does not know. This finding is there because a later line raises for
    want of the length, or because a library computes to learn it; what fails is a finding of its own.

Fixes
    ``where``: work with the mask itself: ``xp.where(mask, a, b)``, ``xp.sum(mask)`` for their number,
    ``xp.argmax(mask)`` for the first.

    ``compute-chunk-sizes``: ``found = found.persist(); found.compute_chunk_sizes()``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.advice import line_of
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.unknown_lengths import Origin, discovered, harmful_origins
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.selection import computed_there
from lazyscope.model.trace import TraceData

CODE = "LZ203"
TITLE = "The number of positions found is not known"

EXAMPLE = """
import dask.array as da

x = da.arange(-6.0, 6.0, chunks=4)
found = da.flatnonzero(x > 3)
first = found[0]
"""

REPAIRED = """
import dask.array as da

x = da.arange(-6.0, 6.0, chunks=4)
first = da.argmax(x > 3)
"""

_OPERATIONS = ("nonzero", "flatnonzero", "argwhere", "where")


def find(trace: TraceData) -> Iterable[Discovery]:
    """Searches for positions after which something failed or computed for want of a length."""
    for origin in harmful_origins(trace, _OPERATIONS):
        yield discovered(origin, Match(why=_why(origin), fixes=tuple(_fixes(origin))))


def _why(origin: Origin) -> str:
    place = line_of(site_at(origin.trace, origin.shape.site))
    return (
        f"{origin.expression} at {place} gives as many positions as there are true values, which is not "
        f"known before they are computed. {origin.harm()}"
    )


def _fixes(origin: Origin) -> Iterator[Fix]:
    yield from origin.caller_fixes()
    yield computed_there(origin.trace, origin.spot)
    yield Fix(
        "where",
        "keep the mask: choose with `where` instead of by positions, count it with `sum`",
        "every element stays in memory; positions themselves are not there",
        audience=origin.audience,
    )
    yield origin.known_sizes()
