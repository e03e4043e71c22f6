"""Statements that change some elements of an array."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from lazyscope.analysis import parsing
from lazyscope.analysis.source import unparsed
from lazyscope.analysis.syntax.masks import IndexKind, index_kind
from lazyscope.analysis.syntax.place import Place, once
from lazyscope.analysis.syntax.terms import called_name, own_nodes, targets_of


@dataclass(frozen=True)
class Update:
    """A statement or part of it that changes some elements of an array."""

    form: Literal["subscript", "where", "at"]
    """``y[m] = v`` and ``y[m] *= v``; ``y = where(m, v, y)``; ``xpx.at(y)[m].set(v)``."""
    array: str
    """As written: ``y``."""
    array_is: str | None
    """What the array was assigned from, ``xp.zeros_like(x)``; None if that cannot be said."""
    index: str
    """The index or condition."""
    index_is: str | None
    """What the index was assigned from, ``x > 0``; None if it is no variable."""
    kind: IndexKind
    inverted: bool
    """Whether it changes what the index does not select: ``y = where(m, y, v)``."""
    operator: str
    """``=``, ``*=`` and the like; the method for ``at``: ``set``, ``add``."""
    value: str
    gathers: tuple[str, ...]
    """Selections by the same index that the value is made of: ``x[m]`` of ``y[m] = f(x[m])``, and of
    ``y[m] = f(a)`` after ``a = x[m]``."""
    target: str | None
    """What the result of ``where`` or ``at`` is assigned to; None where it is used otherwise."""
    line: int


def updates_in(place: Place, statement: ast.stmt) -> Iterator[Update]:
    """The updates that one statement makes, without those of statements inside it."""
    for target in targets_of(statement):
        if isinstance(target, ast.Subscript) and not isinstance(statement, ast.AnnAssign):
            yield _stored(place, statement, target)
    for node in own_nodes(statement):
        if isinstance(node, ast.Call):
            yield from _at(place, statement, node)
            yield from _where(place, statement, node)


def _stored(place: Place, statement: ast.stmt, target: ast.Subscript) -> Update:
    assert isinstance(statement, (ast.Assign, ast.AugAssign))
    operator = f"{SIGNS[type(statement.op)]}=" if isinstance(statement, ast.AugAssign) else "="
    parts = (target.value, target.slice, statement.value)
    return _update(place, statement, "subscript", operator, parts, target=None)


SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.MatMult: "@", ast.Div: "/", ast.FloorDiv: "//",
    ast.Mod: "%", ast.Pow: "**", ast.LShift: "<<", ast.RShift: ">>",
    ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&",
}  # fmt: skip


def _at(place: Place, statement: ast.stmt, call: ast.Call) -> Iterator[Update]:
    """``xpx.at(y)[m].set(v)`` and ``xpx.at(y, m).set(v)``."""
    if not isinstance(call.func, ast.Attribute) or not call.args:
        return
    made: ast.expr = call.func.value
    index = made.slice if isinstance(made, ast.Subscript) else None
    made = made.value if isinstance(made, ast.Subscript) else made
    if not isinstance(made, ast.Call) or called_name(made) != "at" or not made.args:
        return
    index = index or (made.args[1] if len(made.args) > 1 else None)
    if index is not None:
        parts = (made.args[0], index, call.args[0])
        target = _only_target(place, statement, call)
        yield _update(place, statement, "at", call.func.attr, parts, target=target)


def _where(place: Place, statement: ast.stmt, call: ast.Call) -> Iterator[Update]:
    if called_name(call) != "where" or len(call.args) != 3:
        return
    condition, *choices = call.args
    target = _only_target(place, statement, call)
    kept = next((choice for choice in choices if target and unparsed(choice) == target), None)
    if kept is not None:
        value = choices[1] if kept is choices[0] else choices[0]
        made = _update(place, statement, "where", "=", (kept, condition, value), target=target)
        yield replace(made, inverted=kept is choices[0])


def _only_target(place: Place, statement: ast.stmt, value: ast.expr) -> str | None:
    whole = isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is value
    targets = targets_of(statement)
    return place.text(targets[0]) if whole and len(targets) == 1 else None


def _update(
    place: Place,
    statement: ast.stmt,
    form: Literal["subscript", "where", "at"],
    operator: str,
    parts: tuple[ast.expr, ast.expr, ast.expr],
    *,
    target: str | None,
) -> Update:
    array, index, value = parts
    kind = "mask" if form == "where" else index_kind(place, index, statement)
    return Update(
        form=form,
        array=place.text(array),
        array_is=place.meaning_text(array, statement),
        index=place.text(index),
        index_is=place.meaning_text(index, statement),
        kind=kind,
        inverted=False,
        operator=operator,
        value=place.text(value),
        gathers=tuple(once(place.text(node) for node in _gathered(place, statement, value, index))),
        target=target,
        line=statement.lineno,
    )


def _gathered(place: Place, statement: ast.stmt, value: ast.expr, index: ast.expr) -> Iterator[ast.Subscript]:
    """Selections by an index in a value, and those that variables in it were assigned."""
    wanted = unparsed(index)
    for node in own_nodes(value):
        found = place.meaning(node, statement)[0] if isinstance(node, ast.Name) else node
        if isinstance(found, ast.Subscript) and unparsed(found.slice) == wanted:
            yield found


def changed(update: Update) -> str:
    """The mask of what an update changes, normalised."""
    text = normalised(update.index)
    return inverse(text) if update.inverted else text


def normalised(text: str) -> str:
    """An expression as `ast.unparse` writes it."""
    read = parsing.expression(f"({text})")
    return text if read is None else unparsed(read)


def inverse(mask: str) -> str:
    """What a mask does not select: ``~m`` of ``m``, ``m`` of ``~m``."""
    return normalised(mask.removeprefix("~") if mask.startswith("~") else f"~({mask})")


def related_updates(place: Place, updates: tuple[Update, ...]) -> Iterator[Update]:
    """Updates of the same arrays by other statements of the function."""
    arrays = {update.array for update in updates}
    others = [node for node in place.scope.statements if arrays and node is not place.statement]
    return (found for node in others for found in updates_in(place, node) if found.array in arrays)
