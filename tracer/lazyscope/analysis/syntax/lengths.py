"""Comparisons of lengths, which are silently false where a length is unknown."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lazyscope.analysis.syntax.place import Place, once
from lazyscope.analysis.syntax.terms import called_name, own_nodes, stored_names, targets_of, words
from lazyscope.analysis.syntax.uses import outcome_of

_OF_UNKNOWN_LENGTH = words("unique_counts nonzero argwhere where")
"""Functions all of whose results have the unknown length."""

_FIELDS = words("values counts indices")


@dataclass(frozen=True)
class AskedLength:
    """A comparison of a length."""

    text: str
    """The comparison: ``u.shape[0] < k``."""
    length: str
    """The length in it: ``u.shape[0]``."""
    line: int


def lengths_asked(place: Place, targets: tuple[str, ...]) -> list[AskedLength]:
    """Comparisons of the length of the expression, or of a variable it is assigned to.

    The length itself may be kept in a variable first: ``n = u.shape[0]``.
    """
    reached = [(place.statement, set[str]()), *place.followers(_arrays(place, targets))]
    found = [asked for node, names in reached for asked in _compared(place, node, names, set())]
    for node, names in reached:
        kept = _kept(place, node, names)
        later = place.scope.followers(node, kept) if kept else ()
        found += [asked for other, lengths in later for asked in _compared(place, other, set(), lengths)]
    return once(found)


def _arrays(place: Place, targets: tuple[str, ...]) -> list[str]:
    """The variables that hold the expression itself; none if they hold what is made of it."""
    if outcome_of(place) != "assigned":
        return []
    if called_name(place.expression or ast.Pass()) in _OF_UNKNOWN_LENGTH:
        return [name for target in targets_of(place.statement) for name in stored_names(target)]
    return list(targets)


def _kept(place: Place, statement: ast.stmt, names: set[str]) -> list[str]:
    """Variables that a statement assigns the length to."""
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
        return []
    value = _measured(statement.value)
    if value is None or not _is_meant(place, value, names):
        return []
    return [target.id for target in targets_of(statement) if isinstance(target, ast.Name)]


def _compared(place: Place, statement: ast.stmt, names: set[str], lengths: set[str]) -> Iterator[AskedLength]:
    for node in own_nodes(statement):
        for operand in (node.left, *node.comparators) if isinstance(node, ast.Compare) else ():
            measured = _measured(operand)
            kept = isinstance(operand, ast.Name) and operand.id in lengths
            if kept or (measured is not None and _is_meant(place, measured, names)):
                assert isinstance(node, ast.Compare)
                yield AskedLength(place.text(node), place.text(operand), node.lineno)
                break


def _is_meant(place: Place, value: ast.expr, names: set[str]) -> bool:
    if isinstance(value, ast.Attribute) and value.attr in _FIELDS:
        value = value.value
    return value is place.expression or (isinstance(value, ast.Name) and value.id in names)


def _measured(node: ast.expr) -> ast.expr | None:
    """What a length is the length of: ``u`` of ``u.shape[0]``, ``u.size`` and ``len(u)``."""
    if isinstance(node, ast.Call):
        return node.args[0] if called_name(node) in ("len", "xp_size") and node.args else None
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.value if isinstance(node, ast.Attribute) and node.attr in ("shape", "size") else None
