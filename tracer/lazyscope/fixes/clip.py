"""``minimum``, ``maximum`` and ``clip`` in place of a branch or of Python's own functions."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.facts import can_be_evaluated, value_of
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.lazy_value import Course
from lazyscope.fixes.spot import spot_at
from lazyscope.fixes.tested import Tested
from lazyscope.fixes.where import assigned_in, fit, replace_statement, stays_right

_LIMITS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Gt: ("minimum", "maximum"),
    ast.GtE: ("minimum", "maximum"),
    ast.Lt: ("maximum", "minimum"),
    ast.LtE: ("maximum", "minimum"),
}
_SKETCH = "limit the value with `minimum` or `maximum` of arrays, which stay lazy"


def limit(evidence: ForceEvidence, found: Tested) -> Fix | None:
    """``x = minimum(x, top)`` for ``if x > top: x = top``; None if the test sets no limit."""
    node, spot = found.node, found.spot
    if not isinstance(node, ast.If) or node.orelse or found.is_elif or len(node.body) != 1:
        return None
    made, test = assigned_in(node.body), node.test
    if (
        not made
        or not isinstance(test, ast.Compare)
        or len(test.ops) != 1
        or type(test.ops[0]) not in _LIMITS
    ):
        return None
    sides, functions = (test.left, test.comparators[0]), _LIMITS[type(test.ops[0])]
    for number, function in enumerate(functions):
        name, bound = sides[number], sides[1 - number]
        if not isinstance(name, ast.Name) or name.id != made[0].name or not _same(bound, made[0].value):
            continue
        draft, value = Draft(evidence.trace), value_of(spot, name)
        line = f"{name.id} = {spot.namespace(draft)}.{function}({name.id}, {spot.text(made[0].value)})"
        course = Course(evidence.trace, spot.file, gone=set(ast.walk(test)))
        course.of_variable(spot.owner, made[0].statement, name.id)
        edit = None
        right = fit(value, value_of(spot, made[0].value)) and can_be_evaluated(spot, made[0].value)
        if right and value.ndim == 0 and stays_right(evidence, course, numbers=True):
            edit = draft.edit() if replace_statement(draft, spot, node, [line]) else None
        summary = f"`{line}` instead of the `if`" if edit else _SKETCH
        price = "the value is an array of one element either way"
        return Fix("clip", summary, price, spot.audience, edit=edit, sketch=_SKETCH)
    return None


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other) or (_number(one) is not None and _number(one) == _number(other))


def _number(node: ast.expr) -> float | None:
    """The number that an expression is, or makes an array of."""
    if isinstance(node, ast.Call) and node.args:
        return _number(node.args[0])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        return float(node.value)
    return None


def python_limits(evidence: ForceEvidence) -> Fix | None:
    """``minimum`` and ``maximum`` of arrays instead of Python's ``min`` and ``max``."""
    spot = spot_at(evidence.trace, evidence.site)
    node = spot.expression if spot is not None else None
    if spot is None or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.keywords:
        return None
    if node.func.id not in ("min", "max") or spot.scope.binds(node.func.id) or len(node.args) < 2:
        return None
    draft, function = Draft(evidence.trace), f"{node.func.id}imum"
    values = [value_of(spot, one) for one in node.args]
    strong = [one for one in values if not one.plain]
    # The sole plain numbers must not decide the dtype of the result.
    right = bool(strong) and all(one.ndim == 0 and fit(strong[0], one) for one in values)
    course = Course(evidence.trace, spot.file).of_expression(node)
    xp = spot.namespace(draft)
    ordered = sorted(node.args, key=lambda one: value_of(spot, one).plain)
    text = spot.text(ordered[0])
    for one in ordered[1:]:
        text = f"{xp}.{function}({text}, {spot.text(one)})"
    starred = any(isinstance(one, ast.Starred) for one in node.args)
    edit = None
    if right and not starred and stays_right(evidence, course, numbers=True):
        draft.replace(spot.file, node, text)
        edit = draft.edit()
    sketch = f"take `{function}` of arrays instead of Python's `{node.func.id}`, which asks for the values"
    summary = f"`{text}` instead of Python's `{node.func.id}`" if edit else sketch
    price = "the result is an array of one element"
    return Fix("clip", summary, price, spot.audience, edit=edit, sketch=sketch)
