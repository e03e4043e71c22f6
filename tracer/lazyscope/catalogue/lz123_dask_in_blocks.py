"""A function that dask runs on blocks calls functions of dask.

When it occurs
    ``map_blocks`` hands NumPy arrays to the function. ``da.where(block > 1, 1, block)`` in it makes a dask
    array of each of them, which is what the task returns: the result is computed once more when it is needed,
    with a scheduler inside the scheduler, or with the whole of it in memory.

Fixes
    ``native-function``: NumPy's functions in place of dask's: ``np.where(block > 1, 1, block)``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from lazyscope.analysis.source import found_at
from lazyscope.analysis.syntax.terms import FUNCTIONS, called_name, imports_of, own_nodes, path_of, words
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.fixes.convert_input import numpy_in_block_function
from lazyscope.fixes.written import written_at
from lazyscope.model.trace import Force, TraceData

CODE = "LZ123"
TITLE = "A block function calls dask"

EXAMPLE = """
import dask.array as da
import numpy as np


def limited(block):
    return da.where(block > 3, 3, block)


x = da.arange(12, chunks=4)
y = x.map_blocks(limited, dtype=x.dtype, meta=np.empty(0, dtype=x.dtype))
print(np.asarray(y).sum())
"""

REPAIRED = """
import dask.array as da
import numpy as np


def limited(block):
    return np.where(block > 3, 3, block)


x = da.arange(12, chunks=4)
y = x.map_blocks(limited, dtype=x.dtype, meta=np.empty(0, dtype=x.dtype))
print(np.asarray(y).sum())
"""

_RUNNING = words("map_blocks map_overlap")


def find(trace: TraceData) -> Iterator[Discovery]:
    """Calls of the user's that hand dask a function of the same file which calls dask."""
    seen: set[int] = set()
    for call in trace.calls:
        name = trace.texts[call.operation].rpartition(".")[2]
        if name not in _RUNNING or call.site != call.user_site or call.site in seen:
            continue
        seen.add(call.site)
        function = _function(trace, call.site)
        if function is not None:
            yield _discovery(trace, call.site, function)


def _function(trace: TraceData, position: int) -> ast.FunctionDef | None:
    """The function that is handed over, where it works with dask's functions on what it is given."""
    found = found_at(trace, position)
    node = found.expression if found is not None else None
    if found is None or not isinstance(node, ast.Call) or called_name(node) not in _RUNNING:
        return None
    names = [one.id for one in node.args[:1] if isinstance(one, ast.Name)]
    defined = [
        one for one in ast.walk(found.module) if isinstance(one, ast.FunctionDef) and [one.name] == names
    ]
    if len(defined) != 1 or not list(_calls_of_dask(found.module, defined[0])):
        return None
    return defined[0]


def _calls_of_dask(module: ast.Module, function: ast.FunctionDef) -> Iterator[ast.Call]:
    given = {one.arg for one in function.args.args}
    imports = imports_of(module)
    for statement in function.body:
        for node in ast.walk(statement) if not isinstance(statement, FUNCTIONS) else ():
            if not isinstance(node, ast.Call):
                continue
            path = path_of(node.func)
            full = ".".join((imports.get(path[0], path[0]), *path[1:])) if path else ""
            takes = any(
                isinstance(part, ast.Name) and part.id in given
                for argument in node.args
                for part in own_nodes(argument)
            )
            if full.startswith(("dask.array.", "array_api_compat.dask.array.")) and takes:
                yield node


def _computed_twice(trace: TraceData) -> list[Force]:
    """Forces of lines that ask for values: that of a graph, and then that of what came of it."""
    found: dict[int, Force] = {}
    for one, following in pairwise(trace.forces):
        same = (one.begin.site, one.begin.trigger) == (following.begin.site, following.begin.trigger)
        if same and one.begin.trigger in ("__array__", "compute"):
            found |= {one.id: one, following.id: following}
    return list(found.values())


def _discovery(trace: TraceData, position: int, function: ast.FunctionDef) -> Discovery:
    written = written_at(trace, position)
    twice = _computed_twice(trace)
    fixes = (numpy_in_block_function(trace, position, function),) if written is not None else ()
    return Discovery(
        Match(
            why=(
                f"dask runs `{function.name}` on NumPy blocks, and it calls functions of dask: each block "
                "becomes a dask array again, which is computed on its own, after the graph has run."
            ),
            fixes=fixes,
            at_least="medium",
            expected=not twice,
        ),
        site=position,
        user_site=position,
        leads_to=tuple(force.id for force in twice),
        at_stake=sum(force.self_seconds for force in twice),
    )
