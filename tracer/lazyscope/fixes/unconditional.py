"""Work without the test that only asks whether there is any to do."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.syntax.arms import arm
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.guard_lazy import lazy_name
from lazyscope.fixes.masked_update import any_of, unconditional_lines
from lazyscope.fixes.spot import Spot
from lazyscope.fixes.tested import Tested
from lazyscope.fixes.where import in_words, replace_statement

_SKETCH = "do it without the test: it changes nothing where the mask selects nothing"


def without_test(evidence: ForceEvidence, found: Tested) -> Fix | None:
    """``x = where(m, c, x)`` for ``if any(m): x = where(m, c, x)``; a warning stays behind a guard."""
    node, spot = found.node, found.spot
    if not isinstance(node, ast.If) or node.orelse or found.is_elif or any_of(spot, node.test) is None:
        return None
    draft = Draft(evidence.trace)
    telling = [one for one in node.body if arm(spot.place, [one], set()).does in ("warns", "nothing")]
    working = [one for one in node.body if one not in telling]
    if not working:
        return None
    lines = unconditional_lines(draft, spot, _only(node, working))
    told = [one for one in telling if not isinstance(one, ast.Pass)]
    first: list[str] = []
    if lines is not None and told:
        guard = _guard(draft, spot, found)
        if guard is None:
            lines = None
        else:
            first = [guard, *(f"    {spot.text(one)}" for one in told)]
    price = "computed even where nothing is selected" + ("; no warning for lazy arrays" if told else "")
    if lines is None or not replace_statement(draft, spot, node, [*first, *lines]):
        return Fix("where", _SKETCH, price, spot.audience, sketch=_SKETCH)
    summary = (
        f"{in_words(lines, 'do the same')} without the test: it changes nothing where nothing is selected"
    )
    edit = draft.edit()
    return Fix("where", summary if edit else _SKETCH, price, spot.audience, edit=edit, sketch=_SKETCH)


def _only(node: ast.If, body: list[ast.stmt]) -> ast.If:
    """The test with some of its statements."""
    return ast.If(
        test=node.test,
        body=body,
        orelse=[],
        lineno=node.lineno,
        col_offset=node.col_offset,
        end_lineno=node.end_lineno,
        end_col_offset=node.end_col_offset,
    )


def _guard(draft: Draft, spot: Spot, found: Tested) -> str | None:
    asked = lazy_name(found)
    if asked is None:
        return None
    is_lazy = draft.import_from(spot.file, "array_api_compat", "is_lazy_array")
    return f"if not {is_lazy}({asked}) and {spot.text(found.test)}:"
