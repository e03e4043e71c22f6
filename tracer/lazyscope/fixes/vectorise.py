"""One array expression instead of Python going over an array element by element."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.syntax.terms import called_name
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.facts import is_namespace, value_of
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.selected import ELEMENTWISE
from lazyscope.fixes.spot import Spot, operand, spot_at

_BUILTIN = "take the reduction of arrays instead of Python's own function, which goes over the elements"
_LOOP = "compute all turns with one array expression, along a new axis or with `axis=`"
_REDUCTIONS = ("min", "max", "sum", "any", "all")
_OF_ROWS = ("sum", "mean", "min", "max", "std", "var", "any", "all", "prod")
_PRICE = "all turns are in memory at once, chunk by chunk"


def over_array(evidence: ForceEvidence) -> Fix | None:
    """``x.max()`` for ``max(x)``, ``da.any(x > 3)`` for ``any(v > 3 for v in x)``; None for other calls."""
    spot = spot_at(evidence.trace, evidence.site)
    call = _builtin_around(spot) if spot is not None else None
    if spot is None or call is None:
        return None
    draft = Draft(evidence.trace)
    new = _reduced(draft, spot, call)
    edit = None
    if new is not None:
        draft.replace(spot.file, call, new)
        edit = draft.edit()
    summary = f"`{new}` instead of `{spot.text(call)}`" if edit else _BUILTIN
    return Fix(
        "vectorise", summary, "one execution for all elements", spot.audience, edit=edit, sketch=_BUILTIN
    )


def _builtin_around(spot: Spot) -> ast.Call | None:
    """Python's own reduction that goes over the elements of one array."""
    node: ast.AST | None = spot.expression
    while isinstance(node, ast.expr | ast.comprehension):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            known = node.func.id in _REDUCTIONS and not node.keywords
            return node if known and not spot.scope.binds(node.func.id) else None
        node = spot.parents.get(node)
    return None


def _reduced(draft: Draft, spot: Spot, call: ast.Call) -> str | None:
    inner, name = call.args[0], called_name(call)
    if isinstance(inner, ast.Name):
        if spot.kind(inner.id) != "array" or value_of(spot, inner).ndim != 1:
            return None
        text = f"{spot.namespace(draft)}.{name}({inner.id})"
    elif isinstance(inner, ast.GeneratorExp | ast.ListComp):
        whole = _whole(spot, inner)
        if whole is None:
            return None
        text = f"{spot.namespace(draft)}.{name}({whole})"
    else:
        return None
    return f"bool({text})" if name in ("any", "all") else text


def _whole(spot: Spot, node: ast.GeneratorExp | ast.ListComp) -> str | None:
    """The element of a comprehension over a vector, for the whole vector."""
    generator = node.generators[0]
    over, target = generator.iter, generator.target
    if len(node.generators) != 1 or generator.ifs or generator.is_async:
        return None
    if not isinstance(over, ast.Name) or not isinstance(target, ast.Name):
        return None
    if spot.kind(over.id) != "array" or value_of(spot, over).ndim != 1:
        return None
    if not _is_elementwise(spot, node.elt):
        return None
    names = [n for n in ast.walk(node.elt) if isinstance(n, ast.Name) and n.id == target.id]
    others = [
        n.id
        for n in ast.walk(node.elt)
        if isinstance(n, ast.Name) and spot.kind(n.id) == "array" and n not in names
    ]
    if not names or any(value_of(spot, ast.Name(one, ast.Load())).ndim != 0 for one in others):
        return None
    return spot.text(node.elt, dict.fromkeys(names, over.id))


def _is_elementwise(spot: Spot, node: ast.expr) -> bool:
    allowed = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Attribute)
    for one in ast.walk(node):
        if isinstance(one, ast.expr) and not isinstance(one, allowed):
            return False
        if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not):
            return False
        if isinstance(one, ast.Compare) and len(one.ops) > 1:
            return False
        if isinstance(one, ast.Call):
            is_function = isinstance(one.func, ast.Attribute) and is_namespace(spot, one.func.value)
            is_abs = isinstance(one.func, ast.Name) and one.func.id == "abs"
            if not is_abs and not (is_function and called_name(one) in ELEMENTWISE):
                return False
    return True


def rows(evidence: ForceEvidence) -> Fix:
    """``x.sum(axis=1)`` for ``[float(row.sum()) for row in x]``."""
    spot, edit, new = spot_at(evidence.trace, evidence.site), None, ""
    audience: Audience = "caller" if evidence.at_user else "library"
    found = _of_rows(spot) if spot is not None else None
    if spot is not None and found is not None:
        whole, new = found
        draft = Draft(evidence.trace)
        draft.replace(spot.file, whole, new)
        edit = draft.edit()
    summary = f"`{new}`: one execution for all rows" if edit else _LOOP
    return Fix("vectorise", summary, _PRICE, audience, edit=edit, sketch=_LOOP)


def _of_rows(spot: Spot) -> tuple[ast.expr, str] | None:
    node = spot.expression
    whole = spot.parents.get(node) if node is not None else None
    if not isinstance(node, ast.Call) or not isinstance(whole, ast.ListComp) or whole.elt is not node:
        return None
    generator = whole.generators[0]
    over, target = generator.iter, generator.target
    if len(whole.generators) != 1 or generator.ifs or not isinstance(target, ast.Name):
        return None
    if not isinstance(over, ast.Name) or spot.kind(over.id) != "array" or value_of(spot, over).ndim != 2:
        return None
    number = value_of(spot, over).number
    converts = (
        isinstance(node.func, ast.Name) and node.func.id in ("float", "int", "bool") and len(node.args) == 1
    )
    inner = node.args[0] if converts else None
    if not isinstance(inner, ast.Call) or inner.keywords or not isinstance(inner.func, ast.Attribute):
        return None
    name, given = inner.func.attr, inner.func.value
    if is_namespace(spot, given):
        given = inner.args[0] if len(inner.args) == 1 else given
    elif inner.args:
        return None
    if name not in _OF_ROWS or not isinstance(given, ast.Name) or given.id != target.id:
        return None
    result = value_of(spot, inner).number or (number if name in ("sum", "min", "max", "prod") else "float")
    if result != called_name(node):
        return None
    return whole, f"{operand(spot.text(over))}.{name}(axis=1).compute().tolist()"
