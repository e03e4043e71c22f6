"""Tasks that `dask.delayed` has copied: of an array that is handed to it, the whole graph, under other keys.

Each copy has keys with a suffix of its own (`dask._expr.ProhibitReuse`), so by their keys nothing would
repeat although everything runs again. A copied task holds the original, which has kept its key.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from dask import _expr
from dask._task_spec import GraphNode, Task
from dask.highlevelgraph import MaterializedLayer

from lazyscope.capture.plain import name_of

_FINALISER = "finalize-hlgfinalizecompute-"
"""How the name of a task begins that puts the blocks of an array together."""


def _marker() -> Any:
    found = vars(getattr(_expr, "ProhibitReuse", object)).get("_identity")
    return getattr(found, "__func__", None)


COPIED = _marker() or object()
"""What a task calls that is a copy; nothing has it in versions of dask that do not copy."""


def original_of(node: Any) -> Any:
    """The task that a task is a copy of, or the copy of a copy; None if it is none."""
    found = None
    while (
        type(node) is Task
        and node.func is COPIED
        and len(node.args) == 1
        and issubclass(type(node.args[0]), GraphNode)
    ):
        found = node = node.args[0]
    return found


def original_name(key: Any, layers: Mapping[str, Any]) -> str:
    """The name of a key of another layer; that of the original, if it is a copy's."""
    name = name_of(key)
    layer: Any = layers.get(name)
    found = original_of(layer.mapping.get(key)) if type(layer) is MaterializedLayer else None
    return name if found is None else name_of(found.key)


class Copies:
    """The copied tasks of one mapping, by the names of the originals."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        """By name of copied tasks, that of the originals."""
        self._reads: dict[str, set[str]] = {}
        """By name of originals, the names of what the copies read."""

    def add(self, key: Any, node: Any, original: Any) -> None:
        """Note a copied task."""
        name = name_of(original.key)
        self._names[name_of(key)] = name
        self._reads.setdefault(name, set()).update(map(name_of, node.dependencies))

    def consumers_first(self, tasks: Container[str]) -> dict[str, tuple[str, ...]]:
        """What copies of real tasks read, by name; what reads something comes before it."""
        order: dict[str, tuple[str, ...]] = {}
        done: set[str] = set()
        stack = [(name, False) for name in self._reads]
        while stack:
            name, has_read = stack.pop()
            if has_read:
                if name in tasks:
                    order[name] = tuple(self._tasks_read(name, tasks))
            elif name not in done:
                done.add(name)
                stack.append((name, True))
                stack += [(read, False) for read in self._read_by(name) if read in self._reads]
        return dict(reversed(order.items()))

    def _read_by(self, name: str) -> list[str]:
        reads = [self._names.get(read, read) for read in sorted(self._reads.get(name, ()))]
        return [read for read in reads if read != name]

    def _tasks_read(self, name: str, tasks: Container[str]) -> dict[str, None]:
        """Names of the tasks that tasks of a name read, also through aliases."""
        found: dict[str, None] = {}
        pending, seen = self._read_by(name), {name}
        while pending:
            read = pending.pop()
            if read in seen:
                continue
            seen.add(read)
            if read in tasks or read not in self._reads:
                found[read] = None
            else:
                pending += self._read_by(read)
        return found


def puts_blocks_together(name: str) -> bool:
    """Whether a copied task of this name is what computing an array ends with: none of the program's."""
    return name.startswith(_FINALISER)
