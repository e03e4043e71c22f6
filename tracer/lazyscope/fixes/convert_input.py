"""``convert-input``: bring the arguments of a call into one namespace, and blocks into NumPy's."""

from __future__ import annotations

import ast

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.source import source_file
from lazyscope.analysis.syntax.terms import arguments_of, imports_of, path_of
from lazyscope.fixes.check import objections
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.equivalents import numpy_has
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.placement import file_at
from lazyscope.fixes.written import Written, user_frames
from lazyscope.model.trace import TraceData

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


_BLOCKS = "use NumPy's functions in the function that dask runs on its blocks: these are NumPy arrays"


def numpy_in_block_function(trace: TraceData, position: int, function: ast.FunctionDef) -> Fix:
    """Use NumPy in a function that dask runs on NumPy blocks, instead of dask's own functions.

    Parameters
    ----------
    trace
        The trace.
    position
        The place that hands the function to dask.
    function
        The function, of the same file.
    """
    price = "the function is for NumPy arrays only from then on"
    edit = _with_numpy(trace, file_at(trace, position), function)
    if edit is None or objections(trace, edit):
        return Fix("native-function", _BLOCKS, price, sketch=_BLOCKS)
    said = edit.main.new[0].strip() if len(edit.main.new) == 1 else ""
    summary = f"`{said}` on line {edit.main.line}" if said else _BLOCKS
    return Fix("native-function", summary, price, edit=edit, sketch=_BLOCKS)


def _with_numpy(trace: TraceData, file: int, function: ast.FunctionDef) -> Edit | None:
    """The function with NumPy's functions; None where it does more with dask, or is called otherwise."""
    tree = source_file(trace, file).tree
    if tree is None:
        return None
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if any(path_of(node.func) == (function.name,) for node in called):
        return None
    imports, draft, done = imports_of(tree), Draft(trace), False
    for node in (one for statement in function.body for one in ast.walk(statement)):
        path = path_of(node) if isinstance(node, ast.Attribute) else ()
        full = ".".join((imports.get(path[0], path[0]), *path[1:])) if path else ""
        if not full.startswith(("dask.", "array_api_compat.dask.")):
            continue
        name = full.removeprefix("array_api_compat.").removeprefix("dask.array.")
        if name in _OTHERWISE or not (numpy_has(name) or name in ("nan", "inf", "pi", "newaxis")):
            return None
        if isinstance(node, ast.Attribute):
            draft.replace(file, node, f"{draft.import_of(file, 'numpy')}.{name}")
            done = True
    return draft.edit() if done else None


_OTHERWISE = frozenset({"percentile", "histogram", "map_blocks", "from_array", "asarray", "asanyarray"})
"""Functions that mean something else for dask, or take other arguments."""
