"""Gathers with lazy indices instead of Python integers."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.source import unparsed
from lazyscope.analysis.syntax.terms import called_name
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.facts import value_of
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.lazy_value import Course
from lazyscope.fixes.spot import Spot, spot_at
from lazyscope.fixes.where import replace_statement, stays_right

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


_GATHER = "gather with the inverse of the permutation instead of writing to the places that it names"


def inverse_permutation(evidence: ForceEvidence) -> Fix | None:
    """``take(values, argsort(j))`` for ``put_along_axis(out, j, values)`` where `j` sorts; else None."""
    spot = spot_at(evidence.trace, evidence.site)
    call = spot.expression if spot is not None else None
    if spot is None or not isinstance(call, ast.Call) or called_name(call) != "put_along_axis":
        return None
    draft, edit, line = Draft(evidence.trace), None, ""
    statement = spot.statement
    if isinstance(statement, ast.Expr) and statement.value is call and len(call.args) >= 3:
        out, order, values = call.args[:3]
        vectors = [value_of(spot, one).ndim for one in (order, values)]
        fits = isinstance(out, ast.Name) and isinstance(order, ast.Name) and vectors == [1, 1]
        if fits and _sorts(spot, order) and _is_overwritten(spot, out, values):
            xp = spot.namespace(draft)
            line = f"{spot.text(out)} = {xp}.take({spot.text(values)}, {xp}.argsort({spot.text(order)}))"
            # dask itself has no `argsort`; the compat layer has.
            if xp != "da" and replace_statement(draft, spot, statement, [line]):
                edit = draft.edit()
    summary = f"`{line}`: `argsort` of a permutation is its inverse" if edit else _GATHER
    return Fix(
        "take-along-axis", summary, "sorts once more", spot.audience, edit=edit, sketch=_GATHER
    )  # fmt: skip


def _sorts(spot: Spot, order: ast.expr) -> bool:
    """Whether an index is a permutation: it was made by ``argsort``."""
    meaning, _ = spot.place.meaning(order, spot.statement)
    return called_name(meaning) == "argsort"


def _is_overwritten(spot: Spot, out: ast.expr, values: ast.expr) -> bool:
    """Whether the old array is a new one of zeros or the like, of the dtype of the values."""
    meaning, _ = spot.place.meaning(out, spot.statement)
    if not isinstance(meaning, ast.Call) or called_name(meaning) not in ("zeros_like", "empty_like"):
        return False
    return bool(meaning.args) and unparsed(meaning.args[0]) == unparsed(values) and not meaning.keywords
