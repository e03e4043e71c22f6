"""An observer that is independent of lazyscope: it sits below every sensor of it.

`Witness` wraps `dask.local.start_state_from_dask`, which dask's own scheduler calls once for each
execution, and notes the stack and what was asked for. It reads stacks by file name alone, and walks
graphs in dask's own terms, task by task.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

import dask.array as da
import dask.base
import dask.local
import numpy as np
from dask._task_spec import GraphNode, Task, convert_legacy_graph
from dask.array.chunk import getitem
from dask.array.core import getter, getter_inline, getter_nofancy
from dask.core import flatten

GETTERS = (getter, getter_inline, getter_nofancy)


# What was asked for, walked key by key


def asked(graphs: Iterable[tuple[Mapping[Any, Any], Iterable[Any]]]) -> Counter[Any]:
    """The real tasks that graphs and the keys wanted of them ask for.

    A source chunk that is read by one ``x[slice]`` task alone counts as (key, slice). Aliases count as
    what they stand for.
    """
    nodes: dict[Any, GraphNode] = {}
    wanted: list[Any] = []
    for graph, keys in graphs:
        nodes.update(convert_legacy_graph(dict(graph)))
        wanted.extend(keys)
    seen: set[Any] = set()
    readers: dict[Any, list[Any]] = {}
    todo = list(wanted)
    for key in wanted:
        readers.setdefault(key, []).append(None)
    while todo:
        key = todo.pop()
        if key in seen or key not in nodes:
            continue
        seen.add(key)
        for read in nodes[key].dependencies:
            readers.setdefault(read, []).append(key)
            todo.append(read)
    tasks: Counter[Any] = Counter()
    for key in seen:
        if isinstance(nodes[key], Task) and not _puts_blocks_together(_copied(nodes[key])):
            tasks[_unit(key, nodes, readers)] += 1
    return tasks


def _copied(node: GraphNode) -> GraphNode:
    """What a task of `dask.delayed` is a copy of, which has kept its key; else the task."""
    while isinstance(node, Task) and getattr(node.func, "__qualname__", "") == "ProhibitReuse._identity":
        node = node.args[0]
    return node


def _puts_blocks_together(node: GraphNode) -> bool:
    """Whether a task makes one NumPy array of the blocks of a dask array that was handed to `delayed`."""
    name = node.key[0] if isinstance(node.key, tuple) else node.key
    return str(name).startswith("finalize-hlgfinalizecompute-")


def _unit(key: Any, nodes: dict[Any, GraphNode], readers: dict[Any, list[Any]]) -> Any:
    """A task as it is matched: its key, with the slice where only that is read."""
    if _copied(nodes[key]) is not nodes[key]:
        return _copied(nodes[key]).key
    if nodes[key].func not in GETTERS or len(readers[key]) != 1:
        return key
    reader = nodes.get(readers[key][0])
    if not isinstance(reader, Task) or reader.func is not getitem or len(reader.args) != 2:
        return key
    index = getattr(reader.args[1], "value", reader.args[1])
    return key, repr(index)


def asked_of(*collections: Any) -> Counter[Any]:
    """What computing these collections together asks for, before optimisation."""
    return asked([(c.__dask_graph__(), list(flatten(c.__dask_keys__()))) for c in collections])


def repeated(forces: Iterable[Counter[Any]]) -> list[int]:
    """How many tasks of each force an earlier one had asked for."""
    before: set[Any] = set()
    counts = []
    for tasks in forces:
        counts.append(len(tasks.keys() & before))
        before |= tasks.keys()
    return counts


# Executions


@dataclass
class Execution:
    """One execution of a graph by dask's own scheduler."""

    frames: list[tuple[str, str, int]]
    """(file, function, line), outermost first."""
    tasks: Counter[Any]
    thread: str

    def line_in(self, file: str) -> int | None:
        """Line of the innermost frame of a file."""
        return next((line for name, _, line in reversed(self.frames) if name == file), None)


class Witness(list[Execution]):
    """Every execution since `watch` began, in order."""

    def __init__(self) -> None:
        super().__init__()
        self._original: Callable[..., Any] = dask.local.start_state_from_dask

    def watch(self) -> None:
        """Begin to watch."""
        dask.local.start_state_from_dask = self._noted

    def stop(self) -> None:
        """Put dask's function back."""
        dask.local.start_state_from_dask = self._original

    def _noted(self, dsk: Any, *args: Any, **kwargs: Any) -> Any:
        scheduler = next(f for f in _outwards(sys._getframe(1)) if f.f_code is _GET_ASYNC)
        tasks = _tasks_behind(scheduler)
        frames = [(f.f_code.co_filename, f.f_code.co_name, f.f_lineno) for f in _outwards(scheduler)]
        self.append(Execution(frames[::-1], tasks, threading.current_thread().name))
        return self._original(dsk, *args, **kwargs)

    @property
    def tasks(self) -> list[int]:
        """Real tasks of each execution."""
        return [sum(execution.tasks.values()) for execution in self]

    @property
    def repeated(self) -> list[int]:
        """Tasks of each execution that an earlier one had asked for."""
        return repeated(execution.tasks for execution in self)


_GET_ASYNC = dask.local.get_async.__code__


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _tasks_behind(frame: FrameType) -> Counter[Any]:
    """What the caller of the scheduler asked for: unoptimised, where dask still knows."""
    for outer in _outwards(frame):
        code, local = outer.f_code, outer.f_locals
        if code.co_name in ("compute", "persist") and code.co_filename == dask.base.__file__:
            if "collections" in local:
                return asked_of(*local["collections"])
        elif code.co_name == "compute_as_if_collection":
            keys = local["keys"]
            return asked([(local["dsk"], list(flatten(keys)) if isinstance(keys, list) else [keys])])
        elif code.co_name in ("execute_task", "batch_execute_tasks"):
            break
    local = frame.f_locals
    return asked([(local["dsk"], local["results"])])


# Sources that count


class Counting:
    """What was done, force by force: a force is what the witness saw last."""

    def __init__(self, witness: Witness | None = None) -> None:
        self.done: list[tuple[int, Any]] = []
        self._witness = witness
        self._lock = threading.Lock()

    def note(self, what: Any) -> None:
        """Note that something was done now."""
        with self._lock:
            self.done.append((0 if self._witness is None else len(self._witness), what))

    @property
    def times(self) -> Counter[Any]:
        """How often each thing was done."""
        return Counter(what for _, what in self.done)

    @property
    def repeated(self) -> int:
        """How often a thing was done that an earlier force had done; once for each force."""
        forces: dict[int, set[Any]] = {}
        for number, what in self.done:
            forces.setdefault(number, set()).add(what)
        before: set[Any] = set()
        count = 0
        for _, things in sorted(forces.items()):
            count += len(things & before)
            before |= things
        return count


class Reader(Counting):
    """An array on disk, so to speak, that notes which ranges are read."""

    def __init__(self, *shape: int, witness: Witness | None = None) -> None:
        super().__init__(witness)
        self.shape = shape
        self.dtype = np.dtype("f8")
        self.ndim = len(shape)
        self._data = np.arange(float(np.prod(shape))).reshape(shape)

    def __dask_tokenize__(self) -> Any:
        return "reader", id(self)

    def __getitem__(self, index: Any) -> np.ndarray:
        part = self._data[index]
        if part.size:
            self.note(repr(index))
        return part


class Blocks(Counting):
    """A function for `map_blocks` that notes which blocks it is run for."""

    def __dask_tokenize__(self) -> Any:
        return "blocks", id(self)

    def __call__(self, *args: Any, block_info: Any = None) -> np.ndarray:
        if not block_info:
            return args[0]
        where = block_info[None]
        self.note(tuple(where["chunk-location"]))
        if args:
            return args[0]
        shape = where["chunk-shape"]
        first = sum(int(low) for low, _ in where["array-location"])
        return np.arange(float(np.prod(shape))).reshape(shape) + first

    def array(self, *chunks: tuple[int, ...]) -> da.Array:
        """An array whose blocks this function makes, called ``source``."""
        meta = np.empty((0,) * len(chunks))
        return da.map_blocks(self, chunks=chunks, dtype=float, meta=meta, name=f"source-{id(self)}")
