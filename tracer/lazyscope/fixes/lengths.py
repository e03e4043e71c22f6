"""Lengths that are not known counted instead."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.source import unparsed
from lazyscope.analysis.syntax.terms import called_name
from lazyscope.fixes.edit import Draft, known_as
from lazyscope.fixes.facts import is_namespace
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.lazy_value import Course
from lazyscope.fixes.spot import Spot, argument, spot_at

_SKETCH = "count the elements instead of selecting them: the count is lazy, and known when it is computed"
_UNIQUE = ("unique_values", "unique")
_NONZERO = ("nonzero", "flatnonzero")


def counted(placed: Placed) -> Fix:
    """``xpx.nunique(z)`` for ``xp.unique_values(z).shape[0]``, ``xp.sum(m)`` for ``x[m].shape[0]``."""
    spot, edit, new = spot_at(placed.trace, placed.site), None, ""
    audience = "caller" if placed.at_user else "library"
    if spot is not None:
        draft = Draft(placed.trace)
        count = _count(draft, spot)
        asked = _lengths(spot, spot.expression) if count is not None else []
        course = Course(placed.trace, spot.file)
        for node in asked:
            course.of_expression(node)
            draft.replace(spot.file, node, count or "")
        # An ``if`` may ask for the count: its answer was wrong before.
        if asked and not course.unknown and not course.shown:
            edit, new = draft.edit(), count or ""
    summary = f"`{new}` instead of the length" if edit else _SKETCH
    price = "the comparison is a lazy array of one element instead of True or False; an `if` on it computes"
    return Fix("native-function", summary, price, audience, edit=edit, sketch=_SKETCH)  # type: ignore[arg-type]


def _count(draft: Draft, spot: Spot) -> str | None:
    """What counts the elements that an expression selects."""
    node = spot.expression
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Compare | ast.Name):
        return f"{spot.namespace(draft)}.sum({argument(spot.text(node.slice))})"
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return None
    if not isinstance(node.func, ast.Attribute) or not is_namespace(spot, node.func.value):
        return None
    given, name = spot.text(node.args[0]), called_name(node)
    if name in _UNIQUE:
        xpx = known_as(spot.tree, "array_api_extra")
        return None if xpx is None else f"{xpx}.nunique({given})"
    return f"{spot.text(node.func.value)}.count_nonzero({given})" if name in _NONZERO else None


def _lengths(spot: Spot, node: ast.expr | None) -> list[ast.expr]:
    """Where the length of an expression is read, at once or by the variable that holds it."""
    if node is None:
        return []
    statement, holders = spot.statement, [node]
    if isinstance(statement, ast.Assign) and statement.value is node and len(statement.targets) == 1:
        target = statement.targets[0]
        if not isinstance(target, ast.Name):
            return []
        holders = [
            one
            for reader, _ in spot.scope.followers(statement, {target.id})
            for one in ast.walk(reader)
            if isinstance(one, ast.Name) and one.id == target.id
        ]
    found: list[ast.expr] = []
    for holder in dict.fromkeys(holders):
        whole = spot.parents.get(holder)
        if not isinstance(whole, ast.Attribute):
            continue
        element = spot.parents.get(whole)
        if whole.attr == "size":
            found.append(whole)
        elif (
            whole.attr == "shape"
            and isinstance(element, ast.Subscript)
            and unparsed(element.slice) in ("0", "-1")
        ):
            found.append(element)
    return found
