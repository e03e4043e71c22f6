"""Indices: which are boolean masks, positions, slices or integers."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lazyscope.analysis.syntax.place import Place
from lazyscope.analysis.syntax.terms import (
    arguments_of,
    called_name,
    own_nodes,
    path_of,
    words,
)
from lazyscope.analysis.syntax.uses import operand_of

IndexKind: TypeAlias = Literal["mask", "positions", "slice", "integer", "key", "unknown"]
"""``positions``: an array of indices, as from ``argsort``; ``key``: a string; ``slice`` may hold integers."""


@dataclass(frozen=True)
class Subscript:
    """``base[index]``."""

    text: str
    base: str
    index: str
    kind: IndexKind
    mask_is: str | None
    """What the mask was assigned from: ``x > 0``; None if it is no mask, or written out in the index."""


def subscript(place: Place, node: ast.Subscript, statement: ast.stmt | None = None) -> Subscript:
    """Describe ``base[index]``."""
    kind = index_kind(place, node.slice, statement)
    meaning, _ = place.meaning(node.slice, statement)
    named = kind == "mask" and meaning is not node.slice
    return Subscript(
        text=place.text(node),
        base=place.text(node.value),
        index=place.text(node.slice),
        kind=kind,
        mask_is=place.text(meaning) if named else None,
    )


def index_kind(place: Place, index: ast.expr, statement: ast.stmt | None = None) -> IndexKind:
    """Tell what an index selects by."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    kinds = {_kind(place, part, statement) for part in parts}
    for kind in ("mask", "positions", "unknown", "key", "slice"):
        if kind in kinds:
            return kind
    return "integer"


def _kind(place: Place, index: ast.expr, statement: ast.stmt | None) -> IndexKind:
    if isinstance(index, (ast.Slice, ast.Starred)) or _is_constant(index, type(None), type(...)):
        return "slice"
    if isinstance(index, ast.Attribute) and index.attr == "newaxis":
        return "slice"
    if _is_constant(index, str) or isinstance(index, ast.JoinedStr):
        return "key"
    if is_mask(place, index, statement):
        return "mask"
    if _is_positions(place, index, statement):
        return "positions"
    return "integer" if is_integer(place, index, statement) else "unknown"


def _is_constant(node: ast.expr, *kinds: type) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, kinds)


_MOST_PARTS = 50
_Parts: TypeAlias = list[tuple[ast.expr, ast.stmt | None]]

_MASKING = words(
    "isfinite isnan isinf isin in1d isclose isreal iscomplex isneginf isposinf isnat signbit any all "
    "logical_and logical_or logical_not logical_xor equal not_equal less less_equal greater greater_equal "
    "isna isnull notna notnull duplicated between bitwise_invert _isin"
)
_KEEPING = words(
    "asarray broadcast_to reshape expand_dims squeeze ravel flatten copy atleast_nd transpose moveaxis "
    "persist array atleast_1d swapaxes flip roll"
)
_MASK_NAME = re.compile(r"(.*_)?(mask|masks|masked)(_.*)?|where|(.*_)?cond(ition)?")


def is_mask(place: Place, node: ast.expr, statement: ast.stmt | None = None) -> bool:
    """Whether an expression looks like an array of booleans, following names to their assignments."""
    pending: _Parts = [(node, statement)]
    for _ in range(_MOST_PARTS):
        if not pending:
            break
        part, at = pending.pop()
        found = _masks(place, part, at, pending)
        if found:
            return True
    return False


def _masks(place: Place, node: ast.expr, at: ast.stmt | None, pending: _Parts) -> bool:
    """Whether a node is a mask by itself; if that depends on others, they are added to `pending`."""
    if isinstance(node, ast.Name):
        meaning, there = place.likely(node, at)
        if meaning is node:
            return _MASK_NAME.fullmatch(node.id) is not None
        pending.append((meaning, there))
    elif isinstance(node, ast.Compare):
        return not isinstance(node.ops[0], (ast.Is, ast.IsNot, ast.In, ast.NotIn))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr, ast.BitXor)):
        pending += [(node.left, at), (node.right, at)]
    elif isinstance(node, ast.Call):
        return called_name(node) in _MASKING or _as_booleans(node) or _kept(place, node, at, pending)
    elif isinstance(node, ast.Subscript):
        pending.append((node.value, at))
    elif isinstance(node, ast.IfExp):
        pending += [(node.body, at), (node.orelse, at)]
    elif isinstance(node, ast.NamedExpr):
        pending.append((node.value, at))
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Invert)
    return isinstance(node, ast.Attribute) and node.attr == "mask"


def _as_booleans(call: ast.Call) -> bool:
    """``x.astype(bool)``, ``xp.astype(x, xp.bool)``, ``xp.zeros(n, dtype=bool)``."""
    names = [path_of(value)[-1:] for value in arguments_of(call)]
    return any(name and name[0] in ("bool", "bool_") for name in names)


def _kept(place: Place, call: ast.Call, at: ast.stmt | None, pending: _Parts) -> bool:
    """Go on with the argument of a call that gives back what it was given."""
    operand = operand_of(place, call) if called_name(call) in _KEEPING else None
    if operand is not None:
        pending.append((operand, at))
    return False


_POSITIONS = words(
    "argsort argmax argmin nonzero flatnonzero argwhere searchsorted argpartition lexsort arange where "
    "permutation digitize"
)


def _is_positions(place: Place, node: ast.expr, statement: ast.stmt | None) -> bool:
    meaning, _ = place.likely(node, statement)
    while isinstance(meaning, ast.Subscript):
        meaning = meaning.value
    if isinstance(meaning, ast.List):
        return True
    whole = not isinstance(meaning, ast.Call) or called_name(meaning) != "where" or len(meaning.args) == 1
    return whole and called_name(meaning) in _POSITIONS


_INTEGERS = words("int len index ord")


def is_integer(place: Place, node: ast.expr, statement: ast.stmt | None = None) -> bool:
    """Whether an expression looks like a Python integer."""
    pending: _Parts = [(node, statement)]
    for _ in range(_MOST_PARTS):
        if not pending:
            return True
        part, at = pending.pop()
        part, at = place.likely(part, at)
        if isinstance(part, (ast.BinOp, ast.UnaryOp)):
            operands = [part.operand] if isinstance(part, ast.UnaryOp) else [part.left, part.right]
            pending += [(operand, at) for operand in operands]
        elif not _is_whole(place, part):
            return False
    return False


def _is_whole(place: Place, node: ast.expr) -> bool:
    if _is_constant(node, int):
        return True
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    if isinstance(node, ast.Attribute):
        return node.attr in ("ndim", "size")
    if isinstance(node, ast.Name):
        return node.id in counters(place)
    return called_name(node) in _INTEGERS


def counters(place: Place) -> set[str]:
    """Variables of the loops around a position that go over a ``range`` or are counted by ``enumerate``."""
    loops = [node for node in place.found.path if isinstance(node, (ast.For, ast.AsyncFor))]
    inside = [w for _, whole in place.around(place.expression) for w in getattr(whole, "generators", ())]
    return {name for loop in [*loops, *inside] for name in _counted(loop.target, loop.iter)}


def _counted(target: ast.expr, over: ast.expr) -> list[str]:
    counting = called_name(over)
    if counting == "enumerate" and isinstance(target, ast.Tuple):
        target = target.elts[0]
    counts = counting in ("range", "enumerate") and isinstance(target, ast.Name)
    return [target.id] if counts and isinstance(target, ast.Name) else []


def selections(place: Place, root: ast.AST, chosen: Callable[[IndexKind], bool]) -> Iterator[Subscript]:
    """What an expression or statement reads through an index of some kind, in the order of the text."""
    for node in own_nodes(root):
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Del):
            found = subscript(place, node)
            if chosen(found.kind):
                yield found
