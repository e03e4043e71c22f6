"""NaN instead of an exception: a lazy array goes on with NaN where a value would be refused."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.syntax.terms import called_name
from lazyscope.fixes.edit import Draft, Edit, begins_line
from lazyscope.fixes.facts import reduced_mask, value_of
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.guard_lazy import is_caught
from lazyscope.fixes.masks import inverse_of
from lazyscope.fixes.spot import Spot, argument
from lazyscope.fixes.tested import Tested

_SKETCH = "for lazy arrays, put NaN where a value would be refused instead of raising"
_PRICE = "behaviour changes: lazy input gives NaN instead of an exception, and must be of a floating type"


def as_nan(evidence: ForceEvidence, found: Tested) -> Fix:
    """Put NaN for what would be refused, if the array is lazy; others raise as before."""
    edit = _edit(evidence, found)
    audience: Audience = "caller" if evidence.at_user else "library"
    summary = _SKETCH
    if edit is not None:
        new = [line.strip() for change in edit.changes for line in change.new if ".where(" in line]
        summary = f"`{new[0]}` where the array is lazy; others still raise" if new else _SKETCH
    return Fix("propagate-nan", summary, _PRICE, audience, edit=edit, sketch=_SKETCH)


def _edit(evidence: ForceEvidence, found: Tested) -> Edit | None:
    node, spot = found.node, found.spot
    if not isinstance(node, ast.If) or found.is_elif or is_caught(evidence, found):
        return None
    if node.orelse or not begins_line(spot.source, node) or not isinstance(node.body[-1], ast.Raise):
        return None
    mask = bad_mask(spot, node.test)
    if mask is None:
        return None
    text, nodes = mask
    if any(called_name(one) == "isnan" for one in ast.walk(nodes)):
        # They are NaN already.
        return None
    name = _filled(spot, node, nodes)
    if name is None:
        return None
    draft = Draft(evidence.trace)
    xp = spot.namespace(draft)
    is_lazy = draft.import_from(spot.file, "array_api_compat", "is_lazy_array")
    line = spot.source.line(node.lineno)
    step = "    "
    indent = line[: len(line) - len(line.lstrip())]
    new = f"{name} = {xp}.where({argument(text)}, {xp}.nan, {name})"
    test = spot.text(node.test)
    head = ast.Name("if", ast.Load(), lineno=node.lineno, col_offset=node.col_offset)
    head.end_lineno, head.end_col_offset = node.test.end_lineno, node.test.end_col_offset
    draft.replace(spot.file, head, f"if {is_lazy}({name}):\n{indent}{step}{new}\n{indent}elif {test}")
    return draft.edit()


def bad_mask(spot: Spot, test: ast.expr) -> tuple[str, ast.expr] | None:
    """The mask of values that a test refuses, and the node it is made from."""
    negated = False
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, negated = test.operand, not negated
    reduced = reduced_mask(spot, test)
    if reduced is None:
        return None
    by, mask = reduced
    if (by == "any") == negated:
        return None
    text = spot.text(mask)
    return (inverse_of(text) if by == "all" else text), mask


def _filled(spot: Spot, node: ast.If, mask: ast.expr) -> str | None:
    """The one array of floats that the mask is about and that is read later."""
    wanted = value_of(spot, mask).ndim
    meaning = mask
    if isinstance(mask, ast.Name):
        meaning, _ = spot.place.meaning(mask, node)
    names = dict.fromkeys(n.id for n in ast.walk(meaning) if isinstance(n, ast.Name))
    found = []
    for name in names:
        value = value_of(spot, ast.Name(name, ast.Load()))
        fits = spot.kind(name) == "array" and value.number == "float" and value.ndim == wanted
        if fits and _is_read_after(spot, node, name):
            found.append(name)
    return found[0] if len(found) == 1 and wanted else None


def _is_read_after(spot: Spot, node: ast.If, name: str) -> bool:
    inside = set(ast.walk(node))
    later = [one for one in spot.scope.after(node) if one not in inside]
    return any(isinstance(n, ast.Name) and n.id == name for one in later for n in ast.walk(one))
