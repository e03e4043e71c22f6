"""Writes to a view of an array: they reach the array itself in NumPy, and get lost in dask."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lazyscope.analysis.source import found_at, unparsed
from lazyscope.analysis.syntax.masks import index_kind
from lazyscope.analysis.syntax.place import Place
from lazyscope.analysis.syntax.terms import called_name, own_nodes, targets_of, words
from lazyscope.analysis.syntax.updates import SIGNS
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class LostWrite:
    """A statement that changes a view, of an array that is used afterwards."""

    base: str
    """The array that the view is of."""
    view: str
    """The view as it was made: ``x[1:3]``, ``x.T``."""
    variable: str | None
    """What it was assigned to; None if it was changed where it was made: ``x.T[0] = 1``."""
    made: int
    """Line on which the view was made."""
    index: str | None
    """What of the view is changed; None for all of it, by ``+=`` and the like."""
    operator: str
    """``=``, ``+=`` and the like."""
    value: str
    statement: str
    """The statement that changes it."""
    line: int
    end_line: int
    indent: str
    used: int
    """The first line after that on which the array is used."""
    assignable: bool
    """Whether the view can stand on the left of an assignment: ``x[1:3]``."""


def lost_write_at(trace: TraceData, position: int) -> LostWrite | None:
    """Read the statement that changes an array at a position.

    Returns
    -------
    LostWrite or None
        None unless what it changes is surely a view in NumPy, and the array that it is of is used later
        as if it had been changed.
    """
    found = found_at(trace, position)
    if found is None:
        return None
    place = Place(found, trace.positions[position].opcode)
    node = place.statement
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return _lost(place, node.target, None, node.value)
    targets = targets_of(node)
    if isinstance(node, (ast.Assign, ast.AugAssign)) and len(targets) == 1:
        target = targets[0]
        if isinstance(target, ast.Subscript):
            return _lost(place, target.value, target.slice, node.value)
    return None


def _lost(place: Place, changed: ast.expr, index: ast.expr | None, value: ast.expr) -> LostWrite | None:
    variable = changed.id if isinstance(changed, ast.Name) else None
    view, at = place.meaning(changed)
    base = _viewed(place, view, at)
    if base is None or (index is None and not _is_array_still(place, view, at)):
        return None
    used = _used_later(place, base, at, variable)
    if used is None:
        return None
    node = place.statement
    line = place.found.line(node.lineno)
    return LostWrite(
        base=base.id,
        view=place.text(view),
        variable=variable,
        made=at.lineno,
        index=None if index is None else place.text(index),
        operator=f"{SIGNS[type(node.op)]}=" if isinstance(node, ast.AugAssign) else "=",
        value=place.text(value),
        statement=unparsed(node),
        line=node.lineno,
        end_line=node.end_lineno or node.lineno,
        indent=line[: len(line) - len(line.lstrip())],
        used=used,
        assignable=isinstance(view, ast.Subscript) and view.value is base,
    )


def _is_array_still(place: Place, view: ast.expr, at: ast.stmt) -> bool:
    """Whether a view is no scalar: ``x[0]`` may be one, and ``+=`` changes none in place."""
    return not isinstance(view, ast.Subscript) or index_kind(place, view.slice, at) == "slice"


_VIEWS = words("T mT real imag")
_MAKING_VIEWS = words("transpose swapaxes squeeze permute_dims moveaxis expand_dims")
_MOST_VIEWS = 5


def _viewed(place: Place, node: ast.expr, at: ast.stmt) -> ast.Name | None:
    """The variable that an expression is a view of; None unless that is sure."""
    depth = 0
    while not isinstance(node, ast.Name):
        inner = _viewed_once(place, node, at)
        if inner is None or depth == _MOST_VIEWS:
            return None
        node, depth = inner, depth + 1
    return node if depth else None


def _viewed_once(place: Place, node: ast.expr, at: ast.stmt) -> ast.expr | None:
    if isinstance(node, ast.Subscript):
        return node.value if index_kind(place, node.slice, at) in ("slice", "integer") else None
    if isinstance(node, ast.Attribute):
        return node.value if node.attr in _VIEWS else None
    if not isinstance(node, ast.Call) or called_name(node) not in _MAKING_VIEWS:
        return None
    if not isinstance(node.func, ast.Attribute):
        return None
    namespace = isinstance(node.func.value, ast.Name) and place.is_namespace(node.func.value.id)
    return (node.args[0] if node.args else None) if namespace else node.func.value


def _used_later(place: Place, base: ast.Name, made: ast.stmt, variable: str | None) -> int | None:
    """The first line after the statement that reads the same array.

    None if there is none, or if what was changed is put back into the array.
    """
    origin = {id(binding) for binding in place.scope.sources(base.id, made)}
    first: int | None = None
    for node in place.scope.after(place.statement):
        if not _reads(node, base.id):
            continue
        seen = {id(binding) for binding in place.scope.sources(base.id, node)}
        if origin != seen and not origin & seen:
            continue
        if variable is not None and _puts_back(node, base.id, variable):
            return None
        if first is None and not _only_changes(node, base.id):
            first = node.lineno
    return first


def _reads(node: ast.stmt, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in _loaded(node))


def _only_changes(node: ast.stmt, name: str) -> bool:
    """Whether a statement does no more than change elements of a variable: ``x[0] = 1``."""
    found = [part for part in _loaded(node) if part.id == name]
    targets = [target.value for target in targets_of(node) if isinstance(target, ast.Subscript)]
    return all(any(part is target for target in targets) for part in found)


def _loaded(node: ast.stmt) -> Iterator[ast.Name]:
    for part in own_nodes(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            yield part


def _puts_back(node: ast.stmt, base: str, variable: str) -> bool:
    """Whether a statement reads both: ``x[1:3] = v``, ``x = xp.concat([v, x[3:]])``."""
    names = {part.id for part in _loaded(node)}
    return isinstance(node, (ast.Assign, ast.AugAssign)) and {base, variable} <= names
