"""Values picked by a mask are assigned through a mask.

When it occurs
    ``y[m] = f(x[m])``, ``x[m] *= k`` and ``xpx.at(y, m).set(f(x[m]))``: the length of ``x[m]`` is the
    number of true values in ``m``, which dask does not know before the mask is computed. It refuses to
    assign an array of unknown length, as a rule with ``cannot broadcast shape (nan,) to shape (nan,)``.
    What ``xpx.at`` writes still needs the length. Only a scalar can be assigned through a mask.

Fixes
    ``where``: ``y = xp.where(m, f(x), y)`` computes the formula for every element. Outside the mask it may
    divide by zero or take the logarithm of nothing, with warnings or as NaN in gradients; clamp the
    argument there, or use

    ``apply-where``: ``xpx.apply_where(m, x, f, fill_value=y)`` computes it on the selected part of each
    chunk. The function sees NumPy chunks, not dask arrays.

    ``at``: ``x = xpx.at(x)[m].multiply(k)`` for a scalar and a mask of the array's own shape.

    ``guard-lazy``: a test like ``if xp.any(m):`` around it computes the mask; skip it for lazy arrays.

    In a library, its caller can compute first (``compute-once``) or take a function that works on dask
    arrays (``native-function``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lazyscope.analysis.evidence import FailureEvidence, failures_alike
from lazyscope.analysis.reading import read
from lazyscope.analysis.source import unparsed
from lazyscope.analysis.syntax.masks import index_kind
from lazyscope.catalogue.advice import line_of, short
from lazyscope.catalogue.failing import for_caller, told_again
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.unknown_lengths import about, index_text, origins
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.masked_update import Store, fixes_for, stores_in
from lazyscope.fixes.selected import Masked
from lazyscope.fixes.spot import Spot, spot_at
from lazyscope.model.trace import TraceData

CODE = "LZ205"
TITLE = "Values picked by a mask are assigned through a mask"

EXAMPLE = """
import dask.array as da

x = da.arange(-6.0, 6.0, chunks=4)
y = da.zeros_like(x)
positive = x > 0
y[positive] = da.log(x[positive])
"""

REPAIRED = """
import array_api_extra as xpx
import dask.array as da
import numpy as np

x = da.arange(-6.0, 6.0, chunks=4)
y = xpx.apply_where(x > 0, x, np.log, fill_value=0.0)
"""


@dataclass(frozen=True)
class _Assignment:
    """A masked assignment that failed."""

    evidence: FailureEvidence
    spot: Spot
    store: Store
    selected: tuple[str, ...]
    """Arrays that were selected from."""


def find(trace: TraceData) -> Iterable[Discovery]:
    """Exceptions at such statements."""
    for evidence in failures_alike(trace) if trace.unknown_shapes else ():
        found = _assignment(evidence) if about(evidence) == "chunks" and not told_again(evidence) else None
        if found is not None:
            yield Discovery(
                match=_match(found),
                site=evidence.site,
                user_site=evidence.user_site,
                entry=evidence.failures[0].entry,
                failures=tuple(failure.id for failure in evidence.failures),
                unknown_shapes=tuple(_led_there(trace, evidence)),
                occurrences=len(evidence.failures),
                leads_to=tuple(_forces_at(trace, evidence)),
            )


def _forces_at(trace: TraceData, evidence: FailureEvidence) -> Iterator[int]:
    """Forces of the same statement: dask computes some of it before it refuses."""
    reading = evidence.reading
    for force in trace.forces:
        if force.begin.site is not None and reading is not None and evidence.site is not None:
            place, here = trace.positions[force.begin.site], trace.positions[evidence.site]
            if place.code == here.code and reading.line <= place.line <= reading.end_line:
                yield force.id


def _led_there(trace: TraceData, evidence: FailureEvidence) -> Iterator[int]:
    """Unknown shapes of the values, and those that the assignment itself made."""
    known = set(origins(evidence))
    here = (evidence.site, evidence.user_site)
    for number, shape in enumerate(trace.unknown_shapes):
        if number in known or (shape.operation == "__setitem__" and (shape.site, shape.user_site) == here):
            yield number


def _assignment(evidence: FailureEvidence) -> _Assignment | None:
    spot = spot_at(evidence.trace, evidence.site)
    if spot is None:
        return None
    found = [
        (store, selected)
        for store in stores_in(spot.statement)
        if index_kind(spot.place, store.index, store.statement) in ("mask", "unknown")
        and (selected := _selected(evidence, spot, store))
    ]
    return _Assignment(evidence, spot, *found[0]) if len(found) == 1 else None


def _selected(evidence: FailureEvidence, spot: Spot, store: Store) -> tuple[str, ...]:
    """Arrays that the new values were selected from by the same mask."""
    masked = Masked(spot, unparsed(store.index), spot.text(store.index), "xp", store.statement)
    bases = tuple(dict.fromkeys(masked.whole(store.value).bases))
    if bases:
        return bases
    # A scalar can be written by `xpx.at`; it is a selection that fails.
    if store.selected and store.node is store.statement:
        return (spot.text(store.array),)
    return _selected_before(evidence, spot.text(store.index))


def _selected_before(evidence: FailureEvidence, index: str) -> tuple[str, ...]:
    """Arrays that lines before selected from by the same mask."""
    trace = evidence.trace
    bases = []
    for number in origins(evidence):
        site = trace.unknown_shapes[number].site
        reading = None if site is None else read(trace, site)
        found = reading.subscript if reading else None
        if found is not None and index_text(found.index) == index_text(index):
            bases.append(found.base)
    return tuple(dict.fromkeys(bases))


# What is said


def _match(found: _Assignment) -> Match:
    evidence, spot, index = found.evidence, found.spot, found.spot.text(found.store.index)
    written = spot.text(found.store.node)
    picked = " and ".join(f"`{short(text)}[{short(index)}]`" for text in found.selected[:2] if text)
    why = (
        f"`{short(written)}` at {line_of(evidence.where)} assigns {picked or 'a selection'} through the mask "
        f"`{short(index)}`. How many values that are is not known before the mask is computed, "
        f"and dask cannot assign an array of unknown length: {_ending(evidence)} with {evidence.type}."
    )
    return Match(why=why, fixes=tuple(_fixes(found)))


def _ending(evidence: FailureEvidence) -> str:
    return "the program ends" if evidence.escaped else "the statement fails"


def _fixes(found: _Assignment) -> Iterator[Fix]:
    yield from for_caller(found.evidence)
    yield from fixes_for(found.evidence.trace, found.spot, found.store)
