"""``native-function``: ``x.vindex[rows, columns]`` for the elements at pairs of positions."""

from __future__ import annotations

import ast

import numpy as np

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.syntax.terms import own_nodes
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.written import Written

SKETCH = (
    "index with `vindex`, which takes one list of positions for each axis; the positions must be computed"
)
_PRICE = "a gather moves elements between chunks; the result is one chunk for each part of the positions"


def by_vindex(evidence: Placed, written: Written | None) -> Fix:
    """Use `vindex` at a place, and wherever the function indexes so.

    Parameters
    ----------
    evidence
        The exception.
    written
        Its place.
    """
    edit = None
    if written is not None:
        draft = Draft(written.trace)
        for statement in written.scope.statements:
            for node in own_nodes(statement):
                if isinstance(node, ast.Subscript) and _can_be_gathered(written, node):
                    base = written.tight(node.value)
                    index = ", ".join(written.text(part) for part in _parts(node))
                    draft.replace(written.file, node, f"{base}.vindex[{index}]")
        edit = draft.edit()
    if edit is None:
        return Fix("native-function", SKETCH, _PRICE, sketch=SKETCH)
    return Fix("native-function", told(evidence, edit), _PRICE, edit=edit, sketch=SKETCH)


def _parts(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else []


def _can_be_gathered(written: Written, node: ast.Subscript) -> bool:
    """Whether NumPy and `vindex` give the same: lists of positions for the first axes, nothing before."""
    parts = _parts(node)
    if len(parts) < 2 or not isinstance(node.ctx, ast.Load) or not written.is_array(node.value):
        return False
    positions = [_is_positions(written, part) for part in parts]
    lists = [is_list for is_list in positions if is_list is not None]
    rest = parts[len(lists) :]
    leading = positions[: len(lists)]
    if None in leading or sum(map(bool, leading)) < 2:
        return False
    return all(isinstance(one, ast.Slice) for one in rest)


def _is_positions(written: Written, node: ast.expr) -> bool | None:
    """True for an array or list of integers in memory, False for one integer, None for anything else."""
    if isinstance(node, ast.List):
        whole = all(_is_integer(one) for one in node.elts)
        return True if whole and node.elts else None
    if _is_integer(node):
        return False
    if isinstance(node, ast.Name):
        found = written.binding(node.id)
        if found is not None and found.kind == "numpy array":
            dtype = written.trace.texts[found.dtype] if found.dtype is not None else ""
            return True if _is_integers(dtype) else None
        if found is not None and found.kind in ("list", "tuple") and found.elements == "number":
            return True
        if found is not None and found.kind == "number":
            return False
    if isinstance(node, ast.Call) and written.resolved(node.func) == "numpy.arange":
        return True
    if isinstance(node, ast.Call) and written.resolved(node.func) in ("numpy.array", "numpy.asarray"):
        return _is_positions(written, node.args[0]) or None if len(node.args) == 1 else None
    return None


def _is_integer(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) is int


def _is_integers(dtype: str) -> bool:
    try:
        return np.dtype(dtype).kind in "iu"
    except TypeError:
        return False
