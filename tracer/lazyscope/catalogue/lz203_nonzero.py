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
from lazyscope.catalogue.advice import line_of, short
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.unknown_lengths import Origin, discovered, harmful_origins
from lazyscope.fixes.fix import Fix
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
    call, xp = origin.reading.call if origin.reading else None, origin.namespace
    mask = (
        short(call.positional[0] if call and call.positional else call.receiver or "mask") if call else "mask"
    )
    yield Fix(
        "where",
        f"keep the mask `{mask}`: `{xp}.where({mask}, a, b)` in place of values at positions, "
        f"`{xp}.sum({mask})` for their number, `{xp}.argmax({mask})` for the first",
        "every element stays in memory; positions themselves are not there",
        audience=origin.audience,
    )
    yield origin.known_sizes()


def _mask(origin: Origin) -> str:
    call = origin.reading.call if origin.reading else None
    if call is None:
        return "mask"
    return short(call.positional[0] if call.positional else call.receiver or "mask")
