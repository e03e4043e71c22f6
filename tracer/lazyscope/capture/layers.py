"""What a layer of a graph asks for: its own tasks, and of which other layers it reads what.

What a layer asks for that is wanted whole is read off it once. It is remembered by the identity of the
layer with a weak reference that is checked, without a callback: in one an interruption of the program
would be lost.
"""

from __future__ import annotations

import math
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec
from dask._task_spec import Alias, DataNode, GraphNode, List, Task, TaskRef
from dask.blockwise import Blockwise
from dask.highlevelgraph import Layer, MaterializedLayer
from msgspec.structs import replace

from lazyscope.capture.blocks import Grid, bits, located
from lazyscope.capture.copies import (
    COPIED,
    Copies,
    original_name,
    original_of,
    puts_blocks_together,
)
from lazyscope.capture.plain import (
    hash_of,
    is_plain,
    itemsize_of,
    length_of,
    members_of,
    name_of,
    numpy,
)

REMEMBERED = 5_000
"""Tasks of the largest mapping whose walk is remembered."""

KEYS_REMEMBERED = 200_000
"""Keys in all that is remembered of layers before all is forgotten."""


class Group(msgspec.Struct, frozen=True, gc=False):
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


class Whole(msgspec.Struct, frozen=True, gc=False):
    """What a layer asks for that is wanted whole."""

    name: str
    groups: tuple[Group, ...]
    """Sources first."""
    arrays: tuple[str, ...]
    """Other layers that it wants whole."""
    keys: Mapping[Any, int]
    """Keys of other layers that it wants, with the number of tasks that read them."""
    keys_of: Mapping[str, frozenset[Any]]
    """The same by name."""
    reads: tuple[str, ...]
    """Names of the other layers that it wants something of."""
    sliced: Mapping[Any, int]
    """By key of a source, which slice of it is read."""
    sized: bool
    """Whether the size of its chunks is known."""
    is_getter: bool = False
    """Whether it is a Blockwise layer that reads from an array-like, and no more of it than is asked for.

    dask fuses a slice of a chunk into such a read (`dask.array.optimization._optimize_slices`).
    """


_NO_KEYS: Mapping[Any, Any] = {}
_Sizes: TypeAlias = tuple[tuple[int | None, ...] | None, int | None]
NO_SIZES: _Sizes = (None, None)

_remembered: dict[int, tuple[weakref.ref[Any], Whole]] = {}
_weight = 0


def whole_of(name: str, layers: Mapping[str, Any], large: dict[str, Whole]) -> Whole | None:
    """What a layer asks for when it is wanted whole; None for layers of unknown kinds.

    What is read off layers that are too large to be remembered is put into `large`.
    """
    layer: Any = layers.get(name)
    known = _remembered.get(id(layer))
    if known is not None and known[0]() is layer:
        whole = known[1]
        if whole.name == name:
            return whole if whole.sized else _sized(whole, layer)
    if name in large:
        return large[name]
    kind = type(layer)
    if kind is Blockwise or (kind is not MaterializedLayer and issubclass(kind, Blockwise)):
        return _read_blockwise(layer)
    if kind is not MaterializedLayer:
        return None
    whole = whole_mapping(name, layer, layers)
    if (tasks := len(layer.mapping)) <= REMEMBERED:
        _remember(layer, whole, tasks + 1)
    else:
        large[name] = whole
    return whole


def whole_blockwise(layer: Any) -> Whole | None:
    """What a Blockwise layer asks for when it is wanted whole; None for others."""
    kind = type(layer)
    if kind is not Blockwise and (kind is MaterializedLayer or not issubclass(kind, Blockwise)):
        return None
    known = _remembered.get(id(layer))
    return known[1] if known is not None and known[0]() is layer else _read_blockwise(layer)


def _remember(layer: Any, whole: Whole, weight: int) -> None:
    global _weight
    _weight += weight
    if _weight > KEYS_REMEMBERED:
        _remembered.clear()
        _weight = weight
    _remembered[id(layer)] = (weakref.ref(layer), whole)


def _keys_by_name(keys: Mapping[Any, int]) -> Mapping[str, frozenset[Any]]:
    if not keys:
        return _NO_KEYS
    return {name: frozenset(some) for name, some in _by_name(keys).items()}


def _sized(whole: Whole, layer: Any) -> Whole:
    """The same with the size of the chunks: what was unknown may have become known."""
    chunk, size = sizes_of(layer)
    if chunk is None:
        return whole
    name = whole.name
    groups = [replace(g, chunk=chunk, chunk_bytes=size) if g.name == name else g for g in whole.groups]
    return replace(whole, groups=tuple(groups))


def sizes_of(layer: Any) -> _Sizes:
    """Shape and bytes of the largest chunk, as dask notes them when it makes an array of a layer."""
    kind = type(layer)
    # What follows `or` asks the class of all mappings, which takes long.
    is_layer = kind is Blockwise or kind is MaterializedLayer or issubclass(kind, Layer)
    notes = layer.collection_annotations if is_layer else None
    if type(notes) is not dict:
        return NO_SIZES
    chunk = notes.get("chunksize")
    if type(chunk) is not tuple:
        return NO_SIZES
    itemsize = itemsize_of(notes.get("dtype"))
    if not _ARE_INTS(map(type, chunk)):
        chunk = tuple(map(length_of, chunk))
        if None in chunk:
            return chunk, None
    return chunk, None if itemsize is None else itemsize * math.prod(chunk)


def noted(layer: Any, what: str) -> Any:
    """What dask has noted of the array made of a layer."""
    notes = layer.collection_annotations if issubclass(type(layer), Layer) else None
    return notes.get(what) if type(notes) is dict else None


_ARE_INTS = frozenset({int}).issuperset
_ARE_STR_OR_INT = frozenset({str, int}).issuperset


# Blockwise layers: one task for each block of a grid


def _read_blockwise(layer: Any) -> Whole:
    name, grid = layer.output, _grid_of(layer)
    if layer.output_blocks:
        blocks, tasks = bits(layer.output_blocks, grid), len(layer.output_blocks)
    else:
        blocks, tasks = None, math.prod(grid)
    arrays, keys = _blockwise_inputs(layer)
    chunk, size = sizes_of(layer)
    reads, keys_of, counts = arrays, _NO_KEYS, _NO_KEYS
    if keys:
        counts = dict.fromkeys(keys, 1)
        keys_of = _keys_by_name(counts)
        reads = tuple(dict.fromkeys((*arrays, *keys_of)))
    group = Group(name, grid, blocks, tasks, tasks, reads, chunk, size)
    is_getter = _reader(layer.task.func) == _GETTER
    found = Whole(name, (group,), arrays, counts, keys_of, reads, _NO_KEYS, size is not None, is_getter)
    _remember(layer, found, len(counts) + 1)
    return found


def _grid_of(layer: Any) -> Grid:
    """Blocks along each dimension of a Blockwise layer.

    As `layer.dims` says, which dask itself asks of the few layers only that are left by optimisation, and
    which takes as long as all else that is done here for a layer.
    """
    numblocks, wanted = layer.numblocks, layer.output_indices
    if not layer.new_axes:
        for name, indices in layer.indices:
            # Where it has several blocks, no other input has another number of them.
            if indices == wanted and 1 not in (blocks := numblocks.get(name, _ONE)):
                return tuple(blocks)
    lengths: dict[Any, int] = {}
    for name, indices in layer.indices:
        if indices is None:
            continue
        if not lengths and len(indices) == len(set(indices)):
            lengths = dict(zip(indices, numblocks.get(name, ()), strict=False))
        else:
            for index, length in zip(indices, numblocks.get(name, ()), strict=False):
                if lengths.get(index, 1) == 1:
                    lengths[index] = length
    for index, sizes in layer.new_axes.items() if layer.new_axes else ():
        lengths[index] = len(sizes) if type(sizes) is tuple else 1
    return tuple([lengths[index] for index in wanted])


_ONE = (1,)


_GETTER, _GETITEM = 1, 2
_readers: dict[int, int] = {}
"""By identity: a function of the program may answer anything when it is compared."""


def _reader(function: Any) -> int | None:
    """Whether it is a function of dask that reads from an array-like, or one that takes a slice."""
    if not _readers:
        core, chunk = sys.modules.get("dask.array.core"), sys.modules.get("dask.array.chunk")
        if core is not None and chunk is not None:
            getters = core.getter, core.getter_nofancy, core.getter_inline
            _readers.update({id(getter): _GETTER for getter in getters} | {id(chunk.getitem): _GETITEM})
    return _readers.get(id(function))


def _blockwise_inputs(layer: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Arrays read block by block, and keys that every block reads."""
    arrays: list[str] = []
    keys: list[Any] = []
    dependencies = layer.io_deps
    for argument, index in layer.indices:
        if index is not None:
            if not dependencies or argument not in dependencies:
                arrays.append(argument)
        elif issubclass(type(argument), GraphNode):
            keys.extend(argument.dependencies)
        elif type(argument) is TaskRef:
            keys.append(argument.key)
    if not dependencies:
        return tuple(arrays), tuple(keys)
    for produced in dependencies.values():
        if produced.produces_keys:
            keys.extend(
                value.key if issubclass(type(value), _WITH_KEY) else value
                for value in produced.mapping.values()
            )
    return tuple(arrays), tuple(keys)


_WITH_KEY = (GraphNode, TaskRef)


# Everything else: a mapping of keys to tasks


def mapping_of(layer: Any) -> Any:
    """The keys and tasks of a layer."""
    kind = type(layer)
    return layer.mapping if kind is MaterializedLayer or issubclass(kind, MaterializedLayer) else layer


def whole_mapping(name: str, layer: Any, layers: Mapping[str, Any]) -> Whole:
    """What a mapping asks for of which all tasks called `name` are wanted."""
    return part_of_mapping(name, layer, None, layers)


def part_of_mapping(name: str, layer: Any, wanted: set[Any] | None, layers: Mapping[str, Any]) -> Whole:
    """What a mapping asks for of which some tasks are wanted, or all called `name`."""
    found = _MappingWalk(mapping_of(layer), layers).run(name, wanted)
    keys, sizes = found.outside, sizes_of(layer)
    keys_of = _keys_by_name(keys)
    reads = tuple(keys_of)
    groups = tuple(found.groups(name, sizes))[::-1]
    sized = sizes[1] is not None or not groups
    return Whole(name, groups, (), keys, keys_of, reads, found.sliced, sized)


class _MappingWalk:
    """One visit of a mapping of keys to tasks."""

    def __init__(self, mapping: Any, layers: Mapping[str, Any]) -> None:
        self._mapping = mapping
        self._layers = layers
        self._tasks: list[Any] = []
        self.outside: dict[Any, int] = {}
        """Keys of other layers, with the number of tasks that read them."""
        self._inside: set[str] = set()
        self._copies = Copies()
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
            if type(node) is Task and node.func is COPIED and self._is_copy(key, node):
                return reads
            self._tasks.append(key)
            if type(node) is Task and _reader(node.func) == _GETITEM:
                _note_slice(node, self._layers, self.sliced)
        return reads

    def _is_copy(self, key: Any, node: Any) -> bool:
        """Whether a task is a copy of another; it counts as that."""
        original = original_of(node)
        if original is None:
            return False
        self._copies.add(key, node, original)
        if self._is_task(original):
            self._tasks.append(original.key)
        return True

    def _is_task(self, node: Any) -> bool:
        kind = _KINDS.get(type(node))
        return (self._classify(node.key, node)[0] if kind is None else kind) == _TASK

    def _classify(self, key: Any, node: Any) -> tuple[int, Iterable[Any]]:
        """Kind and reads of a node that is of none of the classes in `_KINDS`."""
        np = numpy()
        if np is not None and type(node) is np.ndarray:
            _KINDS[np.ndarray] = _LITERAL
            return _LITERAL, ()
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
            if not value or not (_ARE_STR_OR_INT(map(type, value)) or is_plain(value)):
                return False
            if type(value[0]) is str and value[0] in self._layers:
                return True
        elif kind is not str and kind is not int and kind is not float:
            return False
        try:
            return value in self._mapping or (kind is str and value in self._layers)
        except TypeError:
            # A tuple with a slice: before Python 3.12 those have no hash.
            return False

    def groups(self, layer: str, sizes: _Sizes) -> Iterator[Group]:
        """The real tasks by name; the sizes are those of the group that is named as the layer."""
        if not self._tasks:
            return
        reads = tuple({original_name(read, self._layers): None for read in self.outside})
        tasks = _by_name(self._tasks)
        copies = self._copies.consumers_first(tasks)
        for name, others in copies.items():
            keys = tasks.pop(name)
            if puts_blocks_together(name):
                yield Group(name, (1,), 0, 0, 0, others)
            else:
                yield _mapping_group(name, keys, others, NO_SIZES)
        for name, keys in tasks.items():
            others = (*reads, *(inner for inner in self._inside if inner != name))
            yield _mapping_group(name, keys, others, sizes if name == layer else NO_SIZES)


_TASK, _ALIAS, _LITERAL = 1, 2, 3
_KINDS = {Task: _TASK, List: _TASK, Alias: _ALIAS, DataNode: _LITERAL}


def _note_slice(node: Any, layers: Mapping[str, Any], sliced: dict[Any, int]) -> None:
    """Remember which slice a getitem task reads of a source that reads no more than asked."""
    if len(node.args) != 2 or not issubclass(type(node.args[0]), _WITH_KEY):
        return
    source = node.args[0].key
    whole = whole_blockwise(layers.get(name_of(source)))
    if whole is not None and whole.is_getter:
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
        if kind is list:
            todo += value
        elif kind is not tuple and issubclass(kind, GraphNode):
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


def _by_name(keys: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for key in keys:
        # As `name_of` does for most keys, without taking a call.
        name = key[0] if type(key) is tuple and key else key
        if type(name) is not str:
            name = name_of(key)
        if name in groups:
            groups[name].append(key)
        else:
            groups[name] = [key]
    return groups


def group_of_keys(name: str, keys: int | Iterable[Any]) -> Group:
    """Tasks that are known by their keys alone: a number of partitions, or the keys."""
    if type(keys) is int:
        return Group(name, (keys,), None, keys, keys, None)
    return _mapping_group(name, list(keys), None, NO_SIZES)  # type: ignore[arg-type]


def _mapping_group(name: str, keys: list[Any], reads: tuple[str, ...] | None, sizes: _Sizes) -> Group:
    grid, blocks = located(keys)
    return Group(name, grid, blocks, len(keys), len(keys), reads, *sizes)
