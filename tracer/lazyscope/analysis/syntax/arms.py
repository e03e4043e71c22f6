"""Blocks that a test guards: only an exception, only a warning, an early exit, a repair, or work."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lazyscope.analysis.syntax.place import Place
from lazyscope.analysis.syntax.terms import (
    called_name,
    last_name,
    own_nodes,
    parameters_of,
    path_of,
    stored_names,
    words,
)
from lazyscope.analysis.syntax.updates import Update, changed, updates_in

Deed: TypeAlias = Literal[
    "raises",
    "warns",
    "raises or warns",
    "returns",
    "breaks",
    "continues",
    "masked update",
    "assigns",
    "value",
    "nothing",
    "computes",
]
"""What a block does.

``raises``: every way through it ends in an exception, or it does nothing else. ``warns``: it warns or
logs. Texts it makes for that do not count. ``returns``, ``breaks``, ``continues``: it leaves early.
``masked update``: it only replaces what the tested mask selects, and may warn. ``assigns``: it only
assigns plain variables. ``value``: an arm of a conditional expression. ``computes``: anything else.
"""


@dataclass(frozen=True)
class Assignment:
    """A plain assignment to a variable."""

    name: str
    value: str
    function: bool
    """Whether the value is the name of a function, by all that is seen: ``xp.sum``."""
    line: int
    private: bool = False
    """Whether other statements of the block read it, and nothing outside of the block does."""
    fresh: bool = False
    """Whether only the block gives the variable a value: it may have none before."""


@dataclass(frozen=True)
class Arm:
    """A block that a test decides on."""

    does: Deed
    line: int
    end_line: int
    raises: bool = False
    """Whether there is a ``raise`` in it, or a call of a function that says it raises."""
    warns: bool = False
    exception: str | None = None
    """What its first ``raise`` raises: ``ValueError``."""
    assignments: tuple[Assignment, ...] = ()
    """Assignments to plain variables that are not in compound statements inside."""
    updates: tuple[Update, ...] = ()
    """Updates of arrays, those in compound statements inside too."""
    value: str | None = None
    """What it returns, or the value of an arm of a conditional expression."""
    prints: bool = False
    """Whether it does nothing but print."""
    does_more: bool = False
    """Whether it holds tests or loops of its own, or calls for an effect: ``found.append(x)``."""


def arm(place: Place, block: list[ast.stmt], masks: set[str]) -> Arm:
    """Describe a block.

    Parameters
    ----------
    place
        The position that the reading is of.
    block
        Its statements.
    masks
        Texts of masks that select something wherever the block is executed, and nothing elsewhere.
    """
    inside = list(_within(block))
    raising = [node for node in inside if _raises(node)]
    updates = [update for node in inside for update in updates_in(place, node)]
    last = block[-1]
    return Arm(
        does=_deed(place, block, inside, masks),
        raises=bool(raising),
        warns=any(_warns(node) for node in inside),
        line=block[0].lineno,
        end_line=last.end_lineno or last.lineno,
        exception=next((name for node in raising if (name := _exception(node))), None),
        assignments=tuple(_plain_assignments(place, block)),
        updates=tuple(updates),
        value=place.text(last.value) if isinstance(last, ast.Return) and last.value else None,
        does_more=any(_does_more(node) for node in inside),
        prints=all(_call_in(node) in ("print", "pprint") for node in block),
    )


def _within(block: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a block and of those inside, without bodies of functions and classes."""
    pending = list(block)[::-1]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            parts: list[ast.AST] = list(ast.iter_child_nodes(node))
            inner = [
                p for part in parts for p in ([part] if isinstance(part, ast.stmt) else _bodies_of(part))
            ]
            pending += reversed(inner)


def _bodies_of(part: ast.AST) -> list[ast.stmt]:
    """Statements of a handler or a case."""
    return part.body if isinstance(part, (ast.ExceptHandler, ast.match_case)) else []


def _deed(place: Place, block: list[ast.stmt], inside: list[ast.stmt], masks: set[str]) -> Deed:
    ends = _ends(block)
    if ends == {"raises"}:
        return "raises"
    telling = [node for node in inside if _raises(node) or _warns(node)]
    quiet = [node for node in inside if node not in telling and not _is_nothing(node)]
    if telling and _only_prepares(place, block, quiet):
        return _told(telling)
    if len(ends) == 1 and (end := ends.pop()) in ("returns", "breaks", "continues"):
        return end
    if not inside or not (quiet or telling):
        return "nothing"
    working = [node for node in quiet if not _is_text(node)]
    if masks and _updates_only(place, block, working, masks):
        return "masked update"
    return "assigns" if quiet and all(_is_plain(node) for node in quiet) else "computes"


def _told(telling: list[ast.stmt]) -> Deed:
    raising = any(_raises(node) for node in telling)
    warning = any(_warns(node) for node in telling)
    return "raises or warns" if raising and warning else "raises" if raising else "warns"


_End: TypeAlias = Literal["raises", "returns", "breaks", "continues", "goes on"]


def _ends(block: list[ast.stmt]) -> set[_End]:
    """How the ways through a block end."""
    found: set[_End] = set()
    pending = [block]
    while pending:
        last = pending.pop()[-1]
        if isinstance(last, ast.If) and last.orelse:
            pending += [last.body, last.orelse]
        elif isinstance(last, (ast.With, ast.AsyncWith)):
            pending.append(last.body)
        else:
            found.add(_end(last))
    return found


def _end(last: ast.stmt) -> _End:
    if _raises(last):
        return "raises"
    if isinstance(last, ast.Return):
        return "returns"
    if isinstance(last, ast.Break):
        return "breaks"
    return "continues" if isinstance(last, ast.Continue) else "goes on"


_RAISING = re.compile(r"_?(raise|throw|fail|abort)(_.*)?|exit")
_WARNING = re.compile(r"_*(.*_)?warn(ing|ings|_.*)?|debug|info|error|critical|log|exception|simplefilter")


def _does_more(node: ast.stmt) -> bool:
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return isinstance(node, (ast.If, ast.For, ast.While, ast.Try)) or (
        called and not _raises(node) and not _warns(node)
    )


def _call_in(node: ast.stmt) -> str:
    """The function that an expression statement calls."""
    return called_name(node.value) if isinstance(node, ast.Expr) else ""


def _raises(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Raise, ast.Assert)) or _RAISING.fullmatch(_call_in(node)) is not None


def _warns(node: ast.stmt) -> bool:
    called = _call_in(node)
    return _prints_aside(node) if called == "print" else _WARNING.fullmatch(called) is not None


def _prints_aside(node: ast.stmt) -> bool:
    """Whether a ``print`` goes to standard error: what goes to standard output may be the result."""
    call = node.value if isinstance(node, ast.Expr) else None
    keywords = call.keywords if isinstance(call, ast.Call) else []
    return any(keyword.arg == "file" and last_name(keyword.value) == "stderr" for keyword in keywords)


def _exception(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Assert):
        return "AssertionError"
    if not isinstance(node, ast.Raise) or node.exc is None:
        return None
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return last_name(raised) or None


def _is_nothing(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Pass, ast.Import, ast.ImportFrom)) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _only_prepares(place: Place, block: list[ast.stmt], quiet: list[ast.stmt]) -> bool:
    """Whether the statements that tell nothing only choose and make what the others tell."""
    if not all(isinstance(node, (ast.If, ast.With)) or _is_plain(node) for node in quiet):
        return False
    return _is_private(place, block, quiet)


def _is_private(place: Place, block: list[ast.stmt], statements: list[ast.stmt]) -> bool:
    """Whether nothing outside of a block can read what some statements in it assign."""
    made = {name for node in statements for name in _assigned_names(node)}
    inside = set(_within(block))
    outside = [node for node in place.scope.statements if node not in inside] if made else []
    return not any(_reads_from(place, node, name, inside) for node in outside for name in _loaded(node, made))


def _is_fresh(place: Place, block: list[ast.stmt], name: str) -> bool:
    owner, inside = place.scope.owner, set(_within(block))
    arguments = getattr(owner, "args", None)
    if isinstance(arguments, ast.arguments) and name in {one.arg for one in parameters_of(arguments)}:
        return False
    made = place.scope.sources(name, block[0])
    return place.scope.binds(name) and all(binding.statement in inside for binding in made)


def _is_read(name: str, block: list[ast.stmt]) -> bool:
    return any(_loaded(node, {name}) for node in _within(block))


def _reads_from(place: Place, node: ast.stmt, name: str, made_in: set[ast.stmt]) -> bool:
    return any(binding.statement in made_in for binding in place.scope.sources(name, node))


def _loaded(statement: ast.stmt, names: set[str]) -> set[str]:
    loaded = (n for n in own_nodes(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    return {node.id for node in loaded if node.id in names}


def _assigned_names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        return [name for target in node.targets for name in stored_names(target)]
    return stored_names(node.target) if isinstance(node, (ast.AnnAssign, ast.AugAssign)) else []


def _is_plain(node: ast.stmt) -> bool:
    """Whether a statement assigns to plain variables."""
    if isinstance(node, ast.Assign):
        return all(isinstance(n, (ast.Name, ast.Tuple, ast.List)) for n in node.targets)
    return isinstance(node, (ast.AnnAssign, ast.AugAssign)) and isinstance(node.target, ast.Name)


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement makes a message."""
    if not isinstance(node, (ast.Assign, ast.AugAssign)):
        return False
    value = node.value
    while isinstance(value, ast.BinOp):
        value = value.left
    return isinstance(value, ast.JoinedStr) or (
        isinstance(value, ast.Constant) and isinstance(value.value, str)
    )


def _updates_only(place: Place, block: list[ast.stmt], working: list[ast.stmt], masks: set[str]) -> bool:
    """Whether the statements of a block only change what a mask selects, or make what that needs."""
    updating = [node for node in working if _updates_through(place, node, masks)]
    others = [node for node in working if node not in updating]
    return bool(updating) and all(map(_is_plain, others)) and _is_private(place, block, others)


def _updates_through(place: Place, node: ast.stmt, masks: set[str]) -> bool:
    found = list(updates_in(place, node))
    whole = [update for update in found if update.target is not None or update.form == "subscript"]
    return bool(whole) and all(changed(update) in masks for update in found)


def _plain_assignments(place: Place, block: list[ast.stmt]) -> Iterator[Assignment]:
    for node in block:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    function = _names_function(place, node.value)
                    private = _is_read(target.id, block) and _is_private(place, block, [node])
                    fresh = _is_fresh(place, block, target.id)
                    yield Assignment(target.id, place.text(node.value), function, node.lineno, private, fresh)


_CONSTANTS = words("nan inf pi e newaxis NaN Inf NINF PINF True False")


def _names_function(place: Place, value: ast.expr) -> bool:
    return bool(path_of(value)) and not place.names(value) and last_name(value) not in _CONSTANTS
