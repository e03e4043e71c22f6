"""The loops around a position, and whether what was forced steers them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lazyscope.analysis.source import header_text
from lazyscope.analysis.syntax.place import Place, once
from lazyscope.analysis.syntax.terms import (
    COMPREHENSIONS,
    FUNCTIONS,
    LOOPS,
    called_name,
    own_nodes,
    stored_names,
    targets_of,
    without_tuples,
    words,
)

LoopKind: TypeAlias = Literal["for", "while", "comprehension"]
Over: TypeAlias = Literal["length", "range", "labels", "display", "items", "values", "condition"]
"""What a loop goes over.

``length``: a range over the length of something, ``range(x.shape[0])``; ``range``: any other range;
``labels``: different values found in data, ``np.unique(y)``; ``display``: a tuple or list written out;
``items``: a dictionary's; ``values``: the elements of anything else, maybe rows of an array;
``condition``: ``while``.
"""


@dataclass(frozen=True)
class Loop:
    """A loop around a position within its function."""

    kind: LoopKind
    line: int
    header: str
    """Normalised, ``for i in range(order.shape[0])``; a comprehension's from its ``for`` on."""
    indent: str
    """Of its line."""
    variables: tuple[str, ...]
    over: Over
    iterated: str | None
    """What it goes over as written; for ``while`` the test."""
    uses_variable: bool
    """Whether the expression depends on the loop variable: it stands in it or in what is assigned in the
    loop from it."""
    reassigned: tuple[str, ...]
    """Variables of the expression that the loop assigns anew."""
    carried: tuple[str, ...]
    """Of all that the expression depends on, what a turn of the loop takes over from the one before."""
    decides: bool
    """Whether the forced value decides when the loop ends: by its test, or by one that leaves it."""


def loops_of(place: Place) -> tuple[Loop, ...]:
    """The loops around a place, outermost first."""
    outer = [] if place.lambda_ else [_statement_loop(place, node) for node in _loops_in(place)]
    return (*outer, *reversed(list(_comprehensions(place))))


def _loops_in(place: Place) -> Iterator[ast.For | ast.AsyncFor | ast.While]:
    path = place.found.path
    for node, inner in zip(path, (*path[1:], None), strict=True):
        if node not in place.scope.around(place.statement) and node is not place.statement:
            continue
        turning = isinstance(node, ast.While) if inner is None else inner in getattr(node, "body", ())
        if isinstance(node, LOOPS) and turning:
            yield node


# Loops that are statements


def _statement_loop(place: Place, node: ast.For | ast.AsyncFor | ast.While) -> Loop:
    body = list(_statements_in(place, node))
    names = set(place.names(place.expression)) if place.expression else set()
    made = _made_in(place, body)
    needed = _closure(names, made)
    assigned = set().union(*(stored for _, stored in made)) if made else set()
    variables = stored_names(node.target) if not isinstance(node, ast.While) else []
    return Loop(
        kind="while" if isinstance(node, ast.While) else "for",
        line=node.lineno,
        header=header_text(node),
        indent=_indent(place.found.line(node.lineno)),
        variables=tuple(variables),
        over="condition" if isinstance(node, ast.While) else _over(place, node.iter),
        iterated=place.text(node.test if isinstance(node, ast.While) else node.iter),
        uses_variable=not needed.isdisjoint(variables),
        reassigned=tuple(name for name in sorted(names) if name in assigned),
        carried=tuple(name for name in _carried(place, node, body) if name in needed),
        decides=_decides(place, node, body, made),
    )


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _statements_in(place: Place, loop: ast.stmt) -> Iterator[ast.stmt]:
    """Statements of a loop's body in the order of the text."""
    last = loop.body[-1].end_lineno or 0 if isinstance(loop, LOOPS) else 0
    for node in place.scope.after(loop):
        if node.lineno > last or loop not in place.scope.around(node):
            break
        yield node


def _made_in(place: Place, body: list[ast.stmt]) -> list[tuple[set[str], set[str]]]:
    """For each assignment in a loop what it reads and the variables it makes."""
    return [(set(_read(place, node)), set(stored)) for node in body if (stored := _stored(node))]


def _read(place: Place, node: ast.stmt) -> list[str]:
    """Variables that a statement reads: ``n`` of ``n += 1`` too."""
    return [*place.names(node), *(_root(node.target) if isinstance(node, ast.AugAssign) else ())]


def _stored(node: ast.stmt) -> list[str]:
    """Variables that a statement makes anew or changes: ``y`` of ``y[m] = v`` too."""
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return stored_names(node.target)
    singles = [single for target in targets_of(node) for single in without_tuples(target)]
    walrus = [inner.target.id for inner in own_nodes(node) if isinstance(inner, ast.NamedExpr)]
    return [*walrus, *(name for single in singles for name in _root(single))]


def _root(target: ast.expr) -> list[str]:
    while isinstance(target, (ast.Subscript, ast.Attribute)):
        target = target.value
    return [target.id] if isinstance(target, ast.Name) else []


def _closure(names: set[str], made: list[tuple[set[str], set[str]]]) -> set[str]:
    """Everything that some variables depend on through the assignments of a loop."""
    found, grown = set(names), True
    while grown:
        new = set().union(*(read for read, stored in made if stored & found)) - found if made else set()
        found |= new
        grown = bool(new)
    return found


def _carried(place: Place, loop: ast.stmt, body: list[ast.stmt]) -> list[str]:
    """Variables that a turn of the loop reads before it assigns them."""
    read: list[str] = place.names(loop.test) if isinstance(loop, ast.While) else []
    assigned = set(_stored(loop))
    for node in body:
        read += [name for name in _read(place, node) if name not in assigned]
        assigned.update(_stored(node))
    return [name for name in once(read) if name in assigned]


def _decides(
    place: Place, loop: ast.stmt, body: list[ast.stmt], made: list[tuple[set[str], set[str]]]
) -> bool:
    if place.statement is loop:
        return True
    if isinstance(place.statement, ast.If) and _leaves(place, place.statement, loop):
        return True
    reached = set(_stored(place.statement)) if place.statement in body else set()
    grown = bool(reached)
    while grown:
        new = set().union(*(stored for read, stored in made if read & reached)) - reached
        reached |= new
        grown = bool(new)
    exits = [node for node in body if isinstance(node, ast.If) and _leaves(place, node, loop)]
    tests = [node.test for node in (loop, *exits) if isinstance(node, (ast.While, ast.If))]
    return any(not reached.isdisjoint(place.names(test)) for test in tests)


def _leaves(place: Place, choice: ast.If, loop: ast.stmt) -> bool:
    """Whether an ``if`` decides on leaving a loop without an exception."""
    for node in _statements_under(place, choice):
        if isinstance(node, ast.Return):
            return True
        around = [whole for whole in place.scope.around(node) if isinstance(whole, LOOPS)]
        if isinstance(node, ast.Break) and around[-1:] == [loop]:
            return True
    return False


def _statements_under(place: Place, whole: ast.stmt) -> Iterator[ast.stmt]:
    for node in place.scope.after(whole):
        if whole not in place.scope.around(node):
            break
        yield node


# Comprehensions


def _comprehensions(place: Place) -> Iterator[Loop]:
    """Loops of the comprehensions around the expression, innermost first."""
    for part, whole in place.around(place.expression):
        if isinstance(whole, (ast.Lambda, *FUNCTIONS)):
            return
        if isinstance(whole, COMPREHENSIONS):
            yield from (_comprehension_loop(place, g) for g in reversed(_turning(place, whole, part)))


def _turning(place: Place, whole: ast.expr, part: ast.AST) -> list[ast.comprehension]:
    """The generators inside of which a part of a comprehension is evaluated."""
    generators: list[ast.comprehension] = getattr(whole, "generators", [])
    if not isinstance(part, ast.comprehension):
        return generators
    number = generators.index(part)
    inside = {inner for inner, _ in place.around(place.expression)}
    return generators[:number] if part.iter in inside else generators[: number + 1]


def _comprehension_loop(place: Place, generator: ast.comprehension) -> Loop:
    variables = stored_names(generator.target)
    used = [n.id for n in own_nodes(place.expression or generator) if isinstance(n, ast.Name)]
    return Loop(
        kind="comprehension",
        line=generator.target.lineno,
        header=f"for {place.text(generator.target)} in {place.text(generator.iter)}",
        indent=_indent(place.found.line(place.statement.lineno)),
        variables=tuple(variables),
        over=_over(place, generator.iter),
        iterated=place.text(generator.iter),
        uses_variable=any(name in used for name in variables),
        reassigned=(),
        carried=(),
        decides=False,
    )


# What they go over

_PASSING = words("enumerate reversed sorted list tuple iter tqdm zip trange")
_LABELS = words("unique unique_values unique_all unique_counts unique_inverse unique_labels set bincount")


def _over(place: Place, iterated: ast.expr) -> Over:
    node, at = place.likely(iterated)
    for _ in range(5):
        if isinstance(node, ast.Call) and called_name(node) in _PASSING and node.args:
            node, at = place.likely(node.args[0], at)
    name = called_name(node)
    if name in ("range", "arange", "ndindex"):
        return "length" if _has_length(place, node, at) else "range"
    if name in _LABELS or _labels_unpacked(place, node, at):
        return "labels"
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return "display"
    return "items" if name in ("items", "keys", "values") else "values"


def _is_length(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ("shape", "size")
    return called_name(node) in ("len", "xp_size")


def _has_length(place: Place, node: ast.expr, at: ast.stmt) -> bool:
    """Whether the length of something is in a range: by itself or as ``n = x.shape[0]``."""
    names = [part for part in own_nodes(node) if isinstance(part, ast.Name)]
    meanings = [place.definition(name.id, at) for name in names]
    values = [found[0].value for found in meanings if found and found[0].value is not None]
    return any(_is_length(part) for value in (node, *values) for part in own_nodes(value))


def _labels_unpacked(place: Place, node: ast.expr, at: ast.stmt) -> bool:
    """``labels, counts = xp.unique_counts(y)``."""
    found = place.definition(node.id, at) if isinstance(node, ast.Name) else None
    return found is not None and found[0].value is not None and called_name(found[0].value) in _LABELS
