"""An array without dimensions kept where a Python number was made of it."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.syntax.terms import FUNCTIONS
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.facts import is_array, is_namespace
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.lazy_value import Course
from lazyscope.fixes.spot import Spot, operand, spot_at
from lazyscope.fixes.where import in_words, stays_right

_SKETCH = "keep the array of one element instead of making a Python number of it"
_PRICE = "who uses the value gets an array, not a Python number"
_CONVERTING = ("float", "bool", "complex")


def keep_0d(evidence: ForceEvidence) -> Fix:
    """Leave conversions to numbers out, of all values of the function that are used the same way."""
    spot, draft = spot_at(evidence.trace, evidence.site), Draft(evidence.trace)
    audience: Audience = "caller" if evidence.at_user else "library"
    new = _left_out(draft, evidence, spot) if spot is not None else []
    edit = draft.edit() if new else None
    summary = f"keep {in_words(new, 'the array')}, which stays lazy" if edit else _SKETCH
    return Fix("keep-0d", summary, _PRICE, audience, edit=edit, sketch=_SKETCH)


def _left_out(draft: Draft, evidence: ForceEvidence, spot: Spot) -> list[str]:
    own = conversion(spot, spot.expression)
    if own is None or not _can_be_left_out(evidence, spot, own[0]):
        return []
    nodes = [own, *_alike(evidence, spot, own[0])]
    for node, inner in nodes:
        text = spot.text(inner)
        parent = spot.parents.get(node)
        inside = isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Attribute | ast.Compare)
        draft.replace(spot.file, node, operand(text) if inside else text)
    return [spot.text(inner) for _, inner in nodes]


def conversion(spot: Spot, node: ast.AST | None) -> tuple[ast.expr, ast.expr] | None:
    """A conversion to a Python number, and what is converted: ``float(x)``, ``x.item()``."""
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    function = node.func
    if isinstance(function, ast.Name) and function.id in _CONVERTING and len(node.args) == 1:
        inner = node.args[0]
        return None if spot.scope.binds(function.id) or isinstance(inner, ast.Starred) else (node, inner)
    if isinstance(function, ast.Attribute) and function.attr == "item" and not node.args:
        return node, function.value
    return None


def _can_be_left_out(evidence: ForceEvidence, spot: Spot, node: ast.expr) -> bool:
    course = Course(evidence.trace, spot.file).of_expression(node)
    return bool(course.lines) and stays_right(evidence, course, numbers=True)


def _alike(evidence: ForceEvidence, spot: Spot, own: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Further conversions of the function that were forced in this run."""
    trace, found = evidence.trace, {}
    code = trace.positions[spot.position].code
    if not isinstance(spot.owner, FUNCTIONS):
        return []
    for force in trace.forces:
        site = force.begin.site
        if site is None or trace.positions[site].code != code:
            continue
        other = spot_at(trace, site)
        pair = conversion(other, other.expression) if other is not None else None
        if pair is None or other is None or pair[0] is own or not is_array(other, pair[1]):
            continue
        if _can_be_left_out(evidence, other, pair[0]):
            found[pair[0]] = pair
    return list(found.values())


def scaled_range(evidence: ForceEvidence) -> Fix:
    """``linspace`` from 0 to 1, scaled by the lazy bounds."""
    spot, draft = spot_at(evidence.trace, evidence.site), Draft(evidence.trace)
    audience: Audience = "caller" if evidence.at_user else "library"
    sketch = "make the range from 0 to 1 and scale it by the bounds, which may be lazy"
    call = _range_of(spot) if spot is not None else None
    new, edit = "", None
    if spot is not None and call is not None:
        low, high, *rest = (spot.text(one) for one in _bounds_of(spot, call))
        words = ", ".join((*rest, *(f"{word.arg}={spot.text(word.value)}" for word in call.keywords)))
        scaled = f"{spot.text(call.func)}(0, 1{', ' if words else ''}{words})"
        new = f"{operand(low)} + ({high} - {operand(low)}) * {scaled}"
        course = Course(evidence.trace, spot.file).of_expression(call)
        course.lines.update(range(call.lineno, (call.end_lineno or call.lineno) + 1))
        if not course.unknown and not course.asked and stays_right(evidence, course, numbers=False):
            draft.replace(spot.file, call, new)
            edit = draft.edit()
    summary = f"`{new}`, which takes lazy bounds" if edit else sketch
    return Fix("keep-0d", summary, "the last bits may differ", audience, edit=edit, sketch=sketch)


def _range_of(spot: Spot) -> ast.Call | None:
    """The call of ``linspace`` of dask around the expression, with two bounds at least."""
    node: ast.AST | None = spot.expression
    while isinstance(node, ast.expr):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "linspace"
        ):
            known = is_namespace(spot, node.func.value) and len(node.args) >= 2
            other = any(word.arg in ("dtype", "retstep", "endpoint") for word in node.keywords)
            return node if known and not other else None
        node = spot.parents.get(node)
    return None


def _bounds_of(spot: Spot, call: ast.Call) -> list[ast.expr]:
    """Arguments of a call; of the bounds what they are converted from."""
    found = []
    for number, one in enumerate(call.args):
        pair = conversion(spot, one) if number < 2 else None
        found.append(pair[1] if pair is not None else one)
    return found
