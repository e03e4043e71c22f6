"""A large array lies in one chunk.

When it occurs
    An array of 100 MB or more, or one that made up much of the memory at its highest, is a single chunk: it
    was made so, or what made it needs the whole array at once (sorting along an axis, a rechunk to ``-1``,
    ``lazy_apply``, some reshapes). One task works on all of it in one thread, and it has to fit into memory
    together with what is made of it.

    What that costs cannot be told from one run, so the severity is ``low``; it is ``medium`` where the chunk
    takes a quarter of the memory there is.

Fixes
    ``native-function``: a function that works chunk by chunk instead of one that takes the whole array:
    ``da.cumsum`` instead of ``cumsum`` on one chunk, ``da.percentile`` or ``da.topk`` instead of sorting.

    ``rechunk``: give ``chunks=`` where the array is made, or rechunk another axis than the one that must be
    whole. Cutting a chunk that exists already copies it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from lazyscope import figures
from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.advice import short
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.made_arrays import (
    MadeArray,
    chunks_text,
    forces_asking,
    made_array,
    number_of_blocks,
)
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

CODE = "LZ401"
TITLE = "A large array in one chunk"

EXAMPLE = """
import dask.array as da
import numpy as np

x = da.ones(14_000_000, chunks=2_000_000)
total = x.rechunk(-1).map_blocks(np.cumsum)
print(total[-1].compute())
"""

REPAIRED = """
import dask.array as da

x = da.ones(14_000_000, chunks=2_000_000)
total = da.cumsum(x, axis=0)
print(total[-1].compute())
"""

_LARGE = 100_000_000
_LARGE_AT_PEAK = 32_000_000
_PART_OF_PEAK = 3
_PART_OF_MEMORY = 4
_GOOD_CHUNK = 64_000_000


def find(trace: TraceData) -> Iterator[Discovery]:
    """Layers that are one large chunk, the first of each way through a graph."""
    large = [number for number, layer in enumerate(trace.layers) if _is_single(layer)]
    chosen: set[int] = set()
    for number in large:
        forces = [force for force in forces_asking(trace, [number]) if _matters(trace.layers[number], force)]
        if not forces:
            continue
        chosen.add(number)
        if not any(read in chosen for read in _behind(trace, number)):
            yield _discovery(trace, number, forces)


def _is_single(layer: events.Layer) -> bool:
    size = layer.chunk_bytes or 0
    return (
        size >= _LARGE_AT_PEAK
        and layer.blocks is not None
        and number_of_blocks(layer) == 1
        and layer.tasks > 0
    )


def _matters(layer: events.Layer, force: Force) -> bool:
    size, peak = layer.chunk_bytes or 0, force.end.peak_bytes if force.end else None
    return size >= _LARGE or (peak is not None and size * _PART_OF_PEAK >= peak)


def _behind(trace: TraceData, number: int) -> list[int]:
    """Layers that one is made of as long as these are single blocks as well."""
    found, pending = [], [number]
    while pending:
        for read in trace.layers[pending.pop()].reads:
            if number_of_blocks(trace.layers[read]) == 1 and read not in found:
                found.append(read)
                pending.append(read)
    return found


def _discovery(trace: TraceData, number: int, forces: list[Force]) -> Discovery:
    layer, made = trace.layers[number], made_array(trace, number)
    parts = _parts(trace, layer)
    size = layer.chunk_bytes or 0
    limit = trace.header.memory_limit
    tight = limit is not None and size * _PART_OF_MEMORY >= limit
    return Discovery(
        Match(
            _why(trace, made, parts, forces),
            tuple(_fixes(trace, made, parts)),
            at_least="medium" if tight else None,
        ),
        site=made.site,
        user_site=made.user_site,
        forces=tuple(force.id for force in forces),
        tasks=layer.tasks,
        tasks_repeated=0,
        bytes=size,
    )


def _parts(trace: TraceData, layer: events.Layer) -> int:
    """Into how many blocks the array was cut that it is made of."""
    pending, most, seen = list(layer.reads), 1, set(layer.reads)
    while pending:
        read = trace.layers[pending.pop()]
        most = max(most, number_of_blocks(read))
        if number_of_blocks(read) == 1 or not read.tasks:
            further = [n for n in read.reads if n not in seen]
            seen.update(further)
            pending += further
    return most


def _why(trace: TraceData, made: MadeArray, parts: int, forces: list[Force]) -> str:
    layer = trace.layers[made.layer]
    size = figures.size(layer.chunk_bytes or 0)
    array = f"`{made.variable}`" if made.variable else f"The array that `{_expression(trace, made)}` makes"
    if not made.itself:
        array = f"What `{_expression(trace, made)}` takes"
    peaks = [force.end.peak_bytes for force in forces if force.end and force.end.peak_bytes]
    peak = f" The process reached {figures.size(max(peaks))} while it was computed." if peaks else ""
    came = f", though it is made of {figures.count(parts)} blocks" if parts > 1 else ""
    return (
        f"{array} is one chunk of {size}{came}: one task works on all of it, in one thread, and needs it "
        f"whole in memory.{peak}"
    )


def _expression(trace: TraceData, made: MadeArray) -> str:
    found = site_at(trace, made.site)
    return short(found.expression or found.code) if found else "the program"


def _fixes(trace: TraceData, made: MadeArray, parts: int) -> Iterator[Fix]:
    user = made.site is None or trace.file_of(made.site).role == "user"
    audience: Audience = "caller" if user else "library"
    chunks = _smaller(trace.layers[made.layer])
    if parts > 1:
        yield Fix(
            "native-function",
            f"use a function that works chunk by chunk, so that nothing has to be brought together for "
            f"`{_expression(trace, made)}`",
            "not every result can be had so; sorting needs the axis whole",
            audience=audience,
        )
        yield Fix(
            "rechunk",
            "leave the axis that must be whole in one chunk and cut another one",
            "moves every block once; does not help where the array has a single axis",
            audience=audience,
        )
        return
    yield Fix(
        "rechunk",
        f"make it in several chunks, `chunks={chunks}`",
        "more tasks, which can run side by side",
        audience=audience,
    )


def _smaller(layer: events.Layer) -> str:
    """Chunks of a good size: the first axis that is long enough is cut."""
    lengths = [length or 1 for length in layer.chunk or ()]
    pieces = max(2, math.ceil((layer.chunk_bytes or 0) / _GOOD_CHUNK))
    for axis, length in enumerate(lengths):
        if length >= pieces:
            lengths[axis] = math.ceil(length / pieces)
            break
    return chunks_text(lengths)
