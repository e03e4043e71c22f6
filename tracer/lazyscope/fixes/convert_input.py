"""``convert-input``: bring the arguments of a call into one namespace, and blocks into NumPy's."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.syntax.terms import (
    FUNCTIONS,
    arguments_of,
    imports_of,
    own_nodes,
    parameters_of,
    path_of,
)
from lazyscope.fixes.check import objections
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.equivalents import numpy_has
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.written import Written, user_frames

_SKETCH = "make dask arrays of the NumPy arrays and lists among the arguments"
_PRICE = "they are copied into the graph"


def arguments_made_lazy(evidence: Placed) -> Fix:
    """Make dask arrays of the NumPy arrays that a call gets beside dask arrays."""
    for written in user_frames(evidence):
        edit = _edit(written)
        if edit is not None and not objections(evidence.trace, edit):
            return Fix("convert-input", told(evidence, edit), _PRICE, edit=edit, sketch=_SKETCH)
    return Fix("convert-input", _SKETCH, _PRICE, sketch=_SKETCH)


def _edit(written: Written) -> Edit | None:
    node = written.expression
    if not isinstance(node, ast.Call) or not any(map(written.is_array, arguments_of(node))):
        return None
    draft, done = Draft(written.trace), False
    for argument in arguments_of(node):
        if _is_eager(written, argument):
            da = draft.import_of(written.file, "dask.array")
            draft.replace(written.file, argument, f"{da}.asarray({written.text(argument)})")
            done = True
    return draft.edit() if done else None


def _is_eager(written: Written, node: ast.expr) -> bool:
    """Whether an argument is a NumPy array, or a list of numbers, by record or as written."""
    if isinstance(node, ast.Name):
        found = written.binding(node.id)
        numbers = found is not None and found.kind == "list" and found.elements == "number"
        return written.kind(node.id) == "numpy" or numbers
    if isinstance(node, ast.List):
        return bool(node.elts) and all(isinstance(one, ast.Constant) for one in node.elts)
    return isinstance(node, ast.Call) and written.resolved(node.func).startswith("numpy.")


def blocks_in_numpy(evidence: Placed, written: Written) -> Fix | None:
    """Use NumPy in a function that dask runs on NumPy blocks, instead of dask's own functions.

    Parameters
    ----------
    evidence
        What happened.
    written
        A place in the function.
    """
    function = written.owner
    if not isinstance(function, FUNCTIONS):
        return None
    parameters = {one.arg for one in parameters_of(function.args)}
    draft, done = Draft(written.trace), False
    imports = imports_of(written.found.module)
    for statement in written.scope.statements:
        for node in own_nodes(statement):
            if not isinstance(node, ast.Call):
                continue
            path = path_of(node.func)
            if not path or path[0] in parameters:
                continue
            full = ".".join((imports.get(path[0], path[0]), *path[1:]))
            name = full.removeprefix("dask.array.")
            if not full.startswith("dask.array.") or not numpy_has(name) or name in _OTHERWISE:
                if full.startswith("dask."):
                    return None
                continue
            np = draft.import_of(written.file, "numpy")
            draft.replace(written.file, node.func, f"{np}.{name}")
            done = True
    edit = draft.edit() if done else None
    if edit is None:
        return None
    return Fix(
        "native-function",
        told(evidence, edit),
        "the function is for NumPy blocks only",
        edit=edit,
        sketch="use NumPy's functions in the function that dask runs on its blocks: these are NumPy arrays",
    )


_OTHERWISE = frozenset({"percentile", "histogram", "map_blocks", "from_array", "asarray", "asanyarray"})
"""Functions that mean something else for dask, or take other arguments."""
