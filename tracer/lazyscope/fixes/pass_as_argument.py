"""``pass-as-argument``: hand a dask array to a function that runs on blocks, instead of having it reach out.

As an argument the function gets the block of it. Only an array without dimensions is one block for all.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from lazyscope.analysis.source import found_at, source_file
from lazyscope.analysis.syntax.terms import FUNCTIONS, called_name, imports_of, words
from lazyscope.fixes.consumers import Consumers
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.placement import file_at
from lazyscope.fixes.written import assigned_outputs
from lazyscope.model.trace import TraceData

_TAKING = words("map_blocks")
"""Functions of dask that give further arguments to the function, block by block."""


@dataclass(frozen=True)
class _Handed:
    """A function of the file, and the one call that hands it to dask."""

    function: ast.FunctionDef | ast.Lambda
    call: ast.Call
    place: int
    """Which positional argument of the call the function is."""


def as_argument(trace: TraceData, position: int, names: Sequence[str]) -> Edit | None:
    """Give a function the arrays that it reaches for.

    Parameters
    ----------
    trace
        The trace.
    position
        A position in the function.
    names
        The variables by which it reaches them.
    """
    file = file_at(trace, position)
    handed = _handed(trace, position)
    if handed is None or not names or not all(_is_single(trace, file, name) for name in names):
        return None
    function, call = handed.function, handed.call
    arguments = function.args
    given = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    if arguments.vararg or arguments.kwarg or set(given) & set(names) or arguments.defaults:
        return None
    arrays = call.args if handed.place == 0 and _is_method(trace, file, call) else call.args[1:]
    taken = len(arrays) if handed.place == 0 and _is_method(trace, file, call) else len(arrays) + 1
    positional = [*arguments.posonlyargs, *arguments.args]
    if not positional or taken != len(positional) or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    draft = Draft(trace)
    more = "".join(f", {name}" for name in names)
    draft.append(file, _as_node(positional[-1]), more)
    draft.append(file, call.args[-1], more)
    consumers = Consumers(draft, file)
    for node in _uses(function, names):
        if not consumers.adapt(node):
            return None
    return draft.edit()


def _as_node(parameter: ast.arg) -> ast.expr:
    """A parameter as a node with a place in the text."""
    return ast.copy_location(ast.Name(parameter.arg), parameter)


def _is_method(trace: TraceData, file: int, call: ast.Call) -> bool:
    """Whether the array stands before the dot: ``x.map_blocks(f)``, not ``da.map_blocks(f, x)``."""
    tree = source_file(trace, file).tree
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(owner, ast.Name) or tree is None:
        return owner is not None
    return owner.id not in imports_of(tree)


def _handed(trace: TraceData, position: int) -> _Handed | None:
    found = found_at(trace, position)
    if found is None:
        return None
    node: ast.AST | None = found.expression
    while node is not None and not isinstance(node, ast.Lambda):
        node = found.parents.get(node)
    if isinstance(node, ast.Lambda):
        call = found.parents.get(node)
        if isinstance(call, ast.Call) and called_name(call) in _TAKING and call.args[:1] == [node]:
            return _Handed(node, call, 0)
        return None
    around = [one for one in found.path[:-1] if isinstance(one, FUNCTIONS)]
    if not around or not isinstance(around[-1], ast.FunctionDef) or around[-1].decorator_list:
        return None
    function = around[-1]
    uses = [
        one
        for one in ast.walk(found.module)
        if isinstance(one, ast.Name) and one.id == function.name and isinstance(one.ctx, ast.Load)
    ]
    calls = [
        one
        for one in ast.walk(found.module)
        if isinstance(one, ast.Call) and called_name(one) in _TAKING and one.args and one.args[0] in uses
    ]
    return _Handed(function, calls[0], 0) if len(uses) == len(calls) == 1 else None


def _uses(function: ast.FunctionDef | ast.Lambda, names: Sequence[str]) -> list[ast.Name]:
    bodies = function.body if isinstance(function, ast.FunctionDef) else [function.body]
    return [
        node
        for body in bodies
        for node in ast.walk(body)
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load)
    ]


def _is_single(trace: TraceData, file: int, name: str) -> bool:
    """Whether every array that a variable of the file was bound to has no dimensions."""
    shapes = [
        trace.layouts[layout].shape
        for (code, variable), (_, _, layout) in assigned_outputs(trace).items()
        if variable == name and trace.codes[code].file == file
    ]
    shapes += [
        trace.layouts[one.layout].shape
        for one in trace.names
        if trace.texts[one.name] == name
        and one.layout is not None
        and trace.codes[trace.positions[one.position].code].file == file
    ]
    return bool(shapes) and all(len(shape) == 0 for shape in shapes)
