"""Tests: what they ask, and the blocks that they guard."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lazyscope.analysis.source import unparsed
from lazyscope.analysis.syntax.arms import Arm, arm
from lazyscope.analysis.syntax.conditions import (
    Combination,
    Laziness,
    combination,
    laziness_of,
)
from lazyscope.analysis.syntax.place import MOST_STEPS, Place, once
from lazyscope.analysis.syntax.terms import called_name, own_nodes, words
from lazyscope.analysis.syntax.updates import inverse
from lazyscope.analysis.syntax.uses import TestKind, operand_of, test_kind


@dataclass(frozen=True)
class Branch:
    """A test and what it decides on."""

    kind: TestKind
    text: str
    line: int
    negated: bool
    """Whether the forced part is under an odd number of ``not``."""
    combination: Combination | None
    """Its operands if it is an ``and`` or ``or``."""
    condition_is: str | None
    """What the forced variable was assigned from, ``xp.isnan(xp.max(a))``; None if it is no variable."""
    reduction: Literal["any", "all"] | None
    """Whether the forced part, or what it was assigned from, reduces a mask."""
    mask: str | None
    """The mask that is reduced."""
    mask_is: str | None
    """What the mask was assigned from, None if it is no variable."""
    body: Arm
    """What happens when it holds; for ``assert`` when it does not."""
    otherwise: Arm | None
    """What happens else, if anything is written."""
    following: Arm | None
    """What the rest of the block does, where the body returns."""
    in_both: tuple[str, ...]
    """Variables that both arms assign: a choice between two values. Those that get a function are left
    out, ``f = xp.sum``."""
    body_for: Laziness | None
    """``eager`` if lazy arrays never get into the body, ``lazy`` if they always do or only they do; None
    if the test does not ask."""


Tester: TypeAlias = ast.If | ast.While | ast.Assert | ast.IfExp | ast.comprehension | ast.match_case


def read_branch(
    place: Place, kind: TestKind, test: ast.expr, whole: ast.AST, asked: ast.expr | None
) -> Branch:
    """Describe a test and what it decides on.

    Parameters
    ----------
    place
        The position that the reading is of.
    kind, test, whole
        The test and the node whose ways it decides.
    asked
        The part of the test that asks the array.
    """
    at = whole if isinstance(whole, ast.stmt) else place.statement
    reduced = _reduced(place, asked, at)
    mask = reduced.mask if reduced else None
    body, otherwise = _arms(place, test, whole)
    return Branch(
        kind=kind,
        text=place.text(test),
        line=test.lineno,
        negated=asked is not None and _is_negated(test, asked),
        combination=combination(place, test, at, asked) if isinstance(test, ast.BoolOp) else None,
        condition_is=place.meaning_text(asked, at),
        reduction=reduced.by if reduced else None,
        mask=place.text(mask) if mask is not None else None,
        mask_is=place.meaning_text(mask, at),
        body=body,
        otherwise=otherwise,
        following=_following(place, whole, body),
        in_both=_in_both(body, otherwise),
        body_for=_body_for(place, test, at),
    )


def _is_negated(test: ast.expr, asked: ast.expr) -> bool:
    holding = (negated for node, negated in _parts(test) if any(part is asked for part in own_nodes(node)))
    return next(holding, False)


def _parts(test: ast.expr) -> Iterator[tuple[ast.expr, bool]]:
    """The conditions that a test is made of, each with whether it is under an odd number of ``not``."""
    pending = [(test, False)]
    while pending:
        node, negated = pending.pop()
        if isinstance(node, ast.BoolOp):
            pending += [(value, negated) for value in node.values]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            pending.append((node.operand, not negated))
        else:
            yield node, negated


def later_branches(place: Place, targets: tuple[str, ...]) -> Iterator[Branch]:
    """Tests after the statement, or of the loops around it, that ask a variable which it assigns."""
    for node, names in (*_loop_tests(place, targets), *place.followers(targets)):
        if isinstance(node, (ast.If, ast.While, ast.Assert)):
            inner = (n for n in own_nodes(node.test) if isinstance(n, ast.Name) and n.id in names)
            asked, kind = next(inner, None), test_kind(place, node.test, node)
            if asked and kind:
                yield read_branch(place, kind, node.test, node, asked)


def _loop_tests(place: Place, targets: tuple[str, ...]) -> Iterator[tuple[ast.stmt, set[str]]]:
    for node in place.scope.around(place.statement):
        if isinstance(node, ast.While):
            flowing = (name for name in targets if place.scope.flows_into(place.statement, name, node))
            yield node, set(flowing)


@dataclass(frozen=True)
class _Reduction:
    by: Literal["any", "all"]
    mask: ast.expr
    negated: bool


def _reduced(place: Place, asked: ast.expr | None, at: ast.stmt) -> _Reduction | None:
    """The reduction by any() or all() that an expression is, or was assigned from."""
    node, negated = asked, False
    for _ in range(MOST_STEPS):
        if node is None:
            break
        node, flipped = _unwrapped(node)
        negated = negated != flipped
        name = called_name(node)
        if isinstance(node, ast.Call) and name in ("any", "all"):
            mask = operand_of(place, node)
            return _Reduction("any" if name == "any" else "all", mask, negated) if mask is not None else None
        node, at = place.meaning(node, at)
    return None


_WRAPPERS = words("bool float int compute item asarray array persist squeeze")


def _unwrapped(node: ast.expr) -> tuple[ast.expr, bool]:
    """Take conversions and ``not`` away: ``xp.any(m)`` of ``not bool(xp.any(m).compute())``."""
    negated = False
    while True:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node, negated = node.operand, not negated
        elif isinstance(node, ast.NamedExpr):
            node = node.value
        elif isinstance(node, ast.Call) and called_name(node) in _WRAPPERS:
            inner = node.args[:1] or ([node.func.value] if isinstance(node.func, ast.Attribute) else [])
            if not inner:
                return node, negated
            node = inner[0]
        else:
            return node, negated


def _selecting(place: Place, test: ast.expr, at: ast.stmt, *, holds: bool) -> set[str]:
    """Masks that select something if a part of a test holds, or if it fails, and nothing otherwise."""
    found: set[str] = set()
    for node, negated in _parts(test):
        reduction = _reduced(place, node, at)
        if reduction is not None:
            odd = (negated != reduction.negated) == holds  # whether it is the failure that leads there
            texts = {unparsed(meaning) for meaning, _ in place.meanings(reduction.mask, at)}
            if reduction.by == "any" and not odd:
                found |= texts
            elif reduction.by == "all" and odd:
                found |= {inverse(text) for text in texts}
    return found


def _in_both(body: Arm, otherwise: Arm | None) -> tuple[str, ...]:
    if otherwise is None or "assigns" not in (body.does, otherwise.does):
        return ()
    others = {made.name for made in otherwise.assignments if not made.function}
    return tuple(once(m.name for m in body.assignments if m.name in others and not m.function))


def _body_for(place: Place, test: ast.expr, at: ast.stmt) -> Laziness | None:
    demanded = laziness_of(place, test, at)
    pending = [] if demanded else [test]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            pending += node.values
        elif isinstance(node, ast.BoolOp) and any(laziness_of(place, v, at) == "lazy" for v in node.values):
            return "lazy"
    return demanded


# Arms


def _arms(place: Place, test: ast.expr, whole: ast.AST) -> tuple[Arm, Arm | None]:
    if isinstance(whole, ast.IfExp):
        return _value_arm(place, whole.body), _value_arm(place, whole.orelse)
    if isinstance(whole, ast.Assert):
        return _assert_arm(whole), None
    if isinstance(whole, ast.comprehension):
        return _comprehension_arm(place, whole), None
    at = whole if isinstance(whole, ast.stmt) else place.statement
    body, otherwise = getattr(whole, "body", []), getattr(whole, "orelse", [])
    first = arm(place, body, _selecting(place, test, at, holds=True))
    return first, arm(place, otherwise, _selecting(place, test, at, holds=False)) if otherwise else None


def _following(place: Place, whole: ast.AST, body: Arm) -> Arm | None:
    if not isinstance(whole, ast.If) or whole.orelse or body.does != "returns":
        return None
    block = place.scope.block_of(whole)
    rest = block[block.index(whole) + 1 :]
    return arm(place, rest, set()) if rest else None


def _value_arm(place: Place, node: ast.expr) -> Arm:
    end = node.end_lineno or node.lineno
    return Arm("value", node.lineno, end, value=place.text(node))


def _assert_arm(node: ast.Assert) -> Arm:
    end = node.end_lineno or node.lineno
    return Arm("raises", node.lineno, end, raises=True, exception="AssertionError")


def _comprehension_arm(place: Place, node: ast.comprehension) -> Arm:
    whole = place.found.parents[node]
    element = getattr(whole, "elt", None) or getattr(whole, "value", None)
    assert isinstance(element, ast.expr)
    return _value_arm(place, element)
