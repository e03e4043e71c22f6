"""Data that several forces ask for again: what to hold in memory, and how often it was asked for.

Layers that are always asked for together are one group. What is worth holding are the arrays of it that
anything else needs: with these, nothing of the group runs again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lazyscope.analysis.arrays import Array, array_of
from lazyscope.analysis.asked import Tally, are_located, asks, blocks_of, force_of, readers
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.places import place_of
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class Rereading:
    """A group of layers that several forces asked for, always together.

    Groups whose arrays were made by the same lines, as in a loop, are one.
    """

    arrays: tuple[Array, ...]
    """What to hold so that nothing of the group runs again: the arrays nearest to the results, these first.
    Empty if what would have to be held is no array."""
    user_arrays: tuple[Array, ...]
    """The same with arrays only that the user has in hand; empty if these do not suffice."""
    layers: tuple[int, ...]
    """All layers of the group; what a layer reads comes before it."""
    sources: tuple[int, ...]
    """Those that read nothing: what they do is reading or creating data."""
    forces: tuple[int, ...]
    """Ids of the forces, in the order of time."""
    tasks: int
    """Tasks of these layers that were asked for, all in all."""
    tasks_repeated: int
    """Of these, asked for by an earlier force too."""
    asked_least: int | None
    """How often the block was asked for that was asked for least often; None where only slices of blocks
    were read, or it is not known which."""
    asked_most: int | None
    bytes: int | None
    """Of `arrays`, or of the sources where there are none; None if unknown."""
    seconds: float
    """Wall time of the forces, without that of nested ones."""


@dataclass(frozen=True)
class PartitionRereading:
    """Partitions of files that dataframes read again."""

    forces: tuple[int, ...]
    """Ids of the forces that read any, in the order of time."""
    again: tuple[int, ...]
    """Of these, the ones that read what an earlier one had read."""
    reads: int
    """(file, row groups) read, all in all."""
    reads_repeated: int
    """Of these, read by an earlier force too."""
    seconds: float
    """Wall time of `again`, without that of nested forces."""


def rereadings(trace: TraceData) -> list[Rereading]:
    """Everything that was asked for again; what cost most tasks first."""
    merged: dict[object, list[list[int]]] = {}
    for layers in _asked_together(trace):
        merged.setdefault(_place(trace, layers), []).append(layers)
    found = [_rereading(trace, groups) for groups in merged.values()]
    return sorted(found, key=lambda one: (-one.tasks_repeated, -one.seconds, one.forces))


def partition_rereading(trace: TraceData) -> PartitionRereading | None:
    """What dataframes read again from files; None if nothing was."""
    forces = [force for force in trace.forces if force.partition_reads]
    again = [force for force in forces if force.partition_reads_repeated]
    if not again:
        return None
    return PartitionRereading(
        forces=tuple(force.id for force in forces),
        again=tuple(force.id for force in again),
        reads=sum(force.partition_reads for force in forces),
        reads_repeated=sum(force.partition_reads_repeated for force in forces),
        seconds=sum(force.self_seconds for force in again),
    )


def _asked_together(trace: TraceData) -> list[list[int]]:
    """Layers that were asked for by the same forces, where any was asked for again."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for layer in range(len(trace.layers)):
        asked = asks(trace, layer)
        if len(asked) > 1:
            groups.setdefault(tuple([force.id for force, _ in asked]), []).append(layer)
    return [
        layers
        for layers in groups.values()
        if any(wanted.repeated for layer in layers for _, wanted in asks(trace, layer))
    ]


def _place(trace: TraceData, layers: list[int]) -> object:
    """What groups have in common that come from the same lines."""
    makers, known = [], lineage(trace).makers
    for name in _arrays(trace, layers, _known_arrays(trace)):
        maker = known.get(name)
        call = None if maker is None else trace.calls[maker]
        makers.append((name,) if call is None else (place_of(trace, call.site), call.operation))
    if makers:
        return tuple(dict.fromkeys(makers))
    return tuple(dict.fromkeys(trace.layers[layer].operation for layer in layers))


def _known_arrays(trace: TraceData) -> frozenset[int]:
    """Names of what is an array to the program: made by a call, taken by one, or asked for."""
    known = vars(trace).get("_analysed_known_arrays")
    if known is None:
        found = lineage(trace).makers.keys() | _results(trace)
        for call in trace.calls:
            found.update(call.inputs)
        known = vars(trace)["_analysed_known_arrays"] = frozenset(found)
    return known


def _arrays(trace: TraceData, layers: list[int], names: frozenset[int]) -> list[int]:
    """What to hold so that no layer of a group is needed: arrays of these names, by name.

    The nearest to the results comes first. None at all, if these do not suffice.
    """
    group = set(layers)
    pending = [layer for layer in layers if _is_used_outside(trace, layer, group)]
    found: set[int] = set()
    seen = set(pending)
    while pending:
        layer = pending.pop()
        if trace.layers[layer].name in names:
            found.add(layer)
            continue
        behind = [read for read in trace.layers[layer].reads if read in group]
        if not behind:
            return []
        pending += [read for read in behind if read not in seen]
        seen.update(behind)
    return [trace.layers[layer].name for layer in sorted(found, reverse=True)]


def _is_used_outside(trace: TraceData, layer: int, group: set[int]) -> bool:
    """Whether anything but the group needs a layer: it was asked for itself, or who reads it is not known."""
    reading = readers(trace, layer)
    return trace.layers[layer].name in _results(trace) or not reading or not group.issuperset(reading)


def _results(trace: TraceData) -> frozenset[int]:
    """Names of everything that was asked for."""
    known: frozenset[int] | None = vars(trace).get("_analysed_results")
    if known is None:
        known = frozenset(name for force in trace.forces for name in force.begin.results)
        vars(trace)["_analysed_results"] = known
    return known


def _rereading(trace: TraceData, groups: list[list[int]]) -> Rereading:
    layers = sorted(layer for group in groups for layer in group)
    wanted = [(force, wanted) for layer in layers for force, wanted in asks(trace, layer)]
    forces = sorted({force.id for force, _ in wanted})
    arrays = _described(trace, groups, _known_arrays(trace))
    sources = tuple(n for n in layers if trace.layers[n].source and trace.layers[n].tasks)
    least, most = _how_often(trace, layers)
    return Rereading(
        arrays=arrays,
        user_arrays=_described(trace, groups, lineage(trace).at_user),
        layers=tuple(layers),
        sources=sources,
        forces=tuple(forces),
        tasks=sum(one.tasks for _, one in wanted),
        tasks_repeated=sum(one.repeated for _, one in wanted),
        asked_least=least,
        asked_most=most,
        bytes=_bytes(arrays or [_as_array(trace, trace.layers[n].name) for n in sources]),
        seconds=sum(force_of(trace, number).self_seconds for number in forces),
    )


def _described(trace: TraceData, groups: list[list[int]], names: frozenset[int]) -> tuple[Array, ...]:
    return tuple(_as_array(trace, name) for group in groups for name in _arrays(trace, group, names))


def _as_array(trace: TraceData, name: int) -> Array:
    return array_of(trace, name, lineage(trace).makers.get(name))


def _how_often(trace: TraceData, layers: Iterable[int]) -> tuple[int | None, int | None]:
    least: list[int] = []
    most: list[int] = []
    for layer in layers:
        if not trace.layers[layer].tasks:
            continue
        if not are_located(trace, layer):
            return None, None
        tally = Tally()
        for _, wanted in asks(trace, layer):
            tally.add(blocks_of(wanted))
        least.append(tally.least)
        most.append(tally.most)
    return min(least, default=None), max(most, default=None)


def _bytes(arrays: Iterable[Array]) -> int | None:
    total = 0
    for array in arrays:
        if array.bytes is None:
            return None
        total += array.bytes
    return total
