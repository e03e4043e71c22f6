"""What would not have run, had arrays been held in memory or a force not happened: as bounds.

Tasks are counted from what the forces asked for. An array that is held is computed once, before its first
use and whole, with all it depends on; every force then does without its tasks and without those
that only it needs. What is read on another path too stays. The two bounds are the same wherever the trace
says all of it: where arrays are asked for whole, and where every layer's readers are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lazyscope.analysis.arrays import array_of
from lazyscope.analysis.asked import Demand, are_located, asks, blocks_of, demand, force_of
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.needless import Needless, price, were_whole
from lazyscope.model.trace import Force, TraceData, covered_seconds


@dataclass(frozen=True)
class Saving:
    """What would vanish; pairs are (at least, at most)."""

    tasks: tuple[int, int]
    """Below 0 where holding an array would cost more tasks than it saves."""
    seconds: tuple[float, float]
    """Wall time: of the forces that would have nothing left to do; and of all in proportion to the tasks
    that they would not run, as if tasks took equally long."""
    partition_reads: tuple[int, int]
    forces: tuple[int, ...]
    """Ids of the forces that would run fewer tasks."""
    bytes_held: int | None
    """What stays in memory for it; None if unknown."""
    asked_whole: bool = True
    """Whether each array was asked for whole by some force. If not, part of what computing it takes was
    never seen, and `tasks` rests on what was."""


def if_persisted(trace: TraceData, layers: Iterable[int]) -> Saving:
    """What vanishes if arrays are persisted before they are first computed.

    Parameters
    ----------
    trace
        The trace.
    layers
        Numbers of the layers that stand for the arrays. Several are persisted one after the other, so that
        what they have in common and is not held is computed for each.
    """
    held = frozenset(layers)
    known: dict[frozenset[int], Saving] = vars(trace).setdefault("_analysed_savings", {})
    if held not in known:
        known[held] = _if_persisted(trace, held)
    return known[held]


def _if_persisted(trace: TraceData, held: frozenset[int]) -> Saving:
    forces = sorted({force.id for layer in held for force, _ in asks(trace, layer)})
    needless = {force: Needless(trace, demand(trace, force), held) for force in forces}
    cost = price(trace, held, needless.values())
    least = sum(sum(one.least.values()) for one in needless.values()) - cost[1]
    most = sum(sum(one.most.values()) for one in needless.values()) - cost[0]
    seconds = _seconds(trace, needless)
    return Saving(
        tasks=(least, most),
        seconds=(seconds[0] if least > 0 else 0.0, seconds[1]),
        partition_reads=_partition_reads(trace, needless),
        forces=tuple(force for force in forces if needless[force].most),
        bytes_held=_bytes_held(trace, held),
        asked_whole=were_whole(trace, held, needless.values()),
    )


def _bytes_held(trace: TraceData, held: Iterable[int]) -> int | None:
    makers, total = lineage(trace).makers, 0
    for layer in held:
        name = trace.layers[layer].name
        size = array_of(trace, name, makers.get(name)).bytes
        if size is None:
            return None
        total += size
    return total


# Time and files


def _seconds(trace: TraceData, needless: Mapping[int, Needless]) -> tuple[float, float]:
    surely, maybe = _Before(trace), _Before(trace)
    least = most = 0.0
    for number, one in needless.items():
        force = force_of(trace, number)
        again = surely.repeated(one.demand, one.least)
        at_most = maybe.repeated(one.demand, one.most)
        if force.begin.tasks:
            least += force.self_seconds if again >= force.begin.tasks else 0.0
            most += force.self_seconds * min(at_most / force.begin.tasks, 1.0)
    return least, most


class _Before:
    """What would be in memory, or would have gone into it, as one force follows the other."""

    def __init__(self, trace: TraceData) -> None:
        self._trace = trace
        self._blocks: dict[int, int] = {}

    def repeated(self, asked: Demand, needless: Mapping[int, int]) -> int:
        """How many of these tasks an earlier force had asked for as well; note them all."""
        count = 0
        for layer, tasks in needless.items():
            wanted = asked.wanted[layer]
            blocks, seen = blocks_of(wanted), self._blocks.get(layer, 0)
            if are_located(self._trace, layer):
                count += min((blocks & seen).bit_count(), tasks)
            elif seen:
                count += min(wanted.repeated, tasks)
            self._blocks[layer] = seen | blocks
        return count


def _partition_reads(trace: TraceData, needless: Mapping[int, Needless]) -> tuple[int, int]:
    """Reads of forces that are left without anything that reads; the first one's are still made."""
    sure: list[int] = []
    possible: list[int] = []
    for number, one in needless.items():
        reads = force_of(trace, number).partition_reads
        sources = [n for n, read in one.demand.reads.items() if not read and one.demand.wanted[n].tasks]
        if one.most and reads:
            possible.append(reads)
            if all(layer in one.least for layer in sources):
                sure.append(reads)
    return (max(sum(sure) - max(possible, default=0), 0), sum(possible) - min(possible, default=0))


# Without a force


def if_not_forced(trace: TraceData, forces: Iterable[int]) -> Saving:
    """What vanishes if forces do not happen.

    At most all they did, where their values are needed by nobody. At least what they share with each
    other and with one later force, where they are still needed but computed together with it.

    Parameters
    ----------
    trace
        The trace.
    forces
        Ids of the forces; those nested in them go with them.
    """
    dropped = _with_nested(trace, forces)
    tasks, seconds = _shared(trace, dropped)
    return Saving(
        tasks=(tasks, sum(force.begin.tasks for force in dropped)),
        seconds=(seconds, covered_seconds((force.begin.at, force.ran_until) for force in dropped)),
        partition_reads=(0, sum(force.partition_reads for force in dropped)),
        forces=tuple(force.id for force in dropped),
        bytes_held=0,
    )


def _with_nested(trace: TraceData, forces: Iterable[int]) -> list[Force]:
    pending = [force_of(trace, number) for number in forces]
    found: dict[int, Force] = {}
    while pending:
        force = pending.pop()
        if force.id not in found:
            found[force.id] = force
            pending += force.children
    return [found[number] for number in sorted(found)]


def _shared(trace: TraceData, dropped: list[Force]) -> tuple[int, float]:
    """Tasks that would run once instead of twice if all were computed with a later force; and seconds."""
    seen = _asked_with(trace, dropped)
    tasks, seconds = 0, 0.0
    for force in dropped:
        again = 0
        for wanted in force.begin.wanted:
            if are_located(trace, wanted.layer):
                blocks, before = blocks_of(wanted), seen.get(wanted.layer, 0)
                again += (blocks & before).bit_count()
                seen[wanted.layer] = before | blocks
        tasks += again
        seconds += force.self_seconds if again >= force.begin.tasks > 0 else 0.0
    return tasks, seconds


def _asked_with(trace: TraceData, dropped: list[Force]) -> dict[int, int]:
    """What the later force asks for that shares most with these; blocks by layer."""
    if not dropped:
        return {}
    blocks: dict[int, int] = {}
    for force in dropped:
        for wanted in force.begin.wanted:
            blocks[wanted.layer] = blocks.get(wanted.layer, 0) | blocks_of(wanted)
    common: Counter[int] = Counter()
    for layer, own in blocks.items():
        for later, wanted in reversed(asks(trace, layer)):
            if later.id <= dropped[-1].id:
                break
            common[later.id] += (own & blocks_of(wanted)).bit_count()
    if not common:
        return {}
    best = force_of(trace, common.most_common(1)[0][0])
    return {wanted.layer: blocks_of(wanted) for wanted in best.begin.wanted}
