"""Layers of graphs as the arrays that a line of the program made, for findings about chunks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lazyscope.analysis.arrays import variable_at
from lazyscope.analysis.asked import asks, readers
from lazyscope.analysis.lineage import lineage
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

_FARTHEST = 200
"""Layers that are looked at for one that a line of the program made."""


@dataclass(frozen=True)
class MadeArray:
    """A layer, and the call that made it or what needs it first."""

    layer: int
    call: events.Call | None
    """None if nothing was seen of its making, nor of the making of what reads it."""
    itself: bool
    """Whether the call returned the layer's own array, not one that was made from it."""
    site: int | None
    user_site: int | None
    variable: str | None
    """What the user's line assigned it to."""


def made_array(trace: TraceData, layer: int) -> MadeArray:
    """Find the line that made a layer, or the nearest array that reads it."""
    makers = lineage(trace).makers
    pending, seen = [layer], {layer}
    for number in pending:
        maker = makers.get(trace.layers[number].name)
        if maker is not None:
            return _made(trace, layer, trace.calls[maker], itself=number == layer)
        further = [reader for reader in readers(trace, number) if reader not in seen]
        seen.update(further)
        pending += further[: _FARTHEST - len(pending)]
    asking = asks(trace, layer)
    begin = asking[0][0].begin if asking else None
    site, user_site = (begin.site, begin.user_site) if begin else (None, None)
    return MadeArray(layer, None, False, site, user_site, None)


def _made(trace: TraceData, layer: int, call: events.Call, *, itself: bool) -> MadeArray:
    variable = variable_at(trace, call.user_site) if itself and call.user_site is not None else None
    return MadeArray(layer, call, itself, call.site, call.user_site, variable)


def forces_asking(trace: TraceData, layers: Sequence[int]) -> list[Force]:
    """Forces that ran tasks of any of these layers, in the order of time."""
    found = {force.id: force for layer in layers for force, wanted in asks(trace, layer) if wanted.tasks}
    return [found[number] for number in sorted(found)]


def seconds_in_proportion(trace: TraceData, layers: Sequence[int]) -> float:
    """What the tasks of some layers took, as if all tasks of a force took equally long."""
    total = 0.0
    for force in forces_asking(trace, layers):
        own = sum(wanted.tasks for wanted in force.begin.wanted if wanted.layer in layers)
        if force.begin.tasks:
            total += force.self_seconds * min(own / force.begin.tasks, 1.0)
    return total


def number_of_blocks(layer: events.Layer) -> int:
    """How many blocks an array has; the number of tasks where they are on no grid."""
    return layer.tasks if layer.blocks is None else math.prod(layer.blocks)


def chunks_text(lengths: Sequence[int | None]) -> str:
    """``(1_000, 25)``, as it is written in code."""
    parts = ["?" if length is None else f"{length:_}" for length in lengths]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
