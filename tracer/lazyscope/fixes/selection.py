"""Selections by a mask whose length something needs: the consumer decides what takes their place."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lazyscope.analysis.source import unparsed
from lazyscope.analysis.syntax.terms import XP, called_name, own_nodes, words
from lazyscope.fixes.consumers import Consumers
from lazyscope.fixes.edit import Draft, Edit, known_as
from lazyscope.fixes.facts import is_namespace, value_of
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.spot import Spot, argument, operand
from lazyscope.fixes.where import in_words
from lazyscope.model.trace import TraceData

_WHERE = (
    "keep the length: put NaN, or what does not count, in place of what the mask leaves out, "
    "and take a reduction that leaves it out"
)
_ONCE = "compute it there and go on with NumPy"
_WITHOUT_NAN = {
    "median": "nanmedian",
    "mean": "nanmean",
    "std": "nanstd",
    "var": "nanvar",
    "quantile": "nanquantile",
}


@dataclass(frozen=True)
class _Use:
    """Where a selection is consumed, and the expression that takes the place of that."""

    node: ast.expr
    text: str


def without_selection(trace: TraceData, spot: Spot, lines: Iterable[int]) -> Fix:
    """What consumes a selection written with ``where`` or a count of the mask.

    Parameters
    ----------
    trace
        The trace.
    spot
        The selection.
    lines
        Lines of the file that failed for want of the length.
    """
    texts, edit = _consumed(trace, spot, set(lines))
    summary = in_words(texts, _WHERE) if edit else _WHERE
    price = "every element stays in memory, or is counted; the selection itself is not made"
    return Fix("where", summary, price, spot.audience, edit=edit, sketch=_WHERE)


def _consumed(trace: TraceData, spot: Spot, lines: set[int]) -> tuple[list[str], Edit | None]:
    node = spot.expression
    if not isinstance(node, ast.Subscript):
        return [], None
    draft = Draft(trace)
    xp = spot.namespace(draft)
    readers = _readers(spot, node, spot.statement)
    found = [_use(spot, node, one, xp) for one in readers]
    uses = [one for one in found if one is not None]
    failing = {line for line in lines if any(_stands_on(one, line) for one in readers)}
    covered = {line for line in failing if any(_stands_on(use.node, line) for use in uses)}
    left = [one for one, use in zip(readers, found, strict=True) if use is None]
    if not uses or not failing or failing != covered or not all(_needs_no_length(spot, one) for one in left):
        return [], None
    if len(uses) < len(found) and len(uses) == sum(use.text.startswith("int(") for use in uses):
        # The selection itself is used as well, and its length is as unknown as before.
        return [], None
    uses += _alike(spot, node, xp)
    for use in uses:
        draft.replace(spot.file, use.node, use.text)
    statement = spot.statement
    is_alone = isinstance(statement, ast.Assign) and statement.value is node
    if is_alone and not left and len(spot.scope.block_of(statement)) > 1:
        draft.remove(spot.file, statement)
    return [use.text for use in uses], draft.edit()


_LAZY_REDUCTIONS = words("sum mean min max std var any all prod")


def _needs_no_length(spot: Spot, read: ast.expr) -> bool:
    """Whether what is done with the selection works without its length: a reduction."""
    whole = spot.parents.get(read)
    if isinstance(whole, ast.Attribute):
        return whole.attr in _LAZY_REDUCTIONS
    return isinstance(whole, ast.Call) and called_name(whole) in _LAZY_REDUCTIONS and whole.args[:1] == [read]


def _alike(spot: Spot, node: ast.Subscript, xp: str) -> list[_Use]:
    """Further selections of the function whose length is asked, at once or by a variable."""
    found: list[_Use] = []
    for statement in spot.scope.statements:
        for one in own_nodes(statement):
            if not isinstance(one, ast.Subscript) or not isinstance(one.ctx, ast.Load) or one is node:
                continue
            base = one.value
            if not isinstance(one.slice, ast.Compare) or not isinstance(base, ast.Name):
                continue
            if spot.kind(base.id) == "array":
                uses = [_use(spot, one, read, xp) for read in _readers(spot, one, statement)]
                found += [use for use in uses if use is not None]
    return found


def _stands_on(node: ast.AST, line: int) -> bool:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
    return first <= line <= last


def _readers(spot: Spot, node: ast.Subscript, statement: ast.stmt) -> list[ast.expr]:
    """The selection, or where the variable is read that it is assigned to."""
    if not isinstance(statement, ast.Assign) or statement.value is not node or len(statement.targets) != 1:
        return [node]
    target = statement.targets[0]
    if not isinstance(target, ast.Name):
        return []
    found: list[ast.expr] = []
    for reader in spot.scope.statements:
        for one in own_nodes(reader):
            if not isinstance(one, ast.Name) or one.id != target.id or not isinstance(one.ctx, ast.Load):
                continue
            if spot.scope.flows_into(statement, target.id, reader) and _is_same(
                spot, node, statement, reader
            ):
                found.append(one)
    return found


def _is_same(spot: Spot, node: ast.Subscript, statement: ast.stmt, reader: ast.stmt) -> bool:
    """Whether mask and array are at a reader what they were at the selection."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            then = {id(made.statement) for made in spot.scope.sources(one.id, statement)}
            now = {id(made.statement) for made in spot.scope.sources(one.id, reader)}
            if then != now:
                return False
    return True


def _use(spot: Spot, node: ast.Subscript, read: ast.expr, xp: str) -> _Use | None:
    parents = spot.parents
    whole = parents.get(read)
    mask = spot.text(node.slice)
    if isinstance(whole, ast.Call) and called_name(whole) == "len" and whole.args == [read]:
        return _Use(whole, f"int({xp}.sum({argument(mask)}))")
    if isinstance(whole, ast.Attribute) and whole.attr in ("shape", "size"):
        return _length(spot, whole, mask, xp)
    if isinstance(whole, ast.Call) and isinstance(whole.func, ast.Attribute) and whole.args[:1] == [read]:
        return _reduced(spot, node, whole, xp)
    return None


def _length(spot: Spot, attribute: ast.Attribute, mask: str, xp: str) -> _Use | None:
    found: ast.AST | None = attribute
    if attribute.attr == "shape":
        found = spot.parents.get(attribute)
        if not isinstance(found, ast.Subscript) or unparsed(found.slice) != "0":
            return None
    whole = spot.parents.get(found) if found is not None else None
    if isinstance(whole, ast.Call) and called_name(whole) == "int" and len(whole.args) == 1:
        found = whole
    return _Use(found, f"int({xp}.sum({argument(mask)}))") if isinstance(found, ast.expr) else None


def _reduced(spot: Spot, node: ast.Subscript, call: ast.Call, xp: str) -> _Use | None:
    """``nanmedian(where(m, x, nan), axis=0)`` for ``median(x[m], axis=0)``."""
    assert isinstance(call.func, ast.Attribute)
    name, value = call.func.attr, value_of(spot, node.value)
    if name not in _WITHOUT_NAN or not is_namespace(spot, call.func.value) or XP.fullmatch(xp):
        return None
    if value.number not in ("float", "int") or not value.ndim or not _leaves_nan_out(spot, node):
        return None
    base = spot.text(node.value)
    chosen = f"{xp}.where({argument(spot.text(node.slice))}, {argument(base)}, {xp}.nan)"
    if value.ndim > 1:
        chosen = f"{chosen}.ravel()"
    rest = [spot.text(one) for one in call.args[1:]]
    rest += [f"{word.arg}={spot.text(word.value)}" for word in call.keywords]
    module = spot.text(call.func.value)
    return _Use(call, f"{module}.{_WITHOUT_NAN[name]}({', '.join([chosen, *rest])})")


def _leaves_nan_out(spot: Spot, node: ast.Subscript) -> bool:
    """Whether nothing that the mask selects can be NaN: it compares the array itself."""
    if value_of(spot, node.value).number == "int":
        return True
    meaning, _ = spot.place.meaning(node.slice, spot.statement)
    base, pending = unparsed(node.value), [meaning]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitAnd):
            pending += [part.left, part.right]
        elif isinstance(part, ast.Compare) and not isinstance(part.ops[0], ast.NotEq):
            pending += [part.left, part.comparators[0]]
        elif unparsed(part) == base and part is not meaning:
            return True
    return False


# Lengths that are computed


def computed_there(trace: TraceData, spot: Spot | None, *, why: str = "") -> Fix:
    """Compute what an expression makes, and go on with NumPy."""
    edit, text = None, ""
    audience: Audience = "caller"
    if spot is not None and isinstance(spot.expression, ast.Call) and not _gives_several(spot.expression):
        audience = spot.audience
        draft, node = Draft(trace), spot.expression
        text = f"{operand(spot.text(node))}.compute()"
        draft.append(spot.file, node, ".compute()")
        if Consumers(draft, spot.file).adapt(node):
            edit = draft.edit()
    summary = f"`{text}`{why}" if edit else _ONCE
    price = "computes everything behind it there; what follows is NumPy"
    return Fix("compute-once", summary, price, audience, edit=edit, sketch=_ONCE)


def _gives_several(call: ast.Call) -> bool:
    """Whether a call gives a tuple of arrays, which has no `compute`."""
    return any((word.arg or "").startswith("return_") for word in call.keywords)


def counted(trace: TraceData, spot: Spot | None, function: str, lines: Sequence[int]) -> Fix | None:
    """``xpx.nunique(x)`` where only the number of distinct values is asked; None without array-api-extra."""
    if spot is None or not isinstance(spot.expression, ast.Call) or len(spot.expression.args) != 1:
        return None
    xpx = known_as(spot.tree, "array_api_extra")
    whole = spot.parents.get(spot.expression)
    asked = spot.parents.get(whole) if isinstance(whole, ast.Attribute) and whole.attr == "shape" else None
    sketch = "count the distinct values with `nunique` of array-api-extra, which stays lazy"
    price = "gives the number, not the values"
    if not isinstance(asked, ast.Subscript) or unparsed(asked.slice) != "0" or xpx is None:
        return Fix("native-function", sketch, price, spot.audience, sketch=sketch)
    draft = Draft(trace)
    new = f"{xpx}.{function}({spot.text(spot.expression.args[0])})"
    draft.replace(spot.file, asked, new)
    return Fix(
        "native-function",
        f"`{new}`, which stays lazy",
        price,
        spot.audience,
        edit=draft.edit(),
        sketch=sketch,
    )
