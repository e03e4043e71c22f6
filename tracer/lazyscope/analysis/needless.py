"""What forces would not ask for if arrays were held in memory, and what it takes to compute these arrays.

Where a layer is needed on two paths, which of its blocks one of them needs is not recorded. A reader that
is asked for whole and has as many blocks as are asked of the layer is taken to need all of them. Of an
array that was never asked for whole, the rest is taken to cost as much for each block as what was.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable
from operator import le

from lazyscope.analysis.asked import Demand, are_located, blocks_of
from lazyscope.analysis.lineage import lineage
from lazyscope.model.trace import TraceData

ENOUGH = 5
"""Forces that are looked at for what an array takes to compute, where one of them computed it whole."""


class Needless:
    """What one force would not ask for if arrays were held in memory: tasks by layer.

    Attributes
    ----------
    least, most : dict
        Tasks by layer that it surely, and at most, does without.
    """

    def __init__(self, trace: TraceData, asked: Demand, held: Collection[int]) -> None:
        self.demand = asked
        self._all_held = held
        self.held = [layer for layer in asked.wanted if layer in held]
        self.certain = asked.knows_behind(self.held)
        self.gone = self._gone(held)
        self.least = {n: asked.wanted[n].tasks for n in (self.gone if self.certain else self.held)}
        self.most = {n: asked.wanted[n].tasks for n in self.gone}
        self._add_shared(trace)

    def _gone(self, held: Collection[int]) -> set[int]:
        """Layers that are needed for what is held only, at most."""
        asked = self.demand
        if self.certain and not asked.complete:
            return set(self.held)
        roots = asked.results | asked.loose if self.certain else asked.results
        return asked.wanted.keys() - asked.behind(roots, without=held)

    def _add_shared(self, trace: TraceData) -> None:
        """Of what is needed on another path too, some blocks may be needed for what is held only."""
        asked = self.demand
        for layer in asked.behind(self.held) - self.gone - asked.results:
            readers = asked.readers[layer]
            staying = [reader for reader in readers if reader not in self.gone]
            if len(staying) < len(readers) and not any(
                _takes_all(trace, asked, reader, layer) for reader in staying
            ):
                self.most[layer] = asked.wanted[layer].tasks

    def price(self, layer: int) -> int:
        """Tasks of computing one array that is held while all others are there; more if not all is known."""
        asked = self.demand
        behind = [*asked.reads[layer], *(() if self.certain else asked.loose)]
        return asked.tasks(asked.behind(behind, without=self._all_held) | {layer})


def _takes_all(trace: TraceData, asked: Demand, reader: int, layer: int) -> bool:
    """Whether a reader is asked for whole and is as large as what is asked of the layer."""
    return _is_whole(trace, asked, reader) and _size(trace, reader) >= asked.wanted[layer].tasks


def _is_whole(trace: TraceData, asked: Demand, layer: int) -> bool:
    """Whether all of a layer was asked for. Some of its blocks may be those of others and no tasks."""
    if layer in asked.results:
        return True
    size, readers = _size(trace, layer), [asked.wanted[reader] for reader in asked.readers[layer]]
    return any(reader.blocks is None and reader.tasks >= size for reader in readers) or (
        _is_on_grid(trace, layer) and blocks_of(asked.wanted[layer]).bit_count() >= size
    )


def _grid(trace: TraceData, layer: int) -> list[int] | None:
    """Blocks of the array that a layer stands for, along each dimension; None if that is no array."""
    record, known = trace.layers[layer], lineage(trace)
    maker = known.makers.get(record.name)
    for name, _, layout in trace.calls[maker].outputs if maker is not None else ():
        if name == record.name:
            return trace.layouts[layout].numblocks
    return None


def _is_on_grid(trace: TraceData, layer: int) -> bool:
    """Whether the bit sets of a layer number the blocks of its array. Some have tasks beside them."""
    grid, blocks = _grid(trace, layer), trace.layers[layer].blocks
    if grid is None or blocks is None:
        return grid is None
    return len(grid) == len(blocks) and all(map(le, blocks, grid))


def _size(trace: TraceData, layer: int) -> int:
    """Blocks of the array that a layer stands for, and its tasks if these are more."""
    record = trace.layers[layer]
    return max(math.prod(_grid(trace, layer) or record.blocks or [0]), record.tasks)


# What it costs to compute what is held


def were_whole(trace: TraceData, held: frozenset[int], needless: Iterable[Needless]) -> bool:
    """Whether each of the arrays was asked for whole by some force."""
    rest = set(held)
    for one in needless:
        rest.difference_update([n for n in one.held if n in rest and _is_whole(trace, one.demand, n)])
    return not rest


def price(trace: TraceData, held: frozenset[int], needless: Collection[Needless]) -> tuple[int, int]:
    """Tasks of computing the arrays that are held, at least and at most."""
    return _least_price(trace, held, needless), _most_price(trace, held, needless)


def _least_price(trace: TraceData, held: frozenset[int], needless: Iterable[Needless]) -> int:
    """What is held, whole, and every task that the forces asked for to get at it, once."""
    blocks: dict[int, int] = {}
    counts = {layer: trace.layers[layer].tasks for layer in held}
    for one in needless:
        for layer in _surely_needed(trace, one):
            wanted = one.demand.wanted[layer]
            counts[layer] = max(counts.get(layer, 0), wanted.tasks)
            if are_located(trace, layer):
                blocks[layer] = blocks.get(layer, 0) | blocks_of(wanted)
    return sum(max(count, blocks.get(layer, 0).bit_count()) for layer, count in counts.items())


def _surely_needed(trace: TraceData, one: Needless) -> set[int]:
    """Layers of a force of which all that was asked for is needed for what is held."""
    needed = set(one.least)
    if one.certain:
        for layer in sorted(one.demand.behind(one.held) - needed, reverse=True):
            others = [reader for reader in one.demand.readers[layer] if reader not in needed]
            readers = needed.intersection(one.demand.readers[layer])
            alone = not others and layer not in one.demand.results
            if alone or any(_takes_all(trace, one.demand, reader, layer) for reader in readers):
                needed.add(layer)
    return needed


def _most_price(trace: TraceData, held: frozenset[int], needless: Iterable[Needless]) -> int:
    """What forces ran that computed these arrays whole, one after the other; of others what it may take."""
    whole: dict[int, int] = {}
    parts: dict[int, int] = {}
    uncertain: set[int] = set()
    looked_at: Counter[int] = Counter()
    for one in needless:
        looked_at.update(one.held)
        for layer in one.held:
            if layer in whole and looked_at[layer] > ENOUGH:
                continue
            price = one.price(layer)
            if _is_whole(trace, one.demand, layer):
                whole[layer] = min(price, whole.get(layer, price))
            else:
                blocks = max(blocks_of(one.demand.wanted[layer]).bit_count(), 1)
                price *= math.ceil(_size(trace, layer) / blocks)
                parts[layer] = max(price, parts.get(layer, 0))
                uncertain.update(() if one.certain else one.demand.wanted)
    rest = held - whole.keys()
    behind = _behind(trace, rest) | uncertain if rest else set()
    at_rest = max(sum(_tasks(trace, n) for n in behind), sum(parts[layer] for layer in rest & parts.keys()))
    return sum(whole.values()) + at_rest


def _tasks(trace: TraceData, layer: int) -> int:
    """Tasks of a layer, at most: as many as it has blocks, where it was never asked for whole."""
    return _size(trace, layer) if trace.layers[layer].tasks else 0


def _behind(trace: TraceData, layers: Iterable[int]) -> set[int]:
    found = set(layers)
    pending = list(found)
    while pending:
        new = [read for read in trace.layers[pending.pop()].reads if read not in found]
        found.update(new)
        pending += new
    return found
