"""Where a forced value comes from: the calls that made it, the user's arrays and the data behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lazyscope.analysis.arrays import Array, array_of
from lazyscope.analysis.asked import force_of
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.places import Place, place_of
from lazyscope.model import events
from lazyscope.model.trace import TraceData

FARTHEST = 32
"""Calls that are looked at for one force."""

SHOWN = 5


@dataclass(frozen=True)
class Step:
    """A call on the way to a value; with it, those of the same operation at the same place."""

    call: events.Call
    """Of several, the nearest to the value."""
    distance: int
    """1 for what made the value itself."""
    times: int
    """How many calls it stands for."""

    @property
    def at_user(self) -> bool:
        """Whether the call stands in the user's own line."""
        return self.call.site == self.call.user_site


@dataclass(frozen=True)
class Chain:
    """Calls in order of their distance from a value, as far as they are shown."""

    shown: tuple[Step, ...]
    """The nearest `SHOWN`, the user's own lines before those of libraries."""
    left_out: int
    """How many more steps there are."""
    complete: bool = True
    """Whether all calls were looked at, not only the nearest `FARTHEST`."""


@dataclass(frozen=True)
class Source:
    """A layer that depends on no other: data that is read or created."""

    layer: int
    name: str
    operation: str
    tasks: int
    """Asked for by the force."""
    chunk_bytes: int | None
    """Of its largest chunk."""


@dataclass(frozen=True)
class Dependencies:
    """What a forced value depends on."""

    force: int
    names: tuple[str, ...]
    """Of the collections that were asked for."""
    calls: Chain
    """That made it, the nearest first."""
    arrays: tuple[Array, ...]
    """The nearest arrays that the user has in hand, or that existed before the trace: what was forced, if
    that is one, else the arguments it was made from."""
    beginnings: tuple[Array, ...]
    """The arrays at the far end: made from no other, or existing before the trace."""
    sources: tuple[Source, ...]


def dependencies(trace: TraceData, force: int) -> Dependencies:
    """Follow what a force was asked for back to the user's arrays and to the data.

    Parameters
    ----------
    trace
        The trace; what was found of its calls is kept with it.
    force
        Id of the force.
    """
    known, begin = lineage(trace), force_of(trace, force).begin
    return Dependencies(
        force=force,
        names=tuple(trace.texts[name] for name in begin.results),
        calls=chain(trace, [maker for _, maker in known.asked[force] if maker is not None]),
        arrays=tuple(array_of(trace, *array) for array in known.nearest_at_user(force)),
        beginnings=tuple(array_of(trace, *array) for array in known.farthest(force)),
        sources=tuple(_source(trace, wanted) for wanted in begin.wanted if _reads_nothing(trace, wanted)),
    )


def _reads_nothing(trace: TraceData, wanted: events.Wanted) -> bool:
    return trace.layers[wanted.layer].source and wanted.tasks > 0


def _source(trace: TraceData, wanted: events.Wanted) -> Source:
    layer = trace.layers[wanted.layer]
    return Source(
        layer=wanted.layer,
        name=trace.texts[layer.name],
        operation=trace.texts[layer.operation],
        tasks=wanted.tasks,
        chunk_bytes=layer.chunk_bytes,
    )


def chain(trace: TraceData, calls: Iterable[int], within: frozenset[int] | None = None) -> Chain:
    """Calls from these ones back to those that made what they took.

    Parameters
    ----------
    trace
        The trace.
    calls
        Indices of the nearest calls.
    within
        Indices of the calls that are of interest; None for all.
    """
    distances = dict.fromkeys(calls, 1)
    pending = list(distances)
    inputs = lineage(trace).inputs
    for number in pending:
        if len(pending) >= FARTHEST:
            break
        for _, maker in inputs[number]:
            if maker is not None and maker not in distances and (within is None or maker in within):
                distances[maker] = distances[number] + 1
                pending.append(maker)
    steps = _steps(trace, distances)
    preferred = sorted(steps, key=lambda step: (not step.at_user, step.distance))[:SHOWN]
    return Chain(
        shown=tuple(sorted(preferred, key=lambda step: step.distance)),
        left_out=max(len(steps) - SHOWN, 0),
        complete=len(pending) < FARTHEST,
    )


def _steps(trace: TraceData, distances: dict[int, int]) -> list[Step]:
    """Put calls of the same operation at the same place together."""
    nearest: dict[tuple[Place, int], int] = {}
    times: dict[tuple[Place, int], int] = {}
    for number in distances:
        call = trace.calls[number]
        place = place_of(trace, call.site), call.operation
        nearest.setdefault(place, number)
        times[place] = times.get(place, 0) + 1
    return [Step(trace.calls[number], distances[number], times[place]) for place, number in nearest.items()]
