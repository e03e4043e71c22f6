"""A dask array as the user knows it: where it was made, what it is called, how large it is."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lazyscope.analysis.bindings import bindings_of, outermost_variable
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.source import Found, found_at
from lazyscope.analysis.syntax.terms import words
from lazyscope.model import events
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class Array:
    """A dask array, as far as a trace knows it."""

    name: str
    text: int
    """Number of the text that is its name."""
    layer: int | None
    """The layer of that name; None if it was never asked for, or is held in memory."""
    made_by: events.Call | None
    """The call that made it; None if it existed before the trace, or nothing was seen of its making."""
    at_user: bool
    """Whether the user has it in hand: made by, handed to or forced by a line of the user's."""
    position: int | None
    """Number of the user's position at which it was made."""
    variable: str | None
    """What the user's line assigned it to, where that is a plain name; of an array that existed before the
    trace, a variable that was bound to it."""
    bytes: int | None
    """Its size when it is computed; at most, where only its largest chunk is known."""
    bound_at: int | None = None
    """Number of the user's position at which an array that existed before the trace was found by that
    variable."""


def array_of(trace: TraceData, name: int, maker: int | None) -> Array:
    """Describe an array.

    Parameters
    ----------
    trace
        The trace.
    name
        Number of the text that is its name.
    maker
        Index of the call that made it, as in `lineage.Made`.
    """
    known = lineage(trace)
    call = None if maker is None else trace.calls[maker]
    layer = known.layers.get(name)
    position = None if call is None else call.user_site
    at_user = name in known.at_user
    variable = None if position is None or not at_user else variable_at(trace, position)
    held = outermost_variable(trace, name) if call is None else None
    return Array(
        name=trace.texts[name],
        text=name,
        layer=layer,
        made_by=call,
        at_user=at_user,
        position=position,
        variable=variable if held is None else held.variable,
        bytes=_bytes(trace, name, call, layer),
        bound_at=None if held is None else held.position,
    )


def _bytes(trace: TraceData, name: int, call: events.Call | None, layer: int | None) -> int | None:
    for output, dtype, layout in call.outputs if call is not None else ():
        size = layout_bytes(trace, dtype, layout) if output == name else None
        if size is not None:
            return size
    for binding in bindings_of(trace, name):
        if binding.dtype is not None and binding.layout is not None:
            size = layout_bytes(trace, binding.dtype, binding.layout)
            if size is not None:
                return size
    return None if layer is None else layer_bytes(trace.layers[layer])


def layout_bytes(trace: TraceData, dtype: int, layout: int) -> int | None:
    """Bytes of an array from the numbers of its dtype (a text) and layout; None where a length is unknown."""
    size, shape = itemsize(trace.texts[dtype]), trace.layouts[layout].shape
    known = [length for length in shape if length is not None]
    return None if size is None or len(known) < len(shape) else in_bytes(size, known)


def layer_bytes(layer: events.Layer) -> int | None:
    """Blocks times the largest chunk; None where one of them is unknown."""
    if layer.blocks is None or layer.chunk_bytes is None:
        return None
    return in_bytes(layer.chunk_bytes, layer.blocks)


def in_bytes(one: int, lengths: Iterable[int]) -> int | None:
    """So many times the bytes of one; None beyond what formats can hold, as of arrays nobody will compute."""
    size = one * math.prod(lengths)
    return size if size < 1 << 63 else None


_LONGEST_DTYPE = 2_000
"""Characters: NumPy reads a list of types and evaluates it."""


@lru_cache(maxsize=256)
def itemsize(dtype: str) -> int | None:
    """Bytes of one element; None where the text is no dtype."""
    # Under pytest, NumPy is imported by the tests or not at all.
    import numpy as np

    if len(dtype) > _LONGEST_DTYPE:
        return None
    try:
        return int(np.dtype(dtype).itemsize) or None
    except Exception:
        # SyntaxError, OverflowError and others: it depends on what the text looks like.
        return None


# Names of variables


def variable_at(trace: TraceData, position: int) -> str | None:
    """The variable that holds what was made at a position, as the statement there says.

    ``x = ...`` whose whole value is the expression at the position, ``x += ...`` and ``x[...] = ...`` say
    so; every other statement does not.
    """
    known: dict[int, str | None] = vars(trace).setdefault("_analysed_variables", {})
    if position not in known:
        known[position] = _variable_at(trace, position)
    return known[position]


def _variable_at(trace: TraceData, position: int) -> str | None:
    found = found_at(trace, position)
    if found is None:
        return None
    node, place = found.statement, trace.positions[position]
    if isinstance(node, ast.AugAssign):
        whole = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
        here = (place.line, place.end_line, place.column, place.end_column)
        return _name(node.target) if here == whole else None
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if place.opcode.startswith("STORE_") and isinstance(target, ast.Subscript):
            return _name(target.value)
        if found.expression is None or found.expression is not node.value:
            return None
        return None if _holds_parts(found, _name(target)) else _name(target)
    return None


_PROPERTIES = words(
    "T mT blocks chunks chunksize dask dtype flat imag itemsize name nbytes ndim npartitions numblocks "
    "partitions real shape size vindex"
)
"""What an array has that is no method."""

_TABLES = ("xarray", "dask.dataframe", "pandas")
"""Libraries whose objects have their columns for attributes, and can be held like an array."""


def _holds_parts(found: Found, variable: str | None) -> bool:
    """Whether a variable is an object with arrays for parts: ``result.pvalue`` is read from it."""
    if variable is None or not isinstance(found.expression, ast.Call):
        return False
    if any(name.startswith(_TABLES) for name in _imported(found.module)):
        return False
    functions = [node for node in found.path if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return variable in _objects(functions[-1] if functions else found.module)


@lru_cache(maxsize=256)
def _imported(module: ast.Module) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


@lru_cache(maxsize=256)
def _objects(owner: ast.AST) -> frozenset[str]:
    called = {id(node.func) for node in ast.walk(owner) if isinstance(node, ast.Call)}
    read = (
        node.value.id
        for node in ast.walk(owner)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.attr not in _PROPERTIES
        and id(node) not in called
    )
    return frozenset(read)


def _name(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else None
