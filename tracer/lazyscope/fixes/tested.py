"""The test that a truth value decides, as a node of the tree."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeAlias

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.reading import read
from lazyscope.analysis.syntax.terms import own_nodes
from lazyscope.fixes.spot import Spot, spot_at

Tester: TypeAlias = ast.If | ast.While | ast.Assert | ast.IfExp

_MOST_RETURNS = 3


@dataclass(frozen=True)
class Tested:
    """A test and the place where it stands."""

    spot: Spot
    node: Tester
    direct: bool
    """Whether the forced expression stands in the test; else the test asks a variable that holds it, or what
    a function returned."""

    @property
    def test(self) -> ast.expr:
        return self.node.test

    @property
    def is_elif(self) -> bool:
        """Whether it is written as ``elif``."""
        line = self.spot.found.line(self.node.lineno)
        return isinstance(self.node, ast.If) and line.lstrip().startswith("elif")


def tested(placed: Placed) -> Tested | None:
    """The test that the value decides at the site; None if it decides none there."""
    spot = spot_at(placed.trace, placed.site)
    node: ast.AST | None = spot.expression if spot is not None else None
    if spot is None or node is None:
        return None
    while node in spot.parents:
        whole = spot.parents[node]
        if isinstance(whole, ast.If | ast.While | ast.Assert | ast.IfExp) and node is whole.test:
            return Tested(spot, whole, direct=True)
        if isinstance(whole, ast.stmt):
            break
        node = whole
    return _later(spot)


def _later(spot: Spot) -> Tested | None:
    """An ``if`` that asks nothing but the variable which the statement assigns."""
    statement = spot.statement
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    if not isinstance(target, ast.Name):
        return None
    readers = [reader for reader, _ in spot.scope.followers(statement, {target.id})]
    for reader in readers:
        if isinstance(reader, ast.If) and any(
            isinstance(one, ast.Name) and one.id == target.id for one in own_nodes(reader.test)
        ):
            return Tested(spot, reader, direct=False)
    return None


def returned_to(placed: Placed) -> Tested | None:
    """The test that gets what the function at the site returns."""
    for position in placed.way[-2 : -2 - _MOST_RETURNS : -1]:
        reading, spot = read(placed.trace, position), spot_at(placed.trace, position)
        if reading is None or spot is None:
            return None
        if reading.test is not None:
            node: ast.AST | None = spot.expression
            while node is not None and node in spot.parents:
                whole = spot.parents[node]
                if isinstance(whole, ast.If) and node is whole.test:
                    return Tested(spot, whole, direct=False)
                node = whole
            return None
        if reading.outcome != "returned":
            return None
    return None
