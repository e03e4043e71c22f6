"""Comparisons of lengths, which are silently false where a length is unknown."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lazyscope.analysis.syntax.place import Place, once
from lazyscope.analysis.syntax.terms import called_name, own_nodes


def lengths_asked(place: Place, targets: tuple[str, ...]) -> list[str]:
    """Comparisons of the length of the expression, or of a variable it is assigned to."""
    found = _compared(place, place.statement, set())
    later = [text for node, names in place.followers(targets) for text in _compared(place, node, names)]
    return once([*found, *later])


def _compared(place: Place, statement: ast.stmt, names: set[str]) -> Iterator[str]:
    for node in own_nodes(statement):
        if isinstance(node, ast.Compare):
            measured = [_measured(operand) for operand in (node.left, *node.comparators)]
            if any(_is_meant(place, value, names) for value in measured if value is not None):
                yield place.text(node)


def _is_meant(place: Place, value: ast.expr, names: set[str]) -> bool:
    return value is place.expression or (isinstance(value, ast.Name) and value.id in names)


def _measured(node: ast.expr) -> ast.expr | None:
    """What a length is the length of: ``u`` of ``u.shape[0]``, ``u.size`` and ``len(u)``."""
    if isinstance(node, ast.Call):
        return node.args[0] if called_name(node) in ("len", "xp_size") and node.args else None
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.value if isinstance(node, ast.Attribute) and node.attr in ("shape", "size") else None
