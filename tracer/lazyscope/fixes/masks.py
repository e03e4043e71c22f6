"""Tests as masks: what an ``if`` asks, written as one array of booleans."""

from __future__ import annotations

import ast

from lazyscope.analysis import parsing
from lazyscope.fixes.facts import is_array, is_boolean, is_deep, value_of
from lazyscope.fixes.spot import Spot, operand


def mask_of(spot: Spot, test: ast.expr) -> str | None:
    """A test as an expression of arrays: ``(a > 0) & ~b`` of ``a > 0 and not b``; None if it is none."""
    if is_deep(test):
        return None
    if isinstance(test, ast.BoolOp):
        parts = [mask_of(spot, value) for value in test.values]
        if None in parts or not all(_asks_array(spot, value) for value in test.values):
            return None
        sign = " & " if isinstance(test.op, ast.And) else " | "
        return sign.join(part if _is_inverse(part) else operand(part) for part in parts if part is not None)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = mask_of(spot, test.operand)
        return None if inner is None else f"~{operand(inner)}"
    if isinstance(test, ast.Compare):
        return _comparison(spot, test)
    if is_boolean(spot, test):
        return spot.text(test)
    if value_of(spot, test).number is not None:
        return f"{operand(spot.text(test))} != 0"
    return None


def _is_inverse(mask: str) -> bool:
    """Whether a mask is ``~m``, which binds closer than what joins masks."""
    return isinstance(parsing.expression(mask), ast.UnaryOp)


def _asks_array(spot: Spot, test: ast.expr) -> bool:
    """Whether an operand may be evaluated whatever those before it give."""
    return is_array(spot, test)


def _comparison(spot: Spot, test: ast.Compare) -> str | None:
    if any(isinstance(sign, ast.Is | ast.IsNot | ast.In | ast.NotIn) for sign in test.ops):
        return None
    if len(test.ops) == 1:
        return spot.text(test)
    sides = [test.left, *test.comparators]
    links = []
    for number, sign in enumerate(test.ops):
        first, last = sides[number], sides[number + 1]
        link = ast.Compare(first, [sign], [last], lineno=first.lineno, col_offset=first.col_offset)
        link.end_lineno, link.end_col_offset = last.end_lineno, last.end_col_offset
        links.append(f"({spot.text(link)})")
    return " & ".join(links)


def inverse_of(mask: str) -> str:
    """What a mask does not select."""
    return (
        mask.removeprefix("~")
        if mask.startswith("~") and operand(mask[1:]) == mask[1:]
        else f"~{operand(mask)}"
    )
