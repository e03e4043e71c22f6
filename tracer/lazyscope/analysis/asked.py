"""What the forces of a trace asked for: which blocks of which layers, and how these depend on each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TypeAlias

from lazyscope.analysis.lineage import lineage
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

Ask: TypeAlias = tuple[Force, events.Wanted]
"""A force that asked for a layer, and what of it."""


class Demand:
    """The layers that one force asked for, as a graph.

    Layers are known by number; what a layer reads has a lower one. Layers whose tasks are 0 stand for
    blocks of others.

    Attributes
    ----------
    wanted : dict
        By layer, what was asked of it.
    reads, readers : dict
        By layer, those it reads and those that read it in this force.
    results : set
        Layers whose arrays were asked for.
    loose : set
        Layers that were needed, though by what is not known.
    complete : bool
        Whether it is known of every layer what reads it.
    """

    def __init__(self, trace: TraceData, force: Force) -> None:
        self.wanted = wanted = {one.layer: one for one in force.begin.wanted}
        self.reads = {n: [read for read in trace.layers[n].reads if read in wanted] for n in wanted}
        self.readers: dict[int, list[int]] = {layer: [] for layer in wanted}
        for layer, reads in self.reads.items():
            for read in reads:
                self.readers[read].append(layer)
        known, results = lineage(trace), force.begin.results
        self.results = {known.layers[name] for name in results if name in known.layers} & wanted.keys()
        self.loose = {x for x, readers in self.readers.items() if not readers} - self.results
        unseen = [
            name
            for name in results
            if name in known.derived
            and known.layers.get(name) not in wanted
            and not known.is_held(name, force.id)
        ]
        hidden = _hidden_readers(trace)
        self.complete = not self.loose and not unseen and hidden.isdisjoint(wanted)
        self._sources = {n for n in wanted if trace.layers[n].source and n not in hidden}

    def behind(self, layers: Iterable[int], without: Collection[int] = ()) -> set[int]:
        """These layers and all they depend on, on paths that avoid the layers in `without`."""
        found = {layer for layer in layers if layer in self.wanted and layer not in without}
        pending = list(found)
        while pending:
            for read in self.reads[pending.pop()]:
                if read not in found and read not in without:
                    found.add(read)
                    pending.append(read)
        return found

    def knows_behind(self, layers: Collection[int]) -> bool:
        """Whether it is known all that these layers depend on."""
        return self.complete or self._sources.issuperset(layers)

    def tasks(self, layers: Iterable[int]) -> int:
        """Tasks that were asked of these layers together."""
        return sum(self.wanted[layer].tasks for layer in layers)


class _Index:
    """Demands of a trace by force, asks by layer."""

    def __init__(self, trace: TraceData) -> None:
        self.forces = {force.id: force for force in trace.forces}
        self.asks: list[list[Ask]] = [[] for _ in trace.layers]
        self.demands: dict[int, Demand] = {}
        self.located: dict[int, bool] = {}
        self.readers: list[list[int]] = [[] for _ in trace.layers]
        for number, layer in enumerate(trace.layers):
            for read in layer.reads:
                self.readers[read].append(number)
        for force in sorted(trace.forces, key=lambda force: force.id):
            for wanted in force.begin.wanted:
                self.asks[wanted.layer].append((force, wanted))


def _index(trace: TraceData) -> _Index:
    found: _Index | None = vars(trace).get("_analysed_asked")
    if found is None:
        found = vars(trace)["_analysed_asked"] = _Index(trace)
    return found


def force_of(trace: TraceData, number: int) -> Force:
    """The force of this id."""
    return _index(trace).forces[number]


def asks(trace: TraceData, layer: int) -> list[Ask]:
    """The forces that asked for a layer, in the order of time."""
    return _index(trace).asks[layer]


def readers(trace: TraceData, layer: int) -> list[int]:
    """The layers that read a layer, whichever force asked for them."""
    return _index(trace).readers[layer]


def demand(trace: TraceData, force: int) -> Demand:
    """What the force of this id asked for."""
    index = _index(trace)
    if force not in index.demands:
        index.demands[force] = Demand(trace, index.forces[force])
    return index.demands[force]


def _hidden_readers(trace: TraceData) -> frozenset[int]:
    """Layers that read more than is recorded."""
    found: frozenset[int] | None = vars(trace).get("_analysed_hidden_readers")
    if found is None:
        found = vars(trace)["_analysed_hidden_readers"] = frozenset(_reading_unseen(trace))
    return found


def _reading_unseen(trace: TraceData) -> Iterator[int]:
    """Layers of dataframes, and those a call made from arrays that no layer stands for."""
    for number, layer in enumerate(trace.layers):
        if not layer.reads and not layer.source:
            yield number
    known = lineage(trace)
    unseen = known.derived - known.layers.keys()
    for name, maker in known.makers.items():
        if name in known.layers and any(read in unseen for read, _ in known.inputs[maker]):
            yield known.layers[name]


# Bit sets


_MOST_TOLD_APART = 2_000_000
"""Blocks of one layer: with more, what forces share of it is not looked at, see `are_located`."""


def blocks_of(wanted: events.Wanted) -> int:
    """The blocks whose tasks a force asked for, as a bit set: bit i is block i of the layer's grid."""
    if wanted.blocks is None:
        return (1 << min(wanted.tasks, _MOST_TOLD_APART)) - 1
    return int.from_bytes(wanted.blocks, "little")


def are_located(trace: TraceData, layer: int) -> bool:
    """Whether the bit sets of a layer name its tasks.

    They do not where slices of its blocks were read, or where two forces put its keys on different grids.
    The counts that were taken while the program ran show it.
    """
    known = _index(trace).located
    if layer not in known:
        known[layer] = _are_located(asks(trace, layer))
    return known[layer]


def _are_located(asked: list[Ask]) -> bool:
    seen = 0
    for _, wanted in asked:
        blocks = blocks_of(wanted)
        if blocks.bit_count() != wanted.tasks or (blocks & seen).bit_count() != wanted.repeated:
            return False
        seen |= blocks
    return True


class Tally:
    """How often each block was asked for: binary numbers, one below the other.

    Row i holds bit i of the numbers of all blocks, so that adding a set of blocks takes a few operations
    however many blocks there are.
    """

    def __init__(self) -> None:
        self._rows: list[int] = []
        self.seen = 0
        """Blocks that were asked for at all."""

    def add(self, blocks: int) -> None:
        """Count each of these blocks once more."""
        self.seen |= blocks
        for number, row in enumerate(self._rows):
            if not blocks:
                return
            self._rows[number] = row ^ blocks
            blocks &= row
        if blocks:
            self._rows.append(blocks)

    @property
    def most(self) -> int:
        """How often the block was asked for that was asked for most often."""
        left, found = self.seen, 0
        for row in reversed(self._rows):
            found, left = 2 * found + bool(left & row), left & row or left
        return found

    @property
    def least(self) -> int:
        """How often the block was asked for that was asked for least often, of those that were."""
        left, found = self.seen, 0
        for row in reversed(self._rows):
            found, left = 2 * found + (not left & ~row), left & ~row or left
        return found
