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

import math
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from dask._task_spec import Alias, DataNode, GraphNode, List, Task, TaskRef
from dask.blockwise import Blockwise
from dask.highlevelgraph import HighLevelGraph, Layer, MaterializedLayer

from lazyscope.capture.blocks import Grid, bits, blocks_on, located
from lazyscope.capture.plain import hash_of, is_plain, itemsize_of, length_of, members_of, name_of

WALK_AT_MOST = 200_000
"""Keys of one force that are walked one by one; beyond, a layer wanted in part counts as whole."""

REMEMBERED = 5_000
"""Tasks of the largest mapping whose walk is remembered."""

KEYS_REMEMBERED = 200_000
"""Keys in all that is remembered of layers before all is forgotten."""

SHAPES = 10_000
"""Blockwise layers of which the grid is remembered before all are forgotten."""


class Group(NamedTuple):
    """What a force asks of the tasks whose keys share a name."""

    name: str
    grid: Grid
    blocks: int | None
    """Bit set of the tasks wanted; None for every block of the grid."""
    tasks: int
    whole: int
    """Tasks the group has, as far as it was seen."""
    reads: tuple[str, ...] | None
    """Names of the groups it depends on; None where that is not known."""
    chunk: tuple[int | None, ...] | None = None
    """Shape of its largest chunk, if an array."""
    chunk_bytes: int | None = None
    slices: frozenset[int] | None = None
    """Of a source of which slices are read: one hash for each (block, slice)."""
    unsliced: int = 0
    """Bit set of the blocks that are read whole, where others are read in slices."""


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
    large: dict[str, _Whole] = {}
    groups = _all_whole(graphs, large)
    return Demand(groups, exact=True) if groups is not None else _Walk(graphs, large).run()


def group_of_keys(name: str, keys: int | Iterable[Any]) -> Group:
    """Tasks that are known by their keys alone: a number of partitions, or the keys."""
    if type(keys) is int:
        return Group(name, (keys,), None, keys, keys, None)
    return _mapping_group(name, list(keys), None, _NO_SIZES)  # type: ignore[arg-type]


# Where every layer that is wanted is wanted whole: what it asks for is the same each time


def _all_whole(graphs: list[tuple[Any, Any]], large: dict[str, _Whole]) -> list[Group] | None:
    """What is asked for, sources first; None if a layer may be wanted in part, or cannot be told from others.

    What is read off layers that are too large to be remembered is put into `large`.
    """
    layers: Mapping[str, Any] = {}
    for graph, wanted in graphs:
        if type(graph) is not HighLevelGraph or type(wanted) is not str:
            return None
        layers = {**layers, **graph.layers} if layers else graph.layers
    groups = _WholeWalk(layers, large).run([wanted for _, wanted in reversed(graphs)])
    # Layers may share names of tasks.
    return groups if groups is None or len(groups) == len({g.name for g in groups}) else None


class _WholeWalk:
    """One visit of layers, each after those it reads, as long as all are wanted whole."""

    def __init__(self, layers: Mapping[str, Any], large: dict[str, _Whole]) -> None:
        self._layers = layers
        self._large = large
        self._open: dict[str, _Whole] = {}
        """Layers whose inputs are being visited."""
        self._done: set[str] = set()

    def run(self, stack: list[str]) -> list[Group] | None:
        groups: list[Group] = []
        opened, done = self._open, self._done
        while stack:
            name = stack[-1]
            if name in opened:
                groups += opened.pop(name).groups
                done.add(name)
            if name in done:
                stack.pop()
                continue
            whole = _whole_of(name, self._layers, self._large)
            if whole is None:
                return None
            opened[name] = whole
            reads = self._reads(whole) if whole.keys_of else whole.arrays
            if reads is None:
                return None
            for read in reads:
                if read in opened:
                    return None  # layers whose tasks read each other's
                if read not in done and read in self._layers:
                    stack.append(read)
        return groups

    def _reads(self, whole: _Whole) -> list[str] | None:
        """Names of the layers it wants whole; None if it wants others in part."""
        for name, keys in whole.keys_of.items():
            if not _are_all(keys, name, self._layers):
                return None
        return [*whole.arrays, *whole.keys_of]


def _are_all(keys: frozenset[Any], name: str, layers: Mapping[str, Any]) -> bool:
    """Whether these keys, all of that name, are all there are."""
    layer = layers.get(name)
    if type(layer) is MaterializedLayer:
        mapping = layer.mapping
        return type(mapping) is dict and len(keys) == len(mapping) and mapping.keys() >= keys
    shape = _blockwise_shape(layer)
    return shape is not None and not shape.is_getter and len(keys) >= shape.tasks


class _Whole(NamedTuple):
    """What a layer asks for that is wanted whole."""

    groups: tuple[Group, ...]
    arrays: tuple[str, ...]
    """Other layers that it wants whole."""
    keys: Mapping[Any, int]
    """Keys of other layers that it wants, with the number of tasks that read them."""
    keys_of: Mapping[str, frozenset[Any]]
    """The same by name."""
    sliced: Mapping[Any, int]
    """By key of a source, which slice of it is read."""
    sized: bool
    """Whether the size of its chunks is known."""


_remembered: dict[int, tuple[weakref.ref[Any], str, _Whole]] = {}
"""By identity of the layer. Without callbacks: an interruption of the program would be lost in one."""


def _whole_of(name: str, layers: Mapping[str, Any], large: dict[str, _Whole]) -> _Whole | None:
    """What a layer asks for when it is wanted whole; None for layers of unknown kinds."""
    layer = layers.get(name)
    known = _remembered.get(id(layer))
    if known is not None and known[0]() is layer and known[1] == name:
        return known[2] if known[2].sized else _sized(known[2], name, layer)
    if name in large:
        return large[name]
    shape = _blockwise_shape(layer)
    if shape is not None:
        whole, keys = _whole_blockwise(layer, shape), len(shape.keys)
    elif type(layer) is MaterializedLayer:
        whole, keys = _whole_mapping(name, layer.mapping, layer, layers), len(layer.mapping)
    else:
        return None
    if keys <= REMEMBERED:
        _remember(name, layer, whole, keys + 1)
    else:
        large[name] = whole
    return whole


def _remember(name: str, layer: Any, whole: _Whole, weight: int) -> None:
    _weight[0] += weight
    if _weight[0] > KEYS_REMEMBERED:
        _remembered.clear()
        _weight[0] = weight
    _remembered[id(layer)] = (weakref.ref(layer), name, whole)


_weight = [0]


def _whole_blockwise(layer: Any, shape: _Blockwise) -> _Whole:
    chunk, size = _sizes(layer)
    group = Group(
        shape.name, shape.grid, shape.blocks, shape.tasks, shape.tasks, shape.reads, chunk, size
    )
    keys = dict.fromkeys(shape.keys, 1) if shape.keys else _NO_KEYS
    return _Whole((group,), shape.arrays, keys, _keys_by_name(keys), _NO_KEYS, size is not None)


def _whole_mapping(name: str, mapping: Any, layer: Any, layers: Mapping[str, Any]) -> _Whole:
    found = _MappingWalk(mapping, layers).run(name, None)
    keys, sizes = found.outside, _sizes(layer)
    groups = tuple(found.groups(name, sizes))
    sized = sizes[1] is not None or not groups
    return _Whole(groups, (), keys, _keys_by_name(keys), found.sliced, sized)


def _keys_by_name(keys: Mapping[Any, int]) -> Mapping[str, frozenset[Any]]:
    if not keys:
        return _NO_KEYS
    return {name: frozenset(some) for name, some in _by_name(keys).items()}


def _sized(whole: _Whole, name: str, layer: Any) -> _Whole:
    """The same with the size of the chunks: what was unknown may have become known."""
    chunk, size = _sizes(layer)
    if chunk is None:
        return whole
    groups = [g._replace(chunk=chunk, chunk_bytes=size) if g.name == name else g for g in whole.groups]
    return whole._replace(groups=tuple(groups))


_NO_KEYS: dict[Any, Any] = {}
_Sizes: TypeAlias = tuple[tuple[int | None, ...] | None, int | None]
_NO_SIZES: _Sizes = (None, None)


def _sizes(layer: Any) -> _Sizes:
    """Shape and bytes of the largest chunk, as dask notes them when it makes an array of a layer."""
    notes = getattr(layer, "collection_annotations", None) if issubclass(type(layer), Layer) else None
    if type(notes) is not dict:
        return _NO_SIZES
    sizes = notes.get("chunksize")
    if type(sizes) is not tuple:
        return _NO_SIZES
    chunk = sizes if _ONLY_INT.issuperset(map(type, sizes)) else tuple(map(length_of, sizes))
    itemsize = itemsize_of(notes.get("dtype"))
    return chunk, None if itemsize is None or None in chunk else itemsize * math.prod(chunk)


_ONLY_INT = frozenset({int})


# Where some may be wanted in part


class _Walk:
    """One visit of the graphs of a force, consumers before what they consume."""

    def __init__(self, graphs: Iterable[tuple[Any, Any]], large: dict[str, _Whole]) -> None:
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
        shape = _blockwise_shape(layer)
        if shape is not None and wanted is not None:
            if shape.is_getter or len(wanted) < shape.tasks:
                self._visit_blocks(layer, shape, wanted)
                return
            wanted = None
        self._visit_whole(name, layer, wanted)

    def _visit_blocks(self, layer: Any, shape: _Blockwise, wanted: set[Any]) -> None:
        """Some of a layer that has one task for each block of a grid."""
        near = self.dependencies.get(shape.name, ())
        for keys in layer.cull(wanted, ())[1].values():
            for key in keys:
                self._consume(key)
                self._want(key, near)
        blocks = bits([key[1:] for key in wanted], shape.grid)
        slices: frozenset[int] | None = frozenset() if shape.is_getter and wanted else None
        self._add_group(
            Group(
                shape.name, shape.grid, blocks, len(wanted), shape.tasks, shape.reads,
                *_sizes(layer), slices,
            )
        )  # fmt: skip

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
        for group in whole.groups:
            self._add_group(group)

    def _whole(self, name: str, layer: Any) -> _Whole:
        whole = _whole_of(name, self.layers, self.large)
        return whole or _whole_mapping(name, _mapping_of(layer), layer, self.layers)

    def _part(self, name: str, layer: Any, wanted: set[Any]) -> _Whole:
        found = _MappingWalk(_mapping_of(layer), self.layers).run(name, wanted)
        groups = tuple(found.groups(name, _sizes(layer)))
        return _Whole(groups, (), found.outside, _NO_KEYS, found.sliced, sized=True)

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
            return group._replace(slices=None)
        whole = bits([key[1:] for key in keys - sliced], group.grid)
        return group._replace(slices=frozenset(self.sliced[key] for key in sliced), unsliced=whole)


class _Blockwise(NamedTuple):
    """What is asked of a Blockwise layer again and again, read off it once."""

    name: str
    grid: Grid
    tasks: int
    blocks: int | None
    arrays: tuple[str, ...]
    keys: tuple[Any, ...]
    reads: tuple[str, ...]
    is_getter: bool


_shapes: dict[int, tuple[weakref.ref[Any], _Blockwise]] = {}


def _blockwise_shape(layer: Any) -> _Blockwise | None:
    known = _shapes.get(id(layer))
    if known is not None and known[0]() is layer:
        return known[1]
    if not issubclass(type(layer), Blockwise):
        return None
    shape = _read_blockwise(layer)
    if len(_shapes) >= SHAPES:
        _shapes.clear()
    _shapes[id(layer)] = (weakref.ref(layer), shape)
    return shape


def _read_blockwise(layer: Any) -> _Blockwise:
    grid = _grid_of(layer)
    blocks, tasks = None, math.prod(grid)
    if layer.output_blocks:
        blocks, tasks = bits(layer.output_blocks, grid), len(layer.output_blocks)
    arrays, keys = _blockwise_inputs(layer)
    return _Blockwise(
        layer.output, grid, tasks, blocks, arrays, keys,
        tuple(dict.fromkeys((*arrays, *map(name_of, keys)))),
        _is_getter(layer.task.func),
    )  # fmt: skip


def _grid_of(layer: Any) -> Grid:
    """Blocks along each dimension of a Blockwise layer.

    As `layer.dims` says, which dask itself asks of the few layers only that are left by optimisation, and
    which takes as long as all else that is done here for a layer.
    """
    lengths: dict[Any, int] = {}
    for name, indices in layer.indices:
        if indices is not None:
            for index, length in zip(indices, layer.numblocks.get(name, ()), strict=False):
                if lengths.get(index, 1) == 1:
                    lengths[index] = length
    for index, sizes in layer.new_axes.items():
        lengths[index] = len(sizes) if type(sizes) is tuple else 1
    return tuple([lengths[index] for index in layer.output_indices])


def _is_getter(function: Any) -> bool:
    """Whether a task's function reads from an array-like, and no more of it than is asked for.

    dask fuses a slice of a chunk into such a read (`dask.array.optimization._optimize_slices`).
    """
    core = sys.modules.get("dask.array.core")
    return core is not None and (
        function is core.getter or function is core.getter_nofancy or function is core.getter_inline
    )


def _blockwise_inputs(layer: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Arrays read block by block, and keys that every block reads."""
    arrays: list[str] = []
    keys: list[Any] = []
    for argument, index in layer.indices:
        if index is not None:
            if argument not in layer.io_deps:
                arrays.append(argument)
        elif issubclass(type(argument), GraphNode):
            keys.extend(argument.dependencies)
        elif type(argument) is TaskRef:
            keys.append(argument.key)
    for produced in layer.io_deps.values():
        if produced.produces_keys:
            keys.extend(
                value.key if issubclass(type(value), _WITH_KEY) else value
                for value in produced.mapping.values()
            )
    return tuple(arrays), tuple(keys)


_WITH_KEY = (GraphNode, TaskRef)


class _MappingWalk:
    """One visit of a mapping of keys to tasks."""

    def __init__(self, mapping: Any, layers: Mapping[str, Any]) -> None:
        self._mapping = mapping
        self._layers = layers
        self._tasks: list[Any] = []
        self.outside: dict[Any, int] = {}
        """Keys of other layers, with the number of tasks that read them."""
        self._inside: set[str] = set()
        self.sliced: dict[Any, int] = {}
        """By key of a source, which slice of it is read."""

    def run(self, name: str, wanted: set[Any] | None) -> _MappingWalk:
        """Visit the tasks that `wanted` needs; None stands for all tasks called `name`."""
        mapping = self._mapping
        if wanted is None:
            todo = [key for key in mapping if (key[0] if type(key) is tuple else key) == name]
            if not todo or len(todo) == len(mapping):
                self._visit_all()
                return self
        else:
            todo = [key for key in wanted if key in mapping]
        seen = set(todo)
        while todo:
            key = todo.pop()
            for read in self._visit(key, mapping[key]):
                if read in mapping:
                    self._inside.add(name_of(read))
                    if read not in seen:
                        seen.add(read)
                        todo.append(read)
                else:
                    self.outside[read] = self.outside.get(read, 0) + 1
        return self

    def _visit_all(self) -> None:
        mapping, outside = self._mapping, self.outside
        for key, node in mapping.items():
            for read in self._visit(key, node):
                if read in mapping:
                    self._inside.add(name_of(read))
                else:
                    outside[read] = outside.get(read, 0) + 1

    def _visit(self, key: Any, node: Any) -> Iterable[Any]:
        """Note one node; return the keys it reads."""
        kind = _KINDS.get(type(node))
        if kind is None:
            kind, reads = self._classify(key, node)
        elif kind == _LITERAL:
            return ()
        else:
            reads = node.dependencies
        if kind == _TASK:
            self._tasks.append(key)
            if type(node) is Task and node.func is _getitem():
                _note_slice(node, self._layers, self.sliced)
        return reads

    def _classify(self, key: Any, node: Any) -> tuple[int, Iterable[Any]]:
        """Kind and reads of a node that is of none of the classes in `_KINDS`."""
        if issubclass(type(node), GraphNode):
            return (_TASK if issubclass(type(node), Task) else _LITERAL), node.dependencies
        if type(node) is tuple and node and callable(node[0]):
            return _TASK, _old_style_reads(node[1:], self._is_key)
        if self._is_key(node):
            return _ALIAS, () if node == key else (node,)
        if members_of(node) is not None:
            reads = _old_style_reads((node,), self._is_key)
            return (_TASK if reads else _LITERAL), reads
        return _LITERAL, ()

    def _is_key(self, value: Any) -> bool:
        kind = type(value)
        if kind is tuple:
            if not value or not is_plain(value):
                return False
            if type(value[0]) is str and value[0] in self._layers:
                return True
        elif kind is not str and kind is not int and kind is not float:
            return False
        return value in self._mapping or (kind is str and value in self._layers)

    def groups(self, layer: str, sizes: _Sizes) -> Iterator[Group]:
        """The real tasks by name; the sizes are those of the group that is named as the layer."""
        if not self._tasks:
            return
        reads = tuple({name_of(read): None for read in self.outside})
        for name, keys in _by_name(self._tasks).items():
            others = (*reads, *(inner for inner in self._inside if inner != name))
            yield _mapping_group(name, keys, others, sizes if name == layer else _NO_SIZES)


_TASK, _ALIAS, _LITERAL = 1, 2, 3
_KINDS = {Task: _TASK, List: _TASK, Alias: _ALIAS, DataNode: _LITERAL}


def _getitem() -> Any:
    """The function of dask that takes a slice of a chunk."""
    chunk = sys.modules.get("dask.array.chunk")
    return chunk.getitem if chunk is not None else None


def _note_slice(node: Any, layers: Mapping[str, Any], sliced: dict[Any, int]) -> None:
    """Remember which slice a getitem task reads of a source that reads no more than asked."""
    if len(node.args) != 2 or not issubclass(type(node.args[0]), _WITH_KEY):
        return
    source = node.args[0].key
    shape = _blockwise_shape(layers.get(name_of(source)))
    if shape is not None and shape.is_getter:
        index = node.args[1]
        if type(index) is DataNode:
            index = index.value
        sliced[source] = hash((source, hash_of(index if is_plain(index) else node.key)))


def _old_style_reads(values: Iterable[Any], is_key: Callable[[Any], bool]) -> list[Any]:
    """Keys in the arguments of a task written as a tuple, as `convert_legacy_task` finds them."""
    reads: list[Any] = []
    todo = list(values)
    while todo:
        value = todo.pop()
        kind = type(value)
        if issubclass(kind, GraphNode):
            reads.extend(value.dependencies)
        elif kind is TaskRef:
            reads.append(value.key)
        elif is_key(value):
            reads.append(value)
        elif kind is dict:
            todo.extend(value.values())
        else:
            todo.extend(members_of(value) or ())
    return reads


def _holds(layer: Any, key: Any) -> bool:
    shape = _blockwise_shape(layer)
    if shape is not None:
        return name_of(key) == shape.name
    return key in _mapping_of(layer)


def _mapping_of(layer: Any) -> Any:
    return layer.mapping if issubclass(type(layer), MaterializedLayer) else layer


def _keys_named(graph: Any, name: str) -> list[Any]:
    return [key for key in graph if name_of(key) == name]


def _by_name(keys: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for key in keys:
        groups.setdefault(name_of(key), []).append(key)
    return groups


def _mapping_group(name: str, keys: list[Any], reads: tuple[str, ...] | None, sizes: _Sizes) -> Group:
    grid, blocks = located(keys)
    return Group(name, grid, blocks, len(keys), len(keys), reads, *sizes)


def _union(one: Group, other: Group) -> Group:
    """The same tasks met in two layers, or some in each."""
    if len(one.grid) != len(other.grid):
        return one if one.tasks >= other.tasks else other
    grid = tuple(map(max, one.grid, other.grid))
    blocks = blocks_on(one.blocks, one.grid, grid) | blocks_on(other.blocks, other.grid, grid)
    tasks = blocks.bit_count()
    reads = tuple(dict.fromkeys((*(one.reads or ()), *(other.reads or ()))))
    return one._replace(grid=grid, blocks=blocks, tasks=tasks, whole=max(tasks, one.whole), reads=reads)
