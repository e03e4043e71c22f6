"""``compute-chunk-sizes``: learn lengths that depend on values once, where the array gets them.

The array is held in memory there, since its values are needed again; where only its length is asked, it is
not held.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.syntax.terms import own_nodes
from lazyscope.fixes.check import objections
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.edit import Draft, Edit
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.written import Written, written_at
from lazyscope.model import events
from lazyscope.model.trace import TraceData

_SKETCH = "hold the selection in memory and compute its chunk sizes once, where it is made"
_PRICE = "computes what is behind it there, once, and holds it in memory"

_SEVERAL = ("where", "nonzero", "unique_counts", "unique_inverse", "unique_all", "unique")
"""Functions that may give several arrays."""

_ASKED = ("shape", "size")


def compute_chunk_sizes(evidence: Placed, origins: Sequence[int], *, audience: Audience = "caller") -> Fix:
    """Learn the lengths where they became unknown.

    Parameters
    ----------
    evidence
        What happened because of it.
    origins
        Indices of the unknown shapes behind it.
    audience
        Whose code made them.
    """
    trace = evidence.trace
    shapes = [trace.unknown_shapes[number] for number in origins]
    edit = _edit(trace, shapes) if shapes else None
    if edit is None or objections(trace, edit):
        return Fix("compute-chunk-sizes", _SKETCH, _PRICE, audience, sketch=_SKETCH)
    return Fix("compute-chunk-sizes", told(evidence, edit), _PRICE, audience, edit=edit, sketch=_SKETCH)


def _edit(trace: TraceData, shapes: Iterable[events.UnknownShape]) -> Edit | None:
    draft = Draft(trace)
    done: set[tuple[int, int, int]] = set()
    for shape in [*shapes]:
        written = written_at(trace, shape.site)
        if written is None or written.expression is None or shape.site is None:
            return None
        if trace.file_of(shape.site).role != "user":
            return None
        for node in _alike(written, shape):
            place = (written.file, node.lineno, node.col_offset)
            if place not in done:
                done.add(place)
                if not _resolve(draft, written, node, shape):
                    return None
    return draft.edit()


def _resolve(draft: Draft, written: Written, node: ast.expr, shape: events.UnknownShape) -> bool:
    statement = _statement(written, node)
    if statement is None:
        return False
    if shape.operation.rpartition(".")[2] in _SEVERAL and not _is_single(written, node, shape):
        return _resolve_parts(draft, written, statement, node)
    if _is_asked_only(written, statement, node):
        text = f"{written.tight(node)}.compute_chunk_sizes()"
    else:
        text = f"{written.tight(node)}.persist().compute_chunk_sizes()"
    draft.replace(written.file, node, text)
    return True


def _is_single(written: Written, node: ast.expr, shape: events.UnknownShape) -> bool:
    """Whether a function that may give several arrays gave one."""
    if shape.operation.rpartition(".")[2] != "unique" or not isinstance(node, ast.Call):
        return False
    return not any((word.arg or "").startswith("return_") for word in node.keywords)


def _resolve_parts(draft: Draft, written: Written, statement: ast.stmt, node: ast.expr) -> bool:
    """Hold all arrays that a function gives, and learn the lengths of those that are variables."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    dask = draft.import_of(written.file, "dask")
    if isinstance(target, ast.Tuple) and statement.value is node:
        names = [part.id for part in target.elts if isinstance(part, ast.Name)]
        if len(names) != len(target.elts) or not names:
            return False
        together = ", ".join(names)
        lines = [f"{together} = {dask}.persist({together})" if len(names) > 1 else ""]
        if len(names) == 1:
            lines = [f"{names[0]} = {names[0]}.persist()"]
        lines += [f"{name}.compute_chunk_sizes()" for name in names if _is_unknown(written, name)]
        draft.insert_after(written.file, statement, *lines)
        return True
    if isinstance(statement.value, ast.Subscript) and statement.value.value is node:
        text = written.text(statement.value)
        draft.replace(written.file, statement.value, f"{text}.persist().compute_chunk_sizes()")
        return True
    return False


def _is_unknown(written: Written, name: str) -> bool:
    binding = written.binding(name)
    layout = None
    if binding is not None and binding.layout is not None:
        layout = written.trace.layouts[binding.layout]
    return layout is None or None in layout.shape


def _statement(written: Written, node: ast.expr) -> ast.stmt | None:
    for statement in written.scope.statements:
        if any(one is node for one in own_nodes(statement)):
            return statement
    return None


def _is_asked_only(written: Written, statement: ast.stmt, node: ast.expr) -> bool:
    """Whether nothing but the length of an expression is used."""
    return any(node in _asked_in(whole) for whole in own_nodes(statement))


def _asked_in(node: ast.AST) -> list[ast.expr]:
    """Of what a node asks the length: ``x`` of ``x.shape`` and ``len(x)``."""
    if isinstance(node, ast.Attribute):
        return [node.value] if node.attr in _ASKED else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
        return node.args
    return []


# All places of the pattern


def _alike(written: Written, shape: events.UnknownShape) -> list[ast.expr]:
    """The expression, and others of the function that select like it and whose length is asked too."""
    first = written.expression
    assert first is not None
    if not isinstance(first, ast.Subscript):
        return [first]
    asked = _asked_names(written)
    found: list[ast.expr] = [first]
    for statement in written.scope.statements:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Subscript):
            continue
        target, value = statement.targets[0], statement.value
        if value is first or not isinstance(target, ast.Name) or target.id not in asked:
            continue
        if written.is_array(value.value) and _is_mask(written, value.slice):
            found.append(value)
    return found


def _is_mask(written: Written, node: ast.expr) -> bool:
    if isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert)):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
        return True
    return isinstance(node, ast.Name) and written.dtype(node) == "bool" and written.is_array(node)


def _asked_names(written: Written) -> set[str]:
    """Variables whose length is asked somewhere in the function."""
    found: set[str] = set()
    for statement in written.scope.statements:
        for node in own_nodes(statement):
            asked = _asked_in(node)
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
                asked = [node.value]
            found.update(one.id for one in asked if isinstance(one, ast.Name))
    return found
