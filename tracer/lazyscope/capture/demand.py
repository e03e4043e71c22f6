"""What a force asks for: which tasks of which layers, before optimisation.

Tasks are grouped by the name their keys begin with (the *layer* of a trace). The blocks wanted of a
group are None for all of them, else a bit set held in an int: bit i is the i-th block of the group's
grid in C order. Layers of a HighLevelGraph are visited from the results to the sources. A Blockwise
layer that is wanted whole wants its inputs whole and is never materialised; what is wanted in part,
or is a mapping anyway, is walked key by key.

What counts as a task follows `dask._task_spec`: not a `DataNode` or plain value (a literal, a persisted
result), not an `Alias`, not a future.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dask.highlevelgraph import HighLevelGraph, MaterializedLayer
from msgspec.structs import replace

from lazyscope.capture.blocks import bits, blocks_on
from lazyscope.capture.layers import (
    Group,
    Whole,
    mapping_of,
    part_of_mapping,
    sizes_of,
    whole_blockwise,
    whole_mapping,
    whole_of,
)
from lazyscope.capture.plain import name_of

WALK_AT_MOST = 200_000
"""Keys of one force that are walked one by one; beyond, a layer wanted in part counts as whole."""


class Demand(NamedTuple):
    """Everything one force asks for, sources first."""

    groups: list[Group]
    exact: bool


def demand_of(graphs: Iterable[tuple[Any, Any]]) -> Demand:
    """What executing these graphs asks for.

    Parameters
    ----------
    graphs : iterable of (graph, wanted)
        A mapping of keys to tasks, as a rule a HighLevelGraph, and what is wanted of it: the name of
        an array (all its blocks) or a list of keys.
    """
    graphs = list(graphs)
    large: dict[str, Whole] = {}
    groups = _all_whole(graphs, large)
    return Demand(groups, exact=True) if groups is not None else _Walk(graphs, large).run()


def _all_whole(graphs: list[tuple[Any, Any]], large: dict[str, Whole]) -> list[Group] | None:
    """What is asked for, sources first; None if a layer may be wanted in part, or cannot be told from others.

    What a layer asks for that is wanted whole is the same each time. What is read off layers that are too
    large to be remembered is put into `large`.
    """
    layers: Mapping[str, Any] = {}
    for graph, wanted in graphs:
        if type(graph) is not HighLevelGraph or type(wanted) is not str or wanted not in graph.layers:
            return None
        layers = {**layers, **graph.layers} if layers else graph.layers
    groups: list[Group] = []
    seen: set[str] = set()
    # The layer that is opened lies below those it reads, to follow them.
    stack: list[Any] = [wanted for _, wanted in reversed(graphs)]
    while stack:
        name = stack.pop()
        if type(name) is Whole:
            groups += name.groups
        elif name not in seen and name in layers:
            seen.add(name)
            whole = whole_of(name, layers, large)
            if whole is None or (whole.keys_of and not _are_all(whole.keys_of, layers)):
                return None
            if reads := whole.reads:
                stack.append(whole)
                stack += reads
            else:
                groups += whole.groups
    # Layers may share names of tasks.
    return groups if len(groups) == len({group.name for group in groups}) else None


def _are_all(keys_of: Mapping[str, frozenset[Any]], layers: Mapping[str, Any]) -> bool:
    """Whether these keys, by their names, are all there are of those names."""
    for name, keys in keys_of.items():
        layer: Any = layers.get(name)
        if type(layer) is MaterializedLayer:
            mapping = layer.mapping
            if type(mapping) is not dict or len(keys) != len(mapping) or not mapping.keys() >= keys:
                return False
        else:
            whole = whole_blockwise(layer)
            if whole is None or whole.is_getter or len(keys) < whole.groups[0].tasks:
                return False
    return True


class _Walk:
    """One visit of the graphs of a force, consumers before what they consume."""

    def __init__(self, graphs: Iterable[tuple[Any, Any]], large: dict[str, Whole]) -> None:
        self.large = large
        self.layers: dict[str, Any] = {}
        self.dependencies: dict[str, Any] = {}
        self.wanted: dict[str, set[Any] | None] = {}
        self.groups: dict[str, Group] = {}
        self.sliced: dict[Any, int] = {}
        self.consumers: dict[Any, int] = {}
        self.exact = True
        self.budget = WALK_AT_MOST
        for number, (graph, wanted) in enumerate(graphs):
            self._add(graph, wanted, f"\0graph {number}")

    def _add(self, graph: Any, wanted: Any, fallback: str) -> None:
        layers = graph.layers if issubclass(type(graph), HighLevelGraph) else None
        if layers is None:
            self.layers[fallback] = graph
            self.dependencies[fallback] = ()
        else:
            self.layers.update(layers)
            self.dependencies.update(graph.dependencies)
        if type(wanted) is str and wanted in self.layers:
            self.wanted[wanted] = None
            return
        near = [fallback] if layers is None else list(layers)
        for key in _keys_named(graph, wanted) if type(wanted) is str else wanted:
            self._consume(key)
            self._want(key, near)

    def run(self) -> Demand:
        for name in self._consumers_first():
            if name in self.wanted:
                self._visit(name, self.layers[name], self.wanted[name])
        groups = [self._settled(group) for group in self.groups.values()]
        groups.reverse()
        return Demand(groups, self.exact)

    def _consumers_first(self) -> list[str]:
        """Layers in an order in which each comes before those it depends on."""
        if len(self.layers) == 1:
            return list(self.wanted)
        order: list[str] = []
        done: set[str] = set()
        stack: list[tuple[str, Iterator[str]]] = []
        for start in list(self.wanted):
            if start in done:
                continue
            done.add(start)
            stack.append((start, iter(self.dependencies.get(start, ()))))
            while stack:
                name, remaining = stack[-1]
                for following in remaining:
                    if following not in done and following in self.layers:
                        done.add(following)
                        stack.append((following, iter(self.dependencies.get(following, ()))))
                        break
                else:
                    order.append(name)
                    stack.pop()
        order.reverse()
        return order

    def _visit(self, name: str, layer: Any, wanted: set[Any] | None) -> None:
        if wanted is not None and not self._spend(len(wanted)):
            wanted = None
        whole = whole_blockwise(layer) if wanted is not None else None
        if whole is not None and wanted is not None:
            if whole.is_getter or len(wanted) < whole.groups[0].tasks:
                self._visit_blocks(layer, whole, wanted)
                return
            wanted = None
        self._visit_whole(name, layer, wanted)

    def _visit_blocks(self, layer: Any, whole: Whole, wanted: set[Any]) -> None:
        """Some of a layer that has one task for each block of a grid."""
        group = whole.groups[0]
        near = self.dependencies.get(group.name, ())
        for keys in layer.cull(wanted, ())[1].values():
            for key in keys:
                self._consume(key)
                self._want(key, near)
        blocks = bits([key[1:] for key in wanted], group.grid)
        slices: frozenset[int] | None = frozenset() if whole.is_getter and wanted else None
        chunk, size = sizes_of(layer)
        self._add_group(
            replace(group, blocks=blocks, tasks=len(wanted), chunk=chunk, chunk_bytes=size, slices=slices)
        )

    def _visit_whole(self, name: str, layer: Any, wanted: set[Any] | None) -> None:
        """A layer that is wanted whole, or a mapping of keys to tasks of which some are wanted."""
        whole = self._whole(name, layer) if wanted is None else self._part(name, layer, wanted)
        self.sliced.update(whole.sliced)
        for array in whole.arrays:
            self._want_all(array)
        near = self.dependencies.get(name, ())
        for key, count in whole.keys.items():
            self._consume(key, count)
            self._want(key, near)
        for group in reversed(whole.groups):
            self._add_group(group)

    def _whole(self, name: str, layer: Any) -> Whole:
        whole = whole_of(name, self.layers, self.large)
        return whole or whole_mapping(name, layer, self.layers)

    def _part(self, name: str, layer: Any, wanted: set[Any]) -> Whole:
        return part_of_mapping(name, layer, wanted, self.layers)

    def _add_group(self, group: Group) -> None:
        known = self.groups.get(group.name)
        self.groups[group.name] = group if known is None else _union(known, group)

    def _consume(self, key: Any, count: int = 1) -> None:
        self.consumers[key] = self.consumers.get(key, 0) + count

    # What is wanted of other layers

    def _spend(self, keys: int) -> bool:
        """Whether that many more keys may be walked."""
        if keys > self.budget:
            self.exact = False
            return False
        self.budget -= keys
        return True

    def _want_all(self, name: str) -> None:
        if name in self.layers:
            self.wanted[name] = None

    def _want(self, key: Any, near: Iterable[str]) -> None:
        name = name_of(key)
        if name not in self.layers:
            name = next((n for n in near if n in self.layers and _holds(self.layers[n], key)), "")
            if not name:
                return
        keys = self.wanted.setdefault(name, set())
        if keys is not None:
            keys.add(key)

    def _settled(self, group: Group) -> Group:
        """Which blocks of a source are wanted through one slice only: those are matched by the slices."""
        if group.slices is None:
            return group
        keys = self.wanted[group.name] or set()
        sliced = {key for key in keys if self.consumers.get(key) == 1 and key in self.sliced}
        if not sliced:
            return replace(group, slices=None)
        whole = bits([key[1:] for key in keys - sliced], group.grid)
        return replace(group, slices=frozenset(self.sliced[key] for key in sliced), unsliced=whole)


def _keys_named(graph: Any, name: str) -> list[Any]:
    return [key for key in graph if name_of(key) == name]


def _holds(layer: Any, key: Any) -> bool:
    whole = whole_blockwise(layer)
    if whole is not None:
        return name_of(key) == whole.name
    return key in mapping_of(layer)


def _union(one: Group, other: Group) -> Group:
    """The same tasks met in two layers, or some in each."""
    if len(one.grid) != len(other.grid):
        return one if one.tasks >= other.tasks else other
    grid = tuple(map(max, one.grid, other.grid))
    blocks = blocks_on(one.blocks, one.grid, grid) | blocks_on(other.blocks, other.grid, grid)
    tasks = blocks.bit_count()
    reads = tuple(dict.fromkeys((*(one.reads or ()), *(other.reads or ()))))
    return replace(one, grid=grid, blocks=blocks, tasks=tasks, whole=max(tasks, one.whole), reads=reads)
