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
from dask.highlevelgraph import MaterializedLayer

WALK_AT_MOST = 200_000
"""Keys of one force that are walked one by one; beyond, a layer wanted in part counts as whole."""

Grid = tuple[int, ...]

_SPARSE = 10_000_000
"""A grid with more blocks than this must be filled to a 64th to be kept as a bit set."""

REMEMBERED = 5_000
"""Tasks of the largest mapping whose walk is remembered while its layer lives."""

_ONLY_INT = {int}

_HASHES = 1 << 20
"""Size of the bit set for keys that are on no grid."""


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
    annotations: Mapping[str, Any]
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
    return _Walk(graphs).run()


def group_of_keys(name: str, keys: int | Iterable[Any]) -> Group:
    """Tasks that are known by their keys alone: a number of partitions, or the keys."""
    if isinstance(keys, int):
        return Group(name, (keys,), None, keys, keys, None, {})
    return _mapping_group(name, list(keys), None, {})


class _Walk:
    """One visit of the graphs of a force, consumers before what they consume."""

    def __init__(self, graphs: Iterable[tuple[Any, Any]]) -> None:
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
        layers = getattr(graph, "layers", None)
        if layers is None:
            self.layers[fallback] = graph
            self.dependencies[fallback] = ()
        else:
            self.layers.update(layers)
            self.dependencies.update(graph.dependencies)
        if isinstance(wanted, str) and wanted in self.layers:
            self.wanted[wanted] = None
            return
        near = [fallback] if layers is None else list(layers)
        for key in _keys_named(graph, wanted) if isinstance(wanted, str) else wanted:
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
        shape = _blockwise_shape(layer)
        if shape is not None:
            self._visit_blockwise(layer, shape, wanted)
        else:
            self._visit_mapping(name, layer, wanted)

    # Blockwise layers: one task for each block of a grid

    def _visit_blockwise(self, layer: Any, shape: _Blockwise, wanted: set[Any] | None) -> None:
        if wanted is not None and len(wanted) >= shape.tasks and not shape.is_getter:
            wanted = None
        if wanted is not None and not self._spend(len(wanted)):
            wanted = None
        if wanted is None:
            blocks, tasks = shape.blocks, shape.tasks
            for name in shape.arrays:
                self._want_all(name)
            for key in shape.keys:
                self._want(key, self.dependencies.get(shape.name, ()))
        else:
            blocks, tasks = _bits((key[1:] for key in wanted), shape.grid), len(wanted)
            for keys in layer.cull(wanted, ())[1].values():
                for key in keys:
                    self._consume(key)
                    self._want(key, self.dependencies.get(shape.name, ()))
        slices: frozenset[int] | None = frozenset() if shape.is_getter and wanted else None
        self._add_group(
            Group(
                shape.name, shape.grid, blocks, tasks, shape.tasks, shape.reads,
                _annotations(layer), slices,
            )
        )  # fmt: skip

    # Everything else: a mapping of keys to tasks

    def _visit_mapping(self, layer_name: str, layer: Any, wanted: set[Any] | None) -> None:
        if wanted is not None and not self._spend(len(wanted)):
            wanted = None
        groups, outside, sliced = self._walked(layer_name, layer, wanted)
        self.sliced.update(sliced)
        near = self.dependencies.get(layer_name, ())
        for key, count in outside.items():
            self._consume(key, count)
            self._want(key, near)
        for group in groups:
            self._add_group(group)

    def _walked(self, name: str, layer: Any, wanted: set[Any] | None) -> _Walked:
        """What a mapping asks for; remembered while the layer lives if it is wanted whole and small."""
        known = _walks.get(id(layer)) if wanted is None else None
        if known is not None:
            return known[1]
        found = _MappingWalk(getattr(layer, "mapping", layer), self).run(name, wanted)
        walked = tuple(found.groups(name, _annotations(layer))), found.outside, found.sliced
        if wanted is None and type(layer) is MaterializedLayer and len(layer.mapping) <= REMEMBERED:
            number = id(layer)
            _walks[number] = (weakref.ref(layer, lambda _: _walks.pop(number, None)), walked)
        return walked

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
        name = _name_of(key)
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
        whole = _bits((key[1:] for key in keys - sliced), group.grid)
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


_shapes: dict[int, tuple[weakref.ref[Any], _Blockwise | None]] = {}


def _blockwise_shape(layer: Any) -> _Blockwise | None:
    known = _shapes.get(id(layer))
    if known is not None:
        return known[1]
    shape = _read_blockwise(layer)
    try:
        number = id(layer)
        _shapes[number] = (weakref.ref(layer, lambda _: _shapes.pop(number, None)), shape)
    except TypeError:
        pass
    return shape


def _read_blockwise(layer: Any) -> _Blockwise | None:
    if not isinstance(layer, Blockwise):
        return None
    grid = _grid_of(layer)
    blocks, tasks = None, math.prod(grid)
    if layer.output_blocks:
        blocks, tasks = _bits(layer.output_blocks, grid), len(layer.output_blocks)
    arrays, keys = _blockwise_inputs(layer)
    return _Blockwise(
        layer.output, grid, tasks, blocks, arrays, keys,
        tuple(dict.fromkeys((*arrays, *(_name_of(key) for key in keys)))),
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
        lengths[index] = len(sizes) if isinstance(sizes, tuple) else 1
    return tuple([lengths[index] for index in layer.output_indices])


def _is_getter(function: Any) -> bool:
    """Whether a task's function reads from an array-like, and no more of it than is asked for.

    dask fuses a slice of a chunk into such a read (`dask.array.optimization._optimize_slices`).
    """
    core = sys.modules.get("dask.array.core")
    return core is not None and function in (core.getter, core.getter_nofancy, core.getter_inline)


def _blockwise_inputs(layer: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Arrays read block by block, and keys that every block reads."""
    arrays: list[str] = []
    keys: list[Any] = []
    for argument, index in layer.indices:
        if index is not None:
            if argument not in layer.io_deps:
                arrays.append(argument)
        elif hasattr(argument, "dependencies"):
            keys.extend(argument.dependencies)
        elif type(argument) is TaskRef:
            keys.append(argument.key)
    for produced in layer.io_deps.values():
        if produced.produces_keys:
            keys.extend(getattr(value, "key", value) for value in produced.mapping.values())
    return tuple(arrays), tuple(keys)


_Walked: TypeAlias = tuple[tuple[Group, ...], dict[Any, int], dict[Any, int]]
"""Groups of real tasks, keys of other layers with the number of their readers, and slices read."""

_walks: dict[int, tuple[weakref.ref[Any], _Walked]] = {}


class _MappingWalk:
    """One visit of a mapping of keys to tasks."""

    def __init__(self, mapping: Any, walk: _Walk) -> None:
        self._mapping = mapping
        self._walk = walk
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
                    self._inside.add(_name_of(read))
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
                    self._inside.add(_name_of(read))
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
            if type(node) is Task and getattr(node.func, "__name__", None) == "getitem":
                _note_slice(node, self._walk.layers, self.sliced)
        return reads

    def _classify(self, key: Any, node: Any) -> tuple[int, Iterable[Any]]:
        """Kind and reads of a node that is of none of the classes in `_KINDS`."""
        if isinstance(node, GraphNode):
            return (_TASK if isinstance(node, Task) else _LITERAL), node.dependencies
        if type(node) is tuple and node and callable(node[0]):
            return _TASK, _old_style_reads(node[1:], self._is_key)
        if self._is_key(node):
            return _ALIAS, () if node == key else (node,)
        if isinstance(node, list | tuple | set | frozenset):
            reads = _old_style_reads(node, self._is_key)
            return (_TASK if reads else _LITERAL), reads
        return _LITERAL, ()

    def _is_key(self, value: Any) -> bool:
        kind = type(value)
        if kind is tuple:
            if value and type(value[0]) is str and value[0] in self._walk.layers:
                return True
        elif kind is not str and kind is not int and kind is not float:
            return False
        try:
            return value in self._mapping or (kind is str and value in self._walk.layers)
        except TypeError:
            return False

    def groups(self, annotated: str, annotations: Mapping[str, Any]) -> Iterator[Group]:
        """The real tasks by name; the layer's annotations belong to the group `annotated`."""
        if not self._tasks:
            return
        reads = tuple({_name_of(read): None for read in self.outside})
        for name, keys in _by_name(self._tasks).items():
            others = (*reads, *(inner for inner in self._inside if inner != name))
            about = annotations if name == annotated else {}
            yield _mapping_group(name, keys, others, about)


_TASK, _ALIAS, _LITERAL = 1, 2, 3
_KINDS = {Task: _TASK, List: _TASK, Alias: _ALIAS, DataNode: _LITERAL}


def _note_slice(node: Any, layers: dict[str, Any], sliced: dict[Any, int]) -> None:
    """Remember which slice a getitem task reads of a source that reads no more than asked."""
    if len(node.args) != 2 or not hasattr(node.args[0], "key"):
        return
    source = node.args[0].key
    shape = _blockwise_shape(layers.get(_name_of(source)))
    if shape is not None and shape.is_getter:
        index = getattr(node.args[1], "value", node.args[1])
        sliced[source] = hash((source, repr(index if _plain_index(index) else node.key)))


def _plain_index(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(part, int | slice) or part is None or part is Ellipsis for part in parts)


def _old_style_reads(values: Iterable[Any], is_key: Callable[[Any], bool]) -> list[Any]:
    """Keys in the arguments of a task written as a tuple, as `convert_legacy_task` finds them."""
    reads: list[Any] = []
    todo = list(values)
    while todo:
        value = todo.pop()
        if isinstance(value, GraphNode):
            reads.extend(value.dependencies)
        elif type(value) is TaskRef:
            reads.append(value.key)
        elif is_key(value):
            reads.append(value)
        elif isinstance(value, list | tuple | set | frozenset):
            todo.extend(value)
        elif type(value) is dict:
            todo.extend(value.values())
    return reads


def _holds(layer: Any, key: Any) -> bool:
    shape = _blockwise_shape(layer)
    if shape is not None:
        return _name_of(key) == shape.name
    return key in getattr(layer, "mapping", layer)


def _keys_named(graph: Any, name: str) -> list[Any]:
    return [key for key in graph if _name_of(key) == name]


def _annotations(layer: Any) -> Mapping[str, Any]:
    return getattr(layer, "collection_annotations", None) or {}


# Keys and bit sets


def _name_of(key: Any) -> str:
    """The name a key belongs to: ``x`` of ``('x', 0, 1)``, ``x`` of ``'x'``."""
    if type(key) is tuple and key and type(key[0]) is str:
        return key[0]
    return key if type(key) is str else repr(key)


def _by_name(keys: list[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for key in keys:
        groups.setdefault(_name_of(key), []).append(key)
    return groups


def _mapping_group(
    name: str, keys: list[Any], reads: tuple[str, ...] | None, annotations: Mapping[str, Any]
) -> Group:
    try:
        grid, blocks = _located(keys)
    except (TypeError, ValueError, OverflowError):
        # Keys that are no blocks of a grid are numbered by what they say.
        grid, blocks = (_HASHES,), _bits(((hash(repr(key)) % _HASHES,) for key in keys), (_HASHES,))
    return Group(name, grid, blocks, len(keys), len(keys), reads, annotations)


def _located(keys: list[Any]) -> tuple[Grid, int | None]:
    """The smallest grid that holds these keys, and their bit set; None for a full grid.

    Raises
    ------
    TypeError, ValueError, OverflowError
        If an index is no whole number, negative or very large, or the keys differ in length.
    """
    if type(keys[0]) is not tuple:
        return (), None
    ndim = len(keys[0]) - 1
    if any(len(key) - 1 != ndim for key in keys):
        raise ValueError(keys[0])
    axes = list(zip(*keys, strict=True))[1:]
    for axis in axes:
        if set(map(type, axis)) != _ONLY_INT or min(axis) < 0:
            raise ValueError(keys[0])
    grid = tuple(max(axis) + 1 for axis in axes)
    size = math.prod(grid)
    if size == len(keys):
        return grid, None
    if size > max(_SPARSE, 64 * len(keys)):
        raise OverflowError(grid)
    return grid, _bits((key[1:] for key in keys), grid)


def _union(one: Group, other: Group) -> Group:
    """The same tasks met in two layers, or some in each."""
    if len(one.grid) != len(other.grid):
        return one if one.tasks >= other.tasks else other
    grid = tuple(map(max, one.grid, other.grid))
    blocks = blocks_on(one.blocks, one.grid, grid) | blocks_on(other.blocks, other.grid, grid)
    tasks = blocks.bit_count()
    reads = tuple(dict.fromkeys((*(one.reads or ()), *(other.reads or ()))))
    return one._replace(grid=grid, blocks=blocks, tasks=tasks, whole=max(tasks, one.whole), reads=reads)


def blocks_on(blocks: int | None, old: Grid, new: Grid) -> int:
    """The same blocks as a bit set over a grid that is as large or larger; None stands for all."""
    if blocks is None:
        blocks = (1 << math.prod(old)) - 1
    return blocks if old == new else regrid(blocks, old, new)


def _bits(indices: Iterable[Grid], grid: Grid) -> int:
    """The bit set of these blocks of a grid."""
    array = bytearray(math.prod(grid) // 8 + 1)
    for index in indices:
        number = 0
        for i, length in zip(index, grid, strict=True):
            number = number * length + i
        array[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(array, "little")


def regrid(blocks: int, old: Grid, new: Grid) -> int:
    """The same blocks as a bit set over a larger grid of as many dimensions."""
    return _bits(
        (_index(number, old) for number in range(blocks.bit_length()) if blocks >> number & 1), new
    )


def _index(number: int, grid: Grid) -> Grid:
    index: list[int] = []
    for length in reversed(grid):
        number, i = divmod(number, length)
        index.append(i)
    return tuple(reversed(index))
