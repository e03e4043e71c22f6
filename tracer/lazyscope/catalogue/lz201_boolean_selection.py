"""A selection by a mask makes a length unknown, and something later needs the length.

When it occurs
    ``kept = x[x > 0]`` has as many elements as the mask has true values; dask gives it the length NaN.
    That alone does no harm. This finding is there because a later line raises for want of the length, or
    because a library computes the whole graph to learn it. What fails is a finding of its own, which
    follows this one.

Fixes
    ``where``: keep the length, ``kept = xp.where(x > 0, x, xp.nan)``, and use reductions that leave NaN
    out or count the mask.

    ``compute-chunk-sizes``: ``kept = kept.persist(); kept.compute_chunk_sizes()`` computes once and holds
    the result.

    ``apply-where``: for ``f(x[m])`` that is written back, see LZ205.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.advice import line_of
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.unknown_lengths import (
    SELECTING,
    Origin,
    discovered,
    harmful_origins,
    where_instead,
)
from lazyscope.fixes.fix import Fix
from lazyscope.model.trace import TraceData

CODE = "LZ201"
TITLE = "A selection by a mask makes a length unknown"

EXAMPLE = """
import dask.array as da

x = da.arange(-6.0, 6.0, chunks=4)
kept = x[x > 0]
halves = kept.reshape(2, -1)
"""

REPAIRED = """
import dask.array as da

x = da.arange(-6.0, 6.0, chunks=4)
kept = da.where(x > 0, x, 0.0)
halves = kept.reshape(2, -1)
"""


def find(trace: TraceData) -> Iterable[Discovery]:
    """Selections after which something failed or computed for want of a length."""
    for origin in harmful_origins(trace, SELECTING):
        yield discovered(origin, Match(why=_why(origin), fixes=tuple(_fixes(origin))))


def _why(origin: Origin) -> str:
    place = line_of(site_at(origin.trace, origin.shape.site))
    return (
        f"{origin.expression} at {place} selects by a mask: how many elements that leaves is not known "
        f"before the mask is computed. {origin.harm()}"
    )


def _fixes(origin: Origin) -> Iterator[Fix]:
    yield from origin.caller_fixes()
    yield where_instead(origin)
    sizes = origin.known_sizes()
    # Whether the elements that are left fit into a shape is not known.
    is_shaped = any(".reshape(" in evidence.expression for evidence in origin.failures)
    yield replace(sizes, edit=None, summary=sizes.sketch) if is_shaped and sizes.sketch else sizes
