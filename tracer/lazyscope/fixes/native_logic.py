"""Operators and functions of arrays in place of Python's ``not``, ``and``, ``in`` and chains."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.facts import is_boolean
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.lazy_value import Course
from lazyscope.fixes.masks import mask_of
from lazyscope.fixes.spot import Spot, spot_at
from lazyscope.fixes.where import stays_right

_SKETCH = "write it with the operators of arrays, `~`, `&` and `|`, which give an array of booleans"
_IN = "ask with `isin`, which gives an array of booleans, instead of Python's `in`"


def kept_logic(evidence: ForceEvidence) -> Fix | None:
    """``~x`` for ``not x`` and the like whose value is kept; None for anything else."""
    spot = spot_at(evidence.trace, evidence.site)
    node = _outermost(spot) if spot is not None else None
    if spot is None or node is None:
        return None
    draft = Draft(evidence.trace)
    is_in = isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn)
    sketch = _IN if is_in else _SKETCH
    new = _membership(draft, spot, node) if isinstance(node, ast.Compare) and is_in else _mask(spot, node)
    course = Course(evidence.trace, spot.file).of_expression(node)
    edit = None
    if new is not None and stays_right(evidence, course, numbers=True):
        draft.replace(spot.file, node, new)
        edit = draft.edit()
    summary = f"`{new}` instead of `{spot.text(node)}`" if edit else sketch
    return Fix(
        "native-function", summary, "an array of one element instead of True or False", spot.audience,
        edit=edit, sketch=sketch,
    )  # fmt: skip


def _outermost(spot: Spot) -> ast.expr | None:
    """The whole of the ``not``, ``and``, ``in`` or chain around the expression, outside of tests."""
    node, found = spot.expression, None
    while isinstance(node, ast.expr):
        chain = isinstance(node, ast.Compare) and (
            len(node.ops) > 1 or isinstance(node.ops[0], ast.In | ast.NotIn)
        )
        if (
            chain
            or isinstance(node, ast.BoolOp)
            or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
        ):
            found = node
        whole = spot.parents.get(node)
        if isinstance(whole, ast.If | ast.While | ast.Assert | ast.IfExp) and node is whole.test:
            return None
        if not isinstance(whole, ast.BoolOp | ast.UnaryOp | ast.Compare):
            return found
        node = whole
    return found


def _mask(spot: Spot, node: ast.expr) -> str | None:
    parts = (
        node.values
        if isinstance(node, ast.BoolOp)
        else [node.operand]
        if isinstance(node, ast.UnaryOp)
        else []
    )
    return mask_of(spot, node) if all(is_boolean(spot, one) for one in parts) else None


def _membership(draft: Draft, spot: Spot, node: ast.Compare) -> str | None:
    values = node.comparators[0]
    if len(node.ops) != 1 or not isinstance(values, ast.Tuple | ast.List | ast.Set):
        return None
    if not all(isinstance(one, ast.Constant) and isinstance(one.value, int | float) for one in values.elts):
        return None
    xp = spot.namespace(draft)
    if xp == "xp":
        return None
    listed = ", ".join(spot.text(one) for one in values.elts)
    text = f"{xp}.isin({spot.text(node.left)}, [{listed}])"
    return f"~{text}" if isinstance(node.ops[0], ast.NotIn) else text
