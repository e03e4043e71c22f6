"""Rechunking cuts the data into many times more pieces than there are chunks.

When it occurs
    Each new chunk that overlaps an old one takes a piece of it, and each piece is a task: from rows to
    columns that is the product of both numbers of chunks. ``x.rechunk(...)`` says so openly; ``a + b``,
    ``a @ b`` and ``da.stack`` do it by themselves where the chunks of their arguments do not lie one upon
    the other.

Fixes
    ``rechunk``: give ``chunks=`` where the array is made, such that nothing has to be cut later; or give two
    arrays the same chunks. Where both ways of cutting are needed, larger chunks cost fewer pieces: with half
    as many chunks on both sides there are a quarter of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from lazyscope import figures
from lazyscope.analysis.arrays import variable_at
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.lineage import lineage
from lazyscope.catalogue.advice import line_of, short
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.made_arrays import (
    chunks_text,
    forces_asking,
    number_of_blocks,
    seconds_in_proportion,
)
from lazyscope.fixes.fix import Audience, Estimate, Fix
from lazyscope.model import events
from lazyscope.model.trace import TraceData

CODE = "LZ403"
TITLE = "Rechunking makes very many tasks"

EXAMPLE = """
import dask.array as da

a = da.ones((400, 40), chunks=(20, 40))
b = da.ones((400, 40), chunks=(400, 1))
print((a * b).sum().compute())
"""

REPAIRED = """
import dask.array as da

a = da.ones((400, 40), chunks=(100, 40))
b = da.ones((400, 40), chunks=(100, 40))
print((a * b).sum().compute())
"""

_MANY = 500
"""Tasks of a rechunk that are worth a word."""
_TIMES = 4

_RECHUNKING = ("rechunk-split", "rechunk-merge", "rechunk-p2p", "rechunk-transfer")


@dataclass(frozen=True)
class _Rechunk:
    """The layers by which one array was cut anew."""

    source: int
    """The layer that was cut."""
    layers: tuple[int, ...]
    call: events.Call | None
    """The call that needed it."""

    def tasks(self, trace: TraceData) -> int:
        return sum(trace.layers[number].tasks for number in self.layers)


def find(trace: TraceData) -> Iterator[Discovery]:
    """Rechunks with many times the tasks of what they were made of and for."""
    groups: dict[tuple[int | None, int | None], list[_Rechunk]] = {}
    for one in _rechunks(trace):
        if _multiplies(trace, one):
            site = (one.call.site, one.call.user_site) if one.call else _asking(trace, one)
            groups.setdefault(site, []).append(one)
    for place, group in groups.items():
        yield _discovery(trace, group, *place)


def multiplying(trace: TraceData) -> frozenset[int]:
    """Layers of rechunks that this entry speaks of."""
    found = (one for one in _rechunks(trace) if _multiplies(trace, one))
    return frozenset(number for one in found for number in one.layers)


def _asking(trace: TraceData, one: _Rechunk) -> tuple[int | None, int | None]:
    forces = forces_asking(trace, one.layers)
    return (forces[0].begin.site, forces[0].begin.user_site) if forces else (None, None)


def _rechunks(trace: TraceData) -> Iterator[_Rechunk]:
    """Layers of rechunks, each with those it goes on from, by the array that is cut."""
    cut: dict[int, int] = {}
    found: dict[int, list[int]] = {}
    for number, layer in enumerate(trace.layers):
        if not trace.texts[layer.operation].startswith(_RECHUNKING):
            continue
        reads = [cut.get(read, read) for read in layer.reads]
        if reads:
            cut[number] = reads[0]
            found.setdefault(reads[0], []).append(number)
    takers = _takers(trace, found) if found else {}
    for source, layers in found.items():
        yield _Rechunk(source, tuple(layers), takers.get(trace.layers[source].name))


def _takers(trace: TraceData, sources: dict[int, list[int]]) -> dict[int, events.Call]:
    """By name of an array that is cut, the call that needed it so: a rechunk, else one of several arrays."""
    names = {trace.layers[source].name for source in sources}
    found: dict[int, events.Call] = {}
    for call in trace.calls:
        for name in names.intersection(call.inputs):
            known = found.get(name)
            if known is None or (not _fits(trace, known) and _fits(trace, call)):
                found[name] = call
    return found


def _fits(trace: TraceData, call: events.Call) -> bool:
    return _is_explicit(trace, call) or len(set(call.inputs)) > 1


def _is_explicit(trace: TraceData, call: events.Call) -> bool:
    return trace.texts[call.operation].rpartition(".")[2] == "rechunk"


def _multiplies(trace: TraceData, one: _Rechunk) -> bool:
    tasks, before = one.tasks(trace), number_of_blocks(trace.layers[one.source])
    if tasks < _MANY or tasks < _TIMES * before:
        return False
    after = _blocks_after(trace, one)
    if one.call is not None and not _is_explicit(trace, one.call):
        return len(set(one.call.inputs)) > 1
    return after is not None and tasks >= _TIMES * (before + after)


def _blocks_after(trace: TraceData, one: _Rechunk) -> int | None:
    if one.call is None or not one.call.outputs:
        return None
    return math.prod(trace.layouts[one.call.outputs[0][2]].numblocks)


def _discovery(trace: TraceData, group: list[_Rechunk], site: int | None, user_site: int | None) -> Discovery:
    layers = [number for one in group for number in one.layers]
    tasks = sum(one.tasks(trace) for one in group)
    before = sum(number_of_blocks(trace.layers[one.source]) for one in group)
    seconds = seconds_in_proportion(trace, layers)
    user = site is None or trace.file_of(site).role == "user"
    return Discovery(
        Match(
            _why(trace, group, site, tasks),
            tuple(_fixes(trace, group, "caller" if user else "library", seconds)),
        ),
        site=site,
        user_site=user_site,
        forces=tuple(force.id for force in forces_asking(trace, layers)),
        at_stake=seconds * (1 - min(before / tasks, 1.0)),
        tasks=tasks,
        tasks_repeated=0,
    )


def _named(trace: TraceData, one: _Rechunk) -> str:
    """``a``, or what the array was made by."""
    maker = lineage(trace).makers.get(trace.layers[one.source].name)
    if maker is None:
        return "an array"
    call = trace.calls[maker]
    variable = None if call.user_site is None else variable_at(trace, call.user_site)
    made = site_at(trace, call.site)
    return f"`{variable}`" if variable else f"`{short(made.expression or made.code)}`" if made else "an array"


def _why(trace: TraceData, group: list[_Rechunk], site: int | None, tasks: int) -> str:
    place = site_at(trace, site)
    text = f"`{short(place.expression or place.code)}`" if place else "the program"
    told = []
    for one in group:
        layer = trace.layers[one.source]
        told.append(
            f"{_named(trace, one)} with {figures.count(number_of_blocks(layer))} chunks of "
            f"{chunks_text(layer.chunk or ())}"
        )
    reason = (
        ""
        if group[0].call and _is_explicit(trace, group[0].call)
        else (", since the chunks of its arguments do not lie one upon the other")
    )
    return (
        f"For {text} dask cuts {' and '.join(told)} into pieces: {figures.count(tasks)} tasks that only "
        f"move data{reason}."
    )


def _fixes(trace: TraceData, group: list[_Rechunk], audience: Audience, seconds: float) -> Iterator[Fix]:
    first = group[0]
    estimate = Estimate(seconds=(0.0, seconds))
    maker = lineage(trace).makers.get(trace.layers[first.source].name)
    made = line_of(site_at(trace, trace.calls[maker].site)) if maker is not None else "where it is made"
    if first.call is not None and not _is_explicit(trace, first.call):
        chunk = chunks_text(_common(trace, group))
        yield Fix(
            "rechunk",
            f"give both arrays the same chunks where they are made ({made}): `chunks={chunk}`",
            "the data have to be read in chunks of that shape",
            audience=audience,
            estimate=estimate,
        )
        return
    wanted = trace.layouts[first.call.outputs[0][2]].chunk if first.call and first.call.outputs else ()
    yield Fix(
        "rechunk",
        f"make {_named(trace, first)} with `chunks={chunks_text(wanted)}` ({made}), without a rechunk",
        "the data have to be read in chunks of that shape",
        audience=audience,
        estimate=estimate,
    )
    yield Fix(
        "rechunk",
        "take larger chunks on both sides: half as many leave a quarter of the pieces",
        "more memory for each task",
        audience=audience,
    )


def _common(trace: TraceData, group: list[_Rechunk]) -> list[int | None]:
    """Chunks that fit all arrays of a group: those of the one with the fewest, as that has the largest."""
    fewest = min((trace.layers[one.source] for one in group), key=number_of_blocks)
    return list(fewest.chunk or ())
