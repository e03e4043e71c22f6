"""Arrays of dataframes that know how many rows they have."""

from __future__ import annotations

import ast

from lazyscope.fixes.edit import Draft
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.spot import Spot
from lazyscope.model.trace import TraceData

_SKETCH = "convert the dataframe with `to_dask_array(lengths=True)`, which counts the rows"
_PRICE = "reads every partition once to count its rows; lengths that are known and given cost nothing"


def with_lengths(trace: TraceData, spot: Spot | None) -> Fix:
    """``to_dask_array(lengths=True)`` in place of ``values``."""
    edit, new = None, ""
    audience: Audience = "caller"
    if spot is not None:
        audience, draft = spot.audience, Draft(trace)
        node = spot.expression
        frame = _frame(node)
        if isinstance(node, ast.expr) and frame is not None:
            new = f"{spot.text(frame)}.to_dask_array(lengths=True)"
            draft.replace(spot.file, node, new)
            edit = draft.edit()
    summary = f"`{new}`" if edit else _SKETCH
    return Fix("compute-chunk-sizes", summary, _PRICE, audience, edit=edit, sketch=_SKETCH)


def _frame(node: ast.AST | None) -> ast.expr | None:
    """The dataframe that is converted."""
    if isinstance(node, ast.Attribute) and node.attr == "values":
        return node.value
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "to_dask_array"
    ):
        return node.func.value if not node.args and not node.keywords else None
    return None
