"""What dask.dataframe reads: which parts of which files, whatever the columns and filters.

Two columns of one Parquet file share no task key, so a partition that is read again is found by what is
read, not by the task that reads it. A **read unit** is what one task takes from one source:

============  ============================  ========================================================
kind          source                        pieces
============  ============================  ========================================================
``parquet``   path                          ids of row groups
``orc``       path                          ids of stripes
``bytes``     path (CSV, JSON, text)        one ``(offset, length)``
``from_map``  name of the reading function  one token of that function and its arguments, not columns
============  ============================  ========================================================

Pieces are None where the whole source is read. Frames and arrays in memory (``from_pandas``,
``from_array``, persisted partitions) are not read. The parts of ``from_delayed`` are tasks whose keys
last, so only the known file readers among them are units. Nothing here reads, computes or raises.

Which row groups a filter skips is known only once the footer has been read. With ``filesystem="arrow"``
the fragments in the graph keep it: asking after the graph has run is exact. Until then the filter itself
stands for the row groups, and a file in which it finds nothing still counts.
"""

from __future__ import annotations

import sys
import weakref
from collections import ChainMap
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

from dask._expr import Expr
from dask._task_spec import GraphNode, Task, _execute_subgraph
from dask.core import keys_in_tasks
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer
from dask.tokenize import tokenize
from dask.typing import no_default

from lazyscope.capture.own_failures import let_through
from lazyscope.capture.plain import flat


@dataclass(frozen=True, slots=True)
class ReadUnit:
    """What one task takes from one source."""

    kind: str
    source: str
    pieces: tuple[Hashable, ...] | None
    """None: the whole source."""
    of: int | None = field(default=None, compare=False)
    """Row groups in the whole file, where that is known without reading."""
    filtered: str | None = field(default=None, compare=False)
    """Token of the filter that chose the pieces while the task runs."""


class Reads(NamedTuple):
    """The partition reads of one graph."""

    units: list[ReadUnit]
    """One for each read that is performed: the same unit twice when two tasks read it."""
    unknown: frozenset[str]
    """Readers whose tasks were found but not understood: their reads are not in `units`."""
    exact: bool
    """Whether `units` is all that is read and no more; else it is at most this."""


CULL_AT_MOST = 200_000
"""Tasks of a HighLevelGraph beyond which it is taken as wanted whole: culling walks its keys."""

NONE = Reads([], frozenset(), exact=True)


class ReadHistory:
    """The reads of a trace so far.

    A unit is *repeated* when earlier forces read all of its pieces, in whichever tasks, or read the same
    source through the same filter. A whole file is repeated after a read of the whole file, or of every
    row group if their number is known. So the count is a lower bound.
    """

    def __init__(self) -> None:
        self._pieces: dict[tuple[str, str], set[Hashable]] = {}
        self._whole: set[tuple[str, str]] = set()

    def known(self, units: Collection[ReadUnit]) -> int:
        """Count the units that earlier forces had read."""
        return sum(map(self._covers, units))

    def repeated(self, units: Collection[ReadUnit]) -> int:
        """Count the units of a force that earlier forces had read, and remember them all."""
        count = self.known(units)
        for unit in units:
            self._remember(unit)
        return count

    def _covers(self, unit: ReadUnit) -> bool:
        source = unit.kind, unit.source
        if source in self._whole:
            return True
        seen = self._pieces.get(source, set())
        pieces = range(unit.of or 0) if unit.pieces is None else unit.pieces
        return unit.filtered in seen or (len(pieces) > 0 and seen.issuperset(pieces))

    def _remember(self, unit: ReadUnit) -> None:
        source = unit.kind, unit.source
        if unit.pieces is None:
            self._whole.add(source)
            return
        seen = self._pieces.setdefault(source, set())
        seen.update(unit.pieces)
        if unit.filtered is not None:
            seen.add(unit.filtered)


def reads_in_graph(graph: Mapping[Any, Any], wanted: Iterable[Any] | None = None) -> Reads:
    """The partition reads that running a graph performs.

    Parameters
    ----------
    graph : Mapping
        Keys and tasks as a local scheduler gets them. Of a HighLevelGraph only those layers are looked
        at that are mappings already.
    wanted : iterable of keys, optional
        What is asked for, nested lists allowed; tasks that it does not need are left out.
    """
    finder = _Finder()
    try:
        return finder.reads(finder.find(graph, wanted))
    except Exception as error:
        let_through(error)
        return NONE._replace(unknown=frozenset({type(error).__name__}), exact=False)


_NOTHING: list[ReadUnit] = []


class _Finder:
    """Recognises the tasks that read by their functions. One per graph: readers load at any time."""

    def __init__(self) -> None:
        self.readers = _loaded_readers()
        self.unknown: set[str] = set()
        self.exact = True
        self._enforce = _loaded("dask.dataframe.core", "apply_and_enforce")
        self._sample = _loaded("dask.dataframe.dispatch", "make_meta")
        self._identity = _loaded("toolz.functoolz", "identity")

    def find(self, graph: Any, wanted: Iterable[Any] | None) -> dict[Any, list[ReadUnit]]:
        """The reads of a graph by key, cut to what is wanted only if there are any."""
        layered = issubclass(type(graph), HighLevelGraph)
        mappings = _mappings_in(graph) if layered else [graph]
        found: dict[Any, list[ReadUnit]] = {}
        whole = ChainMap(*mappings)
        for mapping in mappings if self.readers else ():
            found.update(self._scan(mapping, whole))
        if not found or wanted is None:
            return found
        if layered and len(graph) > CULL_AT_MOST:
            self.exact = False
            return found
        keys = set(flat(wanted))
        needed = ChainMap(*_mappings_in(graph.cull(keys))) if layered else _needed(graph, keys)
        return {key: units for key, units in found.items() if key in needed}

    def reads(self, found: Mapping[Any, list[ReadUnit]]) -> Reads:
        """What was found, as the answer to a caller."""
        units = [unit for several in found.values() for unit in several]
        exact = self.exact and not any(unit.filtered and unit.of is None for unit in units)
        return Reads(units, frozenset(self.unknown), exact and not self.unknown)

    def _scan(self, mapping: Mapping[Any, Any], graph: Mapping[Any, Any]) -> dict[Any, list[ReadUnit]]:
        found: dict[Any, list[ReadUnit]] = {}
        for key, task in mapping.items():
            if type(task) is not Task:
                continue
            if not task._dependencies or task.func is _execute_subgraph:
                if units := self.units(task):
                    found[key] = units
            elif task.func is self._sample:
                found.update(self._sampled(graph, task))
        return found

    def _sampled(self, graph: Mapping[Any, Any], task: Any) -> dict[Any, list[ReadUnit]]:
        """The partition that dask reads to learn the columns of ``from_map`` without `meta`."""
        leaves = {key: graph[key] for key in task._dependencies if key in graph}
        return {
            key: [self._mapped(leaf.func, leaf)]
            for key, leaf in leaves.items()
            if type(leaf) is Task and not leaf._dependencies
        }

    def units(self, task: Any) -> list[ReadUnit]:
        """What a task reads, with the tasks that are fused or nested in it."""
        func = task.func
        if func is _execute_subgraph:
            return self._of_each(task.args[0].values())
        if func is self._enforce:
            func = task.kwargs["_func"]
        read = self.readers.get(func if type(func) is FunctionType else type(func))
        if read is not None:
            return self._resolve(read, task)
        for argument in task.args:
            if issubclass(type(argument), Task):
                return self._of_each(task.args)
        return self._produced(func, task) if task._data_producer or func is not task.func else _NOTHING

    def _of_each(self, nodes: Iterable[Any]) -> list[ReadUnit]:
        found: list[ReadUnit] = []
        for node in nodes:
            # What needs the result of another task does not read, unless tasks are fused in it.
            if issubclass(type(node), Task) and (not node._dependencies or node.func is _execute_subgraph):
                found += self.units(node)
        return found

    def _resolve(self, read: _Reader, task: Any) -> list[ReadUnit]:
        try:
            return list(read(*task.args, **task.kwargs))
        except Exception as error:
            let_through(error)
            self.unknown.add(read.__name__.strip("_"))
            return _NOTHING

    def _produced(self, func: Any, task: Any) -> list[ReadUnit]:
        """What a task of ``from_map`` with a function of the user's reads."""
        in_memory = issubclass(type(func), type) or func is self._identity or _is_array_source(func, task)
        return _NOTHING if in_memory or task._dependencies else [self._mapped(func, task)]

    def _mapped(self, func: Any, task: Any) -> ReadUnit:
        """A partition that a function of the user's makes, told apart by what it is given."""
        options = {k: v for k, v in task.kwargs.items() if k not in ("columns", "_func", "_meta")}
        given = (*task.args, *options.values())
        token = _token_of(func)
        if all(type(value) in _PLAIN for value in given):
            token += repr((task.args, options))
        else:
            # Data in memory is hashed once, by dask, for the key; a second time would be felt.
            token += tokenize(task.key if any(map(_is_data, given)) else (task.args, options))
        return ReadUnit("from_map", _named(func), (token,))


_PLAIN = {bool, float, int, str, type(None)}

TOKENS = 1_000
"""Reading functions of which the token is remembered before all are forgotten."""

_tokens: dict[int, tuple[weakref.ref[Any], str]] = {}
"""By identity; the weak references have no callback, in which an interruption would be lost."""


def _token_of(func: Any) -> str:
    """The token of a reading function when it was first met: one that counts its calls changes."""
    known = _tokens.get(id(func))
    if known is not None and known[0]() is func:
        return known[1]
    token = str(tokenize(func))
    try:
        reference = weakref.ref(func)
    except TypeError:
        return token
    if len(_tokens) >= TOKENS:
        _tokens.clear()
    _tokens[id(func)] = reference, token
    return token


def _named(func: Any) -> str:
    """Module and name of a function; of other callables those of their class, as they may answer anything."""
    while type(func) is partial:
        func = func.func
    if type(func) not in _FUNCTIONS:
        func = type(func)
    return f"{func.__module__}.{func.__name__.strip('<>')[:_LONGEST_NAME]}"


_FUNCTIONS = (FunctionType, BuiltinFunctionType)
_LONGEST_NAME = 50


_Reader = Callable[..., Iterable[ReadUnit]]

_READERS = (
    ("dask.dataframe.dask_expr.io.parquet", "ReadParquetPyarrowFS._fragment_to_table", "_fragment"),
    ("dask.dataframe.dask_expr.io.io", "FusedParquetIO._load_multiple_files", "_fragments"),
    ("dask.dataframe.io.parquet.core", "ParquetFunctionWrapper", "_parquet_part"),
    ("dask.dataframe.io.orc.core", "_read_orc", "_orc_part"),
    ("dask.dataframe.io.json", "read_json_file", "_whole_file"),
    ("dask.bytes.core", "read_block_from_file", "_block"),
)
"""Module, reading function or class of callables, and the function here that understands its arguments."""


def _loaded_readers() -> dict[Any, _Reader]:
    found = ((_loaded(module, name), globals()[reader]) for module, name, reader in _READERS)
    return {function: reader for function, reader in found if function is not None}


def _loaded(module: str, name: str) -> Any:
    """Something of a module if that is loaded and has it."""
    try:
        return attrgetter(name)(sys.modules[module])
    except (KeyError, AttributeError):
        return None


def _fragment(fragment_wrapper: Any, filters: Any, schema: Any, **_: Any) -> Iterable[ReadUnit]:
    fragment = fragment_wrapper._fragment
    if fragment is not None:
        return _fragment_read(fragment, filters, schema)
    return [_parquet(fragment_wrapper._fragment_packed[1], None, None, filters)]


def _fragment_read(fragment: Any, filters: Any, schema: Any) -> list[ReadUnit]:
    groups, total = _row_groups(fragment, filters, schema)
    return [] if groups == () else [_parquet(fragment.path, groups, total, filters)]


def _parquet(path: Any, groups: tuple[int, ...] | None, total: int | None, filters: Any) -> ReadUnit:
    """A read through a filter; the filter's token stands for row groups that are not known."""
    token = None if filters is None else tokenize(filters)
    if groups is None:
        return ReadUnit("parquet", str(path), None if token is None else (token,), total, token)
    return ReadUnit("parquet", str(path), None if len(groups) == total else groups, total, token)


def _row_groups(fragment: Any, filters: Any, schema: Any) -> tuple[tuple[int, ...] | None, int | None]:
    """Row groups a fragment will read and those in its file; None while its footer is unread.

    How the fragment pickles tells whether it has its footer. All its properties would fetch it.
    """
    ids = fragment.__reduce__()[1][-1]
    if ids is None:
        return None, None
    if filters is not None:
        if isinstance(filters, list):
            filters = sys.modules["pyarrow.parquet"].filters_to_expression(filters)
        ids = [group.id for group in fragment.subset(filters, schema).row_groups]
    return tuple(ids), fragment.metadata.num_row_groups


def _fragments(frag_filters: Any, _columns: Any, schema: Any, **_: Any) -> Iterable[ReadUnit]:
    for fragment, filters in frag_filters:
        yield from _fragment(fragment, filters, schema)


def _parquet_part(part: Any, **_: Any) -> Iterable[ReadUnit]:
    for piece in part if isinstance(part, list) else [part]:
        path, groups = piece["piece"][:2]
        whole = groups is None or list(groups) == [None]
        yield ReadUnit("parquet", path, None if whole else tuple(groups))


def _orc_part(parts: Any, **_: Any) -> Iterable[ReadUnit]:
    for path, stripes in parts:
        yield ReadUnit("orc", path, None if stripes is None else tuple(stripes))


def _whole_file(file: Any, *_: Any, **__: Any) -> Iterable[ReadUnit]:
    yield ReadUnit("bytes", file.path, None)


def _block(file: Any, offset: int, length: int | None, *_: Any) -> Iterable[ReadUnit]:
    yield ReadUnit("bytes", file.path, None if length is None else ((offset, length),))


def _is_array_source(func: Any, task: Any) -> bool:
    """Whether it is a chunk of an array that was given to ``dask.array.from_array``."""
    if type(func) is FunctionType and str(func.__module__).startswith("dask.array"):
        return True
    return any(type(given) is tuple and given and type(given[0]) is slice for given in task.args)


def _is_data(value: Any) -> bool:
    """Whether it is a frame or an array in memory, which takes long to hash."""
    return any(kind.__module__ in _OF_DATA and kind.__name__ in _DATA for kind in type(value).__mro__)


_OF_DATA = ("numpy", "pandas", "pandas.core.frame", "pandas.core.series", "pandas.core.indexes.base")
_DATA = ("ndarray", "DataFrame", "Series", "Index")


def _mappings_in(graph: Any) -> list[Any]:
    """The layers that are mappings: dask.array alone makes the others."""
    return [layer.mapping for layer in graph.layers.values() if type(layer) is MaterializedLayer]


def _needed(graph: Mapping[Any, Any], wanted: Iterable[Any]) -> set[Any]:
    """The keys that what is wanted depends on."""
    needed: set[Any] = set()
    stack = list(wanted)
    while stack:
        key = stack.pop()
        if key not in needed and key in graph:
            needed.add(key)
            task = graph[key]
            is_node = issubclass(type(task), GraphNode)
            stack.extend(task.dependencies if is_node else keys_in_tasks(graph, [task]))
    return needed


# Expressions: for schedulers that materialise them elsewhere


def reads_in_expression(expr: Any) -> Reads | None:
    """The partition reads that running an optimised expression performs; None if it cannot be told.

    Parameters
    ----------
    expr : dask._expr.Expr
        As `dask.base.compute` hands it to a scheduler. It is not materialised; where partitions were
        chosen of others, dask caches in it how many there are.
    """
    finder = _Finder()
    if not finder.readers:
        return NONE
    try:
        found: dict[Any, list[ReadUnit]] = {}
        for node, parts in _Nodes(expr, by_key=False):
            found.update(_node_reads(finder, node, parts))
        return finder.reads(found)
    except Exception as error:
        let_through(error)
        return None


def tasks_in_expression(expr: Any) -> dict[str, int | frozenset[Any]] | None:
    """The tasks that an optimised dataframe expression asks for, by the name their keys begin with.

    Fused tasks are taken apart, so equal work has equal keys in every force. Literals, partitions in
    memory, aliases and the task that joins the partitions of a result are left out. Properties that dask
    would compute and cache to materialise `expr` are computed and cached: numbers of partitions, metadata.

    Returns
    -------
    dict or None
        A number n stands for the keys ``(name, 0)`` to ``(name, n - 1)``. None if `expr` is no
        expression of dask.dataframe alone, or dask would have to run a graph.
    """
    try:
        nodes = _Nodes(expr, by_key=True)
        tasks: dict[str, int | frozenset[Any]] = {}
        for node, parts in nodes:
            tasks.update(_node_tasks(node, parts, nodes.layers.get(node._name)))
        for operand in expr.operands:
            if _is(operand, "RepartitionToFewer") and operand.npartitions == 1:
                tasks.pop(operand._name, None)
        return tasks
    except Exception as error:
        let_through(error)
        return None


_Parts = frozenset[int] | None
"""Partitions wanted of a node; None for all."""


class _Nodes:
    """The nodes of an expression, those fused into others too, with the partitions wanted of each.

    Parameters
    ----------
    root : dask._expr.Expr
    by_key : bool
        Whether to look into every layer for what its keys need. Else a node that is wanted whole wants
        its inputs whole, which is true of all that read.
    """

    def __init__(self, root: Any, *, by_key: bool) -> None:
        self._by_key = by_key
        self._found: dict[str, tuple[Any, _Parts]] = {}
        self.layers: dict[str, dict[Any, Any]] = {}
        """What is wanted of the layers that were looked into."""
        everything = list(_everything_in(root))
        counts = by_key or any(_is(node, "Partitions") for node in everything)
        if counts and any(map(_has_to_sample, everything)):
            raise TypeError(type(root))
        self._visit(root)

    def __iter__(self) -> Iterator[tuple[Any, _Parts]]:
        return iter(self._found.values())

    def _visit(self, root: Any) -> None:
        stack: list[tuple[Any, _Parts]] = [(root, None)]
        while stack:
            node, parts = stack.pop()
            if node._name in self._found:
                known = self._found[node._name][1]
                if known is None or (parts is not None and parts <= known):
                    continue
                parts = None if parts is None else parts | known
            self._found[node._name] = node, parts
            stack.extend(self._inputs(node, parts))

    def _inputs(self, node: Any, parts: _Parts) -> list[tuple[Any, _Parts]]:
        """What a node needs of others for these of its partitions."""
        if _is(node, "Partitions"):
            chosen = node.partitions if parts is None else [node.partitions[i] for i in parts]
            return [(node.frame, frozenset(chosen))]
        if _is_dataframe(node) and not _is_one_per_partition(node) and (self._by_key or parts is not None):
            return self._inputs_by_key(node, parts)
        if parts is not None and _is(node, "Blockwise"):
            return [(one, None if one.npartitions == 1 else parts) for one in _inputs_of(node)]
        return [(one, None) for one in _inputs_of(node)]

    def _inputs_by_key(self, node: Any, parts: _Parts) -> list[tuple[Any, _Parts]]:
        inputs = {one._name: (one, range(one.npartitions)) for one in node.dependencies()}
        outside = {(name, i): None for name, (_, numbers) in inputs.items() for i in numbers}
        graph = {**outside, **node._layer()}
        needed = _needed(
            graph, [(node._name, i) for i in (range(node.npartitions) if parts is None else parts)]
        )
        self.layers[node._name] = {key: graph[key] for key in needed if key not in outside}
        wanted = {n: frozenset(i for i in numbers if (n, i) in needed) for n, (_, numbers) in inputs.items()}
        return [(inputs[name][0], numbers) for name, numbers in wanted.items() if numbers]


def _everything_in(root: Any) -> Iterator[Any]:
    seen: set[str] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node._name not in seen:
            seen.add(node._name)
            yield node
            stack.extend(_inputs_of(node))


def _inputs_of(node: Any) -> list[Any]:
    if _is(node, "HLGExpr"):
        return []
    return list(node.exprs if _is(node, "Fused") else node.dependencies())


def _is(node: Any, *names: str) -> bool:
    """Whether a node is of a class of one of these names, by name so as to import nothing."""
    return any(kind.__name__ in names for kind in type(node).__mro__)


def _node_reads(finder: _Finder, node: Any, parts: _Parts) -> Mapping[Any, list[ReadUnit]]:
    if _is(node, "HLGExpr"):
        return finder.find(node.hlg, node.__dask_keys__())
    if _is(node, "LLGExpr"):
        return finder.find(node.operand("dsk"), None)
    if _is(node, "FromGraph"):
        return finder.find(node.operand("layer"), _chosen(node.operand("keys"), parts))
    if _is(node, "DelayedsExpr", "_DelayedExpr"):
        return _delayed_reads(finder, _chosen(node.operands, parts))
    if _is(node, "BlockwiseIO") and not _is(node, "FromPandas", "FromArray"):
        return _io_reads(finder, node, parts)
    return {}


def _io_reads(finder: _Finder, node: Any, parts: _Parts) -> Mapping[Any, list[ReadUnit]]:
    source = node
    if _is(node, "FusedIO"):
        source = node.operand("_expr")
        buckets = [source._partitions] if parts is None else _chosen(node._fusion_buckets, parts)
        numbers = [number for bucket in buckets for number in bucket]
    else:
        numbers = _chosen(getattr(node, "_partitions", None) or range(node.npartitions), parts)
    if _is(source, "ReadParquetPyarrowFS"):
        schema = source._dataset_info["schema"].remove_metadata()
        return {(node._name, n): _fragment_read(source.fragments[n], source.filters, schema) for n in numbers}
    return {(node._name, n): finder.units(_io_task(source, n)) for n in numbers}


def _io_task(source: Any, number: int) -> Any:
    """The task that reads one partition."""
    key = (source._name, number)
    if not _is(source, "FromMap"):
        return getattr(source, "_filtered_task", source._task)(key, number)
    # Its own task asks for the columns, and unless they were given dask computes to find out.
    given = [values[number] for values in source.iterables]
    return Task(key, source.func, *given, *source.args, _data_producer=True, **source.operand("kwargs"))


def _delayed_reads(finder: _Finder, parts: list[Any]) -> Mapping[Any, list[ReadUnit]]:
    found: dict[Any, list[ReadUnit]] = {}
    for part in parts:
        if hasattr(part, "dask"):
            found.update(finder.find(part.dask, [part.key]))
    return found


def _chosen(items: Any, parts: _Parts) -> list[Any]:
    return list(items) if parts is None else [items[i] for i in sorted(parts)]


def _node_tasks(node: Any, parts: _Parts, layer: Mapping[Any, Any] | None) -> dict[str, int | frozenset[Any]]:
    """The real tasks of one node, by the name of their keys.

    Raises
    ------
    TypeError
        If it is no node of a dataframe expression.
    """
    if not _is_dataframe(node) and not _is(node, "_ExprSequence"):
        raise TypeError(type(node))
    if _is(node, "Fused", "Literal", "FromPandas", "Partitions", "_ExprSequence"):
        return {}
    if layer is None:
        if _is(node, "FromDelayed") and not node.verify_meta:
            return {}
        count = int(node.npartitions)
        whole = parts is None or len(parts) == count
        return {node._name: count if whole else frozenset((node._name, i) for i in parts or ())}
    names: dict[str, set[Any]] = {}
    for key in _keys_of_tasks(layer):
        names.setdefault(key[0] if type(key) is tuple else key, set()).add(key)
    return {name: frozenset(keys) for name, keys in names.items()}


def _keys_of_tasks(layer: Mapping[Any, Any]) -> Iterator[Any]:
    stack = list(layer.items())
    while stack:
        key, task = stack.pop()
        if issubclass(type(task), Task) and task.func is _execute_subgraph:
            stack.extend(task.args[0].items())
        elif issubclass(type(task), Task) or (type(task) is tuple and task and callable(task[0])):
            yield key


def _has_to_sample(node: Any) -> bool:
    """Whether asking this node for its columns makes dask read a partition."""
    known = {"_meta", "frame_meta"} & vars(node).keys()
    return not known and _is(node, "FromMap") and node.operand("user_meta") is no_default


def _is_one_per_partition(node: Any) -> bool:
    return type(node)._layer is Expr._layer


def _is_dataframe(node: Any) -> bool:
    return any(kind.__module__.startswith("dask.dataframe") for kind in type(node).__mro__)
