"""Cheap conditions first, so that the array is asked only where these do not decide."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.syntax.conditions import combination, operands_of
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.spot import spot_at

_SKETCH = "ask the condition first that computes nothing"


def cheap_first(evidence: ForceEvidence) -> Fix | None:
    """Ask what is cheap before the array; None if nothing cheap stands behind it."""
    spot = spot_at(evidence.trace, evidence.site)
    if spot is None or spot.expression is None:
        return None
    around = [whole for _, whole in spot.place.around(spot.expression) if isinstance(whole, ast.BoolOp)]
    if not around:
        return None
    node = around[-1]
    joined = combination(spot.place, node, spot.statement, spot.expression)
    if joined.forced is None or not joined.cheap_after:
        return None
    operands = operands_of(node)
    cheap = [one for one in operands if spot.text(one) in joined.cheap_after]
    rest = [one for one in operands if one not in cheap]
    text = f" {joined.connective} ".join(_operand(spot.text(one), one) for one in (*cheap, *rest))
    draft = Draft(evidence.trace)
    draft.replace(spot.file, node, text)
    asked = " and ".join(f"`{spot.text(one)}`" for one in cheap)
    return Fix(
        "reorder",
        f"ask {asked} first: `{text}`",
        "nothing changes; the array is still computed where the cheap condition does not decide",
        spot.audience,
        edit=draft.edit(),
        sketch=_SKETCH,
    )


def _operand(text: str, node: ast.expr) -> str:
    return f"({text})" if isinstance(node, ast.BoolOp | ast.IfExp | ast.Lambda | ast.NamedExpr) else text
