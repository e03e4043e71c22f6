"""Very many very small chunks.

When it occurs
    An array is cut into more than 1,000 chunks of less than 100 kB. Every chunk is a task in every step, and
    a task costs the scheduler about a tenth of a millisecond to a millisecond whatever it does: here that is
    most of the measured time.

Fixes
    ``rechunk``: give larger ``chunks=`` where the array is made. A `rechunk` later on comes too late for the
    tasks that make the small chunks, and helps only those after it. Fewer chunks leave fewer tasks that can
    run side by side: keep several for each core.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from lazyscope import figures
from lazyscope.analysis.arrays import layer_bytes
from lazyscope.analysis.asked import asks
from lazyscope.analysis.cost import site_at
from lazyscope.catalogue import lz403_rechunk
from lazyscope.catalogue.advice import short
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.made_arrays import (
    MadeArray,
    chunks_text,
    forces_asking,
    made_array,
    number_of_blocks,
)
from lazyscope.fixes.fix import Audience, Estimate, Fix
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

CODE = "LZ402"
TITLE = "Very many small chunks"

EXAMPLE = """
import dask.array as da

x = da.ones(400_000, chunks=100)
print((x + 1).sum().compute())
"""

REPAIRED = """
import dask.array as da

x = da.ones(400_000, chunks=100_000)
print((x + 1).sum().compute())
"""

_MANY = 1_000
_SMALL = 100_000
_OVERHEAD_SECONDS = 0.001
"""A task that took no longer than this on average did next to nothing."""
_GOOD_CHUNK = 32_000_000
_FEWEST = 8
"""Chunks that are left at least, to run side by side."""


def find(trace: TraceData) -> Iterator[Discovery]:
    """The first layers with many small chunks in forces that had little else to do."""
    explained: set[int] = set()
    crumbled = [number for number, layer in enumerate(trace.layers) if _is_crumbled(layer)]
    cutting = lz403_rechunk.multiplying(trace) if crumbled else frozenset()
    for number in crumbled:
        forces = [
            force
            for force in forces_asking(trace, [number])
            if _is_overhead(force) and not _is_cut_before(force, number, cutting)
        ]
        ids = {force.id for force in forces}
        if forces and not ids <= explained:
            explained |= ids
            yield _discovery(trace, number, forces)


def _is_crumbled(layer: events.Layer) -> bool:
    size = layer.chunk_bytes
    return layer.tasks > _MANY and size is not None and size < _SMALL and number_of_blocks(layer) > _MANY


def _is_cut_before(force: Force, number: int, cutting: frozenset[int]) -> bool:
    """Whether a rechunk made the chunks of a layer small, which LZ403 says."""
    return any(one.layer in cutting and one.layer < number for one in force.begin.wanted)


def _is_overhead(force: Force) -> bool:
    return force.begin.tasks > _MANY and force.self_seconds <= _OVERHEAD_SECONDS * force.begin.tasks


def _discovery(trace: TraceData, number: int, forces: list[Force]) -> Discovery:
    layer, made = trace.layers[number], made_array(trace, number)
    lengths, left = _larger(layer)
    kept = left / number_of_blocks(layer)
    asked = sum(wanted.tasks for force, wanted in asks(trace, number) if force in forces)
    seconds = sum(force.self_seconds for force in forces)
    saved = seconds * (1 - kept)
    user = made.site is None or trace.file_of(made.site).role == "user"
    audience: Audience = "caller" if user else "library"
    tasks = sum(force.begin.tasks for force in forces)
    fix = Fix(
        "rechunk",
        f"`chunks={chunks_text(lengths)}` where the array is made: {figures.count(left)} chunks of "
        f"{figures.size(_bytes(layer, left))}",
        f"{figures.size(_bytes(layer, left))} in memory for each task; fewer tasks to run side by side",
        audience=audience,
        estimate=Estimate(seconds=(0.0, saved)),
    )
    return Discovery(
        Match(_why(trace, made, forces, tasks), (fix,)),
        site=made.site,
        user_site=made.user_site,
        forces=tuple(force.id for force in forces),
        at_stake=saved,
        tasks=asked,
        tasks_repeated=0,
    )


def _larger(layer: events.Layer) -> tuple[list[int], int]:
    """Chunks of a good size, and how many of them there will be."""
    blocks = list(layer.blocks or (layer.tasks,))
    lengths = [length or 1 for length in layer.chunk or (1,)]
    total = layer_bytes(layer) or 0
    wanted = max(_FEWEST, math.ceil(total / _GOOD_CHUNK))
    factor = number_of_blocks(layer) / wanted
    for axis in sorted(range(len(blocks)), key=lambda axis: -blocks[axis]):
        merged = min(blocks[axis], max(1, math.floor(factor)))
        lengths[axis] *= merged
        blocks[axis] = math.ceil(blocks[axis] / merged)
        factor /= merged
    return lengths, math.prod(blocks)


def _bytes(layer: events.Layer, left: int) -> int:
    return math.ceil((layer_bytes(layer) or 0) / max(left, 1))


def _why(trace: TraceData, made: MadeArray, forces: list[Force], tasks: int) -> str:
    layer = trace.layers[made.layer]
    found = site_at(trace, made.site)
    text = short(found.expression or found.code) if found else "the program"
    array = f"`{made.variable}`" if made.variable else f"The array of `{text}`"
    seconds = sum(force.self_seconds for force in forces)
    each = seconds / max(tasks, 1)
    return (
        f"{array} is cut into {figures.count(number_of_blocks(layer))} chunks of "
        f"{figures.size(layer.chunk_bytes or 0)} at most. What asks for it ran {figures.count(tasks)} tasks "
        f"in {figures.duration(seconds)}, {figures.duration(each)} each: mostly the scheduler's own work."
    )
