"""What is known to hold where a position is reached: the tests around it and before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lazyscope.analysis.syntax.conditions import Laziness, laziness_of, operands_of, parameters_in
from lazyscope.analysis.syntax.functions import none_asked
from lazyscope.analysis.syntax.place import Place


@dataclass(frozen=True)
class Guard:
    """A condition on the way to the expression."""

    text: str
    line: int
    holds: bool
    """Whether it is true there; False in an ``else`` and behind an early exit."""
    laziness: Laziness | None
    """Which arrays get there, if it asks: ``eager`` behind ``if not is_lazy_array(x)``."""
    parameters: tuple[str, ...]
    """Parameters of the function that it asks."""
    not_given: tuple[str, ...]
    """Parameters that it says were not given: they are None there."""


def guards_of(place: Place) -> tuple[Guard, ...]:
    """The conditions around the expression, outermost first.

    Early exits before it count only if they ask whether an array is lazy.
    """
    return (*_around_statement(place), *reversed(list(_around_expression(place))))


def _guard(place: Place, test: ast.expr, at: ast.stmt, *, holds: bool) -> Guard:
    parameters = parameters_in(place, test)
    absent = none_asked(test) if holds else []
    return Guard(
        text=place.text(test),
        line=test.lineno,
        holds=holds,
        laziness=laziness_of(place, test, at, holds=holds),
        parameters=parameters,
        not_given=tuple(name for name in absent if name in parameters),
    )


def _around_statement(place: Place) -> Iterator[Guard]:
    if place.lambda_ is not None:
        return
    around = place.scope.around(place.statement)
    for whole, inner in zip((None, *around), (*around, place.statement), strict=True):
        if isinstance(whole, (ast.If, ast.While)):
            yield _guard(place, whole.test, whole, holds=inner in whole.body)
        yield from _early_exits(place, inner)


def _early_exits(place: Place, statement: ast.stmt) -> Iterator[Guard]:
    block = place.scope.block_of(statement)
    for node in block[: block.index(statement)]:
        if isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], _LEAVING):
            guard = _guard(place, node.test, node, holds=False)
            if guard.laziness:
                yield guard


_LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def _around_expression(place: Place) -> Iterator[Guard]:
    """Conditions in the statement itself, innermost first."""
    for part, whole in place.around(place.expression):
        if isinstance(whole, ast.Lambda):
            return
        if isinstance(whole, ast.BoolOp):
            operands = operands_of(whole)
            before = operands[: operands.index(part)] if part in operands else []
            conjunction = isinstance(whole.op, ast.And)
            yield from (_guard(place, o, place.statement, holds=conjunction) for o in reversed(before))
        elif isinstance(whole, ast.IfExp) and part is not whole.test:
            yield _guard(place, whole.test, place.statement, holds=part is whole.body)
        else:
            yield from _conditions(place, part, whole)


def _conditions(place: Place, part: ast.AST, whole: ast.AST) -> Iterator[Guard]:
    """Conditions of the comprehension that a part is the element of."""
    if part in (getattr(whole, "elt", None), getattr(whole, "key", None), getattr(whole, "value", None)):
        for generator in reversed(getattr(whole, "generators", [])):
            for test in reversed(generator.ifs):
                yield _guard(place, test, place.statement, holds=True)
