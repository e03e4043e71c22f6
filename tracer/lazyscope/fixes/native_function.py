"""``native-function``: a lazy expression of dask in place of a function that it lacks or that computes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.syntax.terms import own_nodes
from lazyscope.fixes.compute_before import told
from lazyscope.fixes.edit import Draft
from lazyscope.fixes.equivalents import (
    ATTRIBUTES,
    EQUIVALENTS,
    METHODS,
    UFUNC_METHODS,
    Equivalent,
    filled,
)
from lazyscope.fixes.fix import Fix, Technique
from lazyscope.fixes.lazy_consumers import LazyConsumers, saves_an_execution
from lazyscope.fixes.written import Written

_NAMESPACES = ("numpy.", "dask.array.", "array_api_compat.dask.array.")

_STATEMENTS = {
    "sort": "{self} = {self}.rechunk({{-1: -1}}).map_blocks({np}.sort, dtype={self}.dtype)",
    "fill": "{self} = {xp}.full_like({self}, {0})",
}
"""Methods that change an array in place, as assignments."""


def equivalent_fix(
    evidence: Placed, written: Written, *, forces: bool = False, technique: Technique | None = None
) -> Fix | None:
    """Put the lazy expression in place of the call at a place, and of those like it in the function.

    Parameters
    ----------
    evidence
        What happened.
    written
        The place of the call.
    forces
        Whether the call executes a graph now: then it is left alone unless that saves an execution.
    technique
        What it is called; by what is written if None.
    """
    node = _call_of(written)
    draft, prices = Draft(written.trace), []
    rows = _rows(written, node)
    if node is None or not rows:
        return None
    done = False
    for call in _alike(written, node):
        change = _change(written, draft, call, rows if call is node else _rows(written, call))
        if change is None:
            if call is node:
                return None
            continue
        where, text, price = change
        if isinstance(where, ast.expr):
            can_be_lazy = LazyConsumers(written.trace, written.file).executions(where) is not None
            if not can_be_lazy or (forces and not saves_an_execution(written.trace, written.file, where)):
                if call is node:
                    return None
                continue
        draft.replace(written.file, where, text)
        prices.append(price)
        done = True
    edit = draft.edit() if done else None
    if edit is None:
        return None
    made = technique or ("map-blocks" if "map_blocks" in "".join(edit.main.new) else "native-function")
    return Fix(made, told(evidence, edit), prices[0], edit=edit)


def _call_of(written: Written) -> ast.expr | None:
    """The call, or the attribute, that an event was about."""
    node = written.expression
    if isinstance(node, ast.Attribute):
        around = written.parents.get(node)
        return around if isinstance(around, ast.Call) and around.func is node else node
    return node if isinstance(node, ast.Call) else _only_call(written)


def _only_call(written: Written) -> ast.Call | None:
    calls = [n for n in own_nodes(written.statement) if isinstance(n, ast.Call) and _rows(written, n)]
    return calls[0] if len(calls) == 1 else None


def _rows(written: Written, node: ast.AST | None) -> tuple[Equivalent, ...]:
    if isinstance(node, ast.Attribute):
        row = ATTRIBUTES.get(node.attr)
        return (row,) if row is not None and written.is_array(node.value) else ()
    if not isinstance(node, ast.Call):
        return ()
    path = written.resolved(node.func)
    for prefix in _NAMESPACES:
        if path.startswith(prefix):
            name = path.removeprefix(prefix)
            return EQUIVALENTS.get(name) or UFUNC_METHODS.get(name, ())
    if isinstance(node.func, ast.Attribute) and written.is_array(node.func.value):
        return METHODS.get(node.func.attr, ()) or _in_place_row(node.func.attr)
    return ()


def _in_place_row(name: str) -> tuple[Equivalent, ...]:
    return (Equivalent(_STATEMENTS[name]),) if name in _STATEMENTS else ()


def _alike(written: Written, node: ast.expr) -> Iterator[ast.expr]:
    """The node, then others of the function that read the same but for their arguments."""
    yield node
    kind = _identity(written, node)
    for statement in written.scope.statements:
        for other in own_nodes(statement):
            is_call = isinstance(other, ast.Call | ast.Attribute) and other is not node
            if isinstance(other, ast.expr) and is_call and _identity(written, other) == kind:
                yield other


def _identity(written: Written, node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        keywords = " ".join(sorted(word.arg or "" for word in node.keywords))
        path = written.resolved(node.func)
        if path.startswith("numpy.") and path.removeprefix("numpy.") in UFUNC_METHODS:
            return f"ufunc.{path.rpartition('.')[2]}"
        if path.startswith(_NAMESPACES):
            return f"{path}({keywords})"
        return f".{node.func.attr}({keywords})" if isinstance(node.func, ast.Attribute) else ""
    return f".{node.attr}" if isinstance(node, ast.Attribute) else ""


def _change(
    written: Written, draft: Draft, node: ast.expr, rows: tuple[Equivalent, ...]
) -> tuple[ast.expr | ast.stmt, str, str] | None:
    """Where, what and at which price."""
    arguments = _arguments(written, node)
    if arguments is None:
        return None
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
    own = next((s for s in written.scope.statements if isinstance(s, ast.Expr) and s.value is node), None)
    if own is not None and name in _STATEMENTS and "self" in arguments:
        if not isinstance(arguments["self"], ast.Name):
            return None
        text = _filled(written, draft, Equivalent(_STATEMENTS[name]), arguments)
        return (
            None if text is None else (own, text, "a new array: others of the same values stay as they are")
        )
    array = arguments.get("self") or arguments.get("0")
    if array is None or not _fits(written, array, rows):
        return None
    for row in rows:
        if row.ndim and _ndim(written, array) not in row.ndim:
            continue
        if row.each is not None and not _all_have(written, array, row.each):
            continue
        text = _filled(written, draft, row, arguments)
        if text is not None:
            return node, text, row.price
    return None


def _fits(written: Written, array: ast.expr, rows: tuple[Equivalent, ...]) -> bool:
    """Whether the first argument is a dask array; of functions of shapes and lists nothing is asked."""
    if any("{*}" in row.template for row in rows):
        return True
    if isinstance(array, ast.List | ast.Tuple):
        return bool(array.elts) and any(map(written.is_array, array.elts))
    return written.is_array(array)


def _all_have(written: Written, array: ast.expr, ndim: int) -> bool:
    """Whether a list holds nothing but arrays of so many dimensions, as far as they are recorded."""
    elements = array.elts if isinstance(array, ast.List | ast.Tuple) else []
    return bool(elements) and all(_ndim(written, one) == ndim for one in elements)


def _ndim(written: Written, array: ast.expr) -> int | None:
    layout = written.layout(array)
    return None if layout is None else len(layout.shape)


def _arguments(written: Written, node: ast.expr) -> dict[str, ast.expr] | None:
    if isinstance(node, ast.Attribute):
        return {"self": node.value}
    if not isinstance(node, ast.Call):
        return None
    if any(isinstance(one, ast.Starred) for one in node.args) or any(w.arg is None for w in node.keywords):
        return None
    found = {str(number): argument for number, argument in enumerate(node.args)}
    found |= {word.arg: word.value for word in node.keywords if word.arg is not None}
    path = written.resolved(node.func)
    if not path.startswith(_NAMESPACES) and isinstance(node.func, ast.Attribute):
        found["self"] = node.func.value
    return found


def _filled(written: Written, draft: Draft, row: Equivalent, arguments: dict[str, ast.expr]) -> str | None:
    return filled(
        row,
        arguments,
        lambda node, tight: written.tight(node) if tight else written.text(node),
        lambda module: draft.import_of(written.file, module),
    )
