"""Statements that depend on the value of another, by the text."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lazyscope.analysis.source import found_at
from lazyscope.analysis.syntax.place import Place
from lazyscope.analysis.syntax.scope import Scope
from lazyscope.analysis.syntax.terms import stored_names, targets_of
from lazyscope.model.trace import TraceData

_MOST = 200
"""Statements that are followed."""


def dependent_lines(trace: TraceData, position: int) -> frozenset[int]:
    """First lines of the statements further down that use what the one at a position makes.

    Followed through assignments, within the function; not through what is changed in place. Of what a loop
    goes over, or asks before each turn, the whole loop depends.
    """
    known: dict[int, frozenset[int]] = vars(trace).setdefault("_dependent_lines", {})
    if position not in known:
        known[position] = frozenset(_lines(trace, position))
    return known[position]


def _lines(trace: TraceData, position: int) -> Iterator[int]:
    found = found_at(trace, position)
    if found is None:
        return
    place = Place(found, trace.positions[position].opcode)
    scope: Scope = place.scope
    pending, seen = [found.statement], {found.statement}
    if isinstance(found.statement, (ast.For, ast.AsyncFor, ast.While)):
        inside = [node for node in ast.walk(found.statement) if isinstance(node, ast.stmt)]
        yield from (node.lineno for node in inside if node is not found.statement)
    while pending and len(seen) < _MOST:
        made = pending.pop()
        names = [name for target in targets_of(made) for name in stored_names(target)]
        for statement, _ in scope.followers(made, names):
            if statement not in seen:
                seen.add(statement)
                pending.append(statement)
                yield statement.lineno
