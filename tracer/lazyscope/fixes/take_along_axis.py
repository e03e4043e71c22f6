"""Gathers with lazy indices instead of Python integers."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.syntax.terms import called_name
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.lazy_value import Course
from lazyscope.fixes.spot import Spot, spot_at
from lazyscope.fixes.where import stays_right

_SKETCH = "index with the lazy integer itself, or take along the axis"
_PRICE = "a bad index shows only when it is computed"


def lazy_index(evidence: ForceEvidence) -> Fix | None:
    """``x[i]`` with a lazy ``i``; None if the value is no index."""
    spot = spot_at(evidence.trace, evidence.site)
    if spot is None:
        return None
    node, audience = spot.expression, spot.audience
    pair = _integer(spot, node)
    if pair is None:
        in_index = _is_index(spot, node)
        return Fix("take-along-axis", _SKETCH, _PRICE, audience, sketch=_SKETCH) if in_index else None
    whole, inner = pair
    course = Course(evidence.trace, spot.file).of_expression(whole)
    uses = _uses_as_index(spot, whole)
    if not uses:
        return None
    draft, edit = Draft(evidence.trace), None
    if stays_right(evidence, course, numbers=True) and course.lines:
        draft.replace(spot.file, whole, spot.text(inner))
        edit = draft.edit()
    summary = f"index with `{spot.text(inner)}` itself, which stays lazy" if edit else _SKETCH
    return Fix("take-along-axis", summary, _PRICE, audience, edit=edit, sketch=_SKETCH)


def _integer(spot: Spot, node: ast.AST | None) -> tuple[ast.expr, ast.expr] | None:
    """``int(i)`` and what is converted."""
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    function = node.func
    if isinstance(function, ast.Name) and function.id == "int" and len(node.args) == 1:
        return node, node.args[0]
    if isinstance(function, ast.Attribute) and function.attr in ("item", "compute") and not node.args:
        return node, function.value
    return None


def _is_index(spot: Spot, node: ast.AST | None) -> bool:
    if isinstance(node, ast.Subscript):
        return True
    while isinstance(node, ast.expr):
        whole = spot.parents.get(node)
        if isinstance(whole, ast.Subscript) and node is whole.slice:
            return True
        node = whole
    return False


def _uses_as_index(spot: Spot, node: ast.expr) -> bool:
    """Whether the number picks an element, at once or by the variable that holds it."""
    if _is_index(spot, node):
        return True
    statement = spot.statement
    if not isinstance(statement, ast.Assign) or statement.value is not node:
        return False
    names = {target.id for target in statement.targets if isinstance(target, ast.Name)}
    for reader, _ in spot.scope.followers(statement, names):
        for one in ast.walk(reader):
            if isinstance(one, ast.Name) and one.id in names and _is_index(spot, one):
                return True
    return False


_GATHER = "gather with `argsort` of the permutation instead of writing to the places that it names"


def inverse_permutation(evidence: ForceEvidence) -> Fix | None:
    """A gather for ``put_along_axis(out, j, values)`` where `j` sorts; None for other calls.

    In words only: what NumPy writes into is a computed copy, so that the program prints something else
    once that is put right.
    """
    spot = spot_at(evidence.trace, evidence.site)
    call = spot.expression if spot is not None else None
    if spot is None or not isinstance(call, ast.Call) or called_name(call) != "put_along_axis":
        return None
    meaning, _ = spot.place.meaning(call.args[1], spot.statement) if len(call.args) > 1 else (None, None)
    if meaning is None or called_name(meaning) != "argsort":
        return None
    price = "sorts once more; the values get where they belong, where they were lost in a copy before"
    return Fix("take-along-axis", _GATHER, price, spot.audience, sketch=_GATHER)
