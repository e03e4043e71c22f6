"""A call as written, and where a line before it could be put."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lazyscope.analysis.parsing import blocks
from lazyscope.analysis.syntax.place import Place, once
from lazyscope.analysis.syntax.scope import matching
from lazyscope.analysis.syntax.terms import (
    arguments_of,
    last_name,
    own_nodes,
    targets_of,
)
from lazyscope.analysis.syntax.uses import is_elif, receiver_of


@dataclass(frozen=True)
class Insertion:
    """Where a new statement can be put so that it runs before a statement."""

    line: int
    """Before this line."""
    indent: str


@dataclass(frozen=True)
class WrittenCall:
    """A call as it stands in the source."""

    function: str
    """As written: ``np.asarray``, ``StandardScaler().fit_transform``."""
    resolved: str | None
    """By the imports of the file: ``numpy.asarray``, ``._vq.vq``; None for a method of an expression."""
    name: str
    """The last part: ``asarray``."""
    receiver: str | None
    """The object of a method; None for a function or a function of a module."""
    positional: tuple[str, ...]
    """Texts of positional arguments, ``*x`` with its star."""
    keywords: tuple[tuple[str, str], ...]
    """(name, text) of keyword arguments; the name is ``**`` where a dictionary is spread."""
    argument_names: tuple[str, ...]
    """Arguments that are plain variables."""
    displayed: tuple[str, ...]
    """Arguments that are lists, tuples or comprehensions written out, as in ``xp.asarray([a, b])``."""
    targets: tuple[str, ...]
    """What its statement assigns the value to."""
    line: int
    code: str
    """First line of the statement, stripped."""
    insertion: Insertion
    """Where a statement that should run before it can be put."""


@dataclass(frozen=True)
class Callee:
    """A function that a value is handed to."""

    function: str
    """As written: ``_vq.vq``."""
    resolved: str | None
    """By the imports of the file: ``scipy.cluster._vq.vq``."""


def written_call(place: Place, node: ast.Call) -> WrittenCall:
    """Describe a call."""
    receiver = receiver_of(place, node)
    arguments = arguments_of(node)
    return WrittenCall(
        function=place.text(node.func),
        resolved=place.resolved(node.func),
        name=last_name(node.func),
        receiver=place.text(receiver) if receiver is not None else None,
        positional=tuple(place.text(argument) for argument in node.args),
        keywords=tuple((word.arg or "**", place.text(word.value)) for word in node.keywords),
        argument_names=tuple(once(name for argument in arguments for name in _variable(place, argument))),
        displayed=tuple(place.text(argument) for argument in arguments if isinstance(argument, _DISPLAYS)),
        targets=targets_for(place, node),
        line=node.lineno,
        code=place.found.line(place.statement.lineno).strip(),
        insertion=insertion_before(place),
    )


_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.ListComp, ast.GeneratorExp)


def _variable(place: Place, node: ast.expr) -> list[str]:
    return place.names(node) if isinstance(node, ast.Name) else []


def call_in(place: Place) -> ast.Call | None:
    """The call at a place; without columns the outermost of the statement, if that is the only one."""
    if isinstance(place.expression, ast.Call):
        return place.expression
    if place.expression is not None:
        return None
    calls = [node for node in own_nodes(place.statement) if isinstance(node, ast.Call)]
    inside = {inner for call in calls for inner in own_nodes(call) if inner is not call}
    outer = [call for call in calls if call not in inside]
    return outer[0] if len(outer) == 1 else None


def targets_for(place: Place, node: ast.expr | None) -> tuple[str, ...]:
    """What the statement assigns a node's value to, alone or as part of a larger value."""
    found: list[str] = []
    inside = {part for part, _ in place.around(node)}
    value = getattr(place.statement, "value", None)
    walrus = [whole for _, whole in place.around(node) if isinstance(whole, ast.NamedExpr)]
    found += [whole.target.id for whole in walrus]
    for target in targets_of(place.statement) if value in inside else []:
        found.append(place.text(_matched(target, value, inside)))
    return tuple(found)


def _matched(target: ast.expr, value: ast.expr | None, inside: set[ast.AST]) -> ast.expr:
    """The part of a tuple of targets that gets the part of the value which holds a node."""
    while isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        parts = zip(target.elts, matching(target, value), strict=False)
        found = next(((t, v) for t, v in parts if v in inside), None)
        if found is None:
            break
        target, value = found
    return target


def insertion_before(place: Place) -> Insertion:
    """Find the line before which a statement can be put that is to run before the one at a place."""
    path = [*place.found.path]
    while len(path) > 1 and not _begins_line(place, path[-1]):
        sibling = _first_on_line(path[-2], path[-1])
        if _begins_line(place, sibling):
            path[-1] = sibling
        else:
            path.pop()
    node = path[-1]
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    line = decorators[0].lineno if decorators else node.lineno
    text = place.found.line(line)
    return Insertion(line, text[: len(text) - len(text.lstrip())])


def _begins_line(place: Place, node: ast.stmt) -> bool:
    before = place.found.line(node.lineno).encode()[: node.col_offset]
    return not before.strip() and not is_elif(place, node)


def _first_on_line(whole: ast.AST, node: ast.stmt) -> ast.stmt:
    block = next((block for block in blocks(whole) if node in block), [node])
    return next(sibling for sibling in block if sibling.lineno == node.lineno)


def passed_to(place: Place, targets: tuple[str, ...]) -> tuple[Callee, ...]:
    """Functions that the expression is handed to where it stands, then those that get its targets later."""
    calls = list(_around(place))
    for statement, reached in place.followers(targets):
        inner = (node for node in own_nodes(statement) if isinstance(node, ast.Call))
        calls += [call for call in inner if reached.intersection(_variables_handed(call))]
    return tuple(once(Callee(place.text(call.func), place.resolved(call.func)) for call in calls))


def _around(place: Place) -> Iterator[ast.Call]:
    """Calls that the expression is an argument of or part of one, innermost first."""
    for part, whole in place.around(place.expression):
        if isinstance(whole, ast.Lambda):
            return
        if isinstance(whole, ast.Call) and part is not whole.func:
            yield whole


def _variables_handed(call: ast.Call) -> Iterator[str]:
    """Variables in the arguments of a call, without those in calls inside."""
    pending: list[ast.AST] = [*arguments_of(call)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            yield node.id
        elif not isinstance(node, ast.Call):
            pending += ast.iter_child_nodes(node)
