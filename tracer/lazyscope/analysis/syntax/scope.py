"""The variables of one function: where each is assigned, and which assignment reaches a statement."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple, TypeAlias

from lazyscope.analysis.parsing import blocks
from lazyscope.analysis.syntax.terms import (
    COMPREHENSIONS,
    FUNCTIONS,
    LOOPS,
    own_nodes,
    parameters_of,
    stored_names,
)

Owner: TypeAlias = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class Binding:
    """One place where a variable gets a value."""

    name: str
    statement: ast.stmt
    value: ast.expr | None
    """What is assigned; None where that cannot be said, as in ``for`` and ``+=``."""
    part: int | None = None
    """Which element of the value, where it is unpacked."""
    walrus: bool = False
    """Whether it is assigned inside an expression."""


class _Level(NamedTuple):
    """A statement and the list of statements it stands in."""

    statement: ast.stmt
    block: list[ast.stmt]


class Scope:
    """The statements of a function, class body or module without those of the functions inside."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.parameters = [p.arg for p in parameters_of(owner.args)] if isinstance(owner, FUNCTIONS) else []
        self.statements: list[ast.stmt] = []
        self.bindings: dict[str, list[Binding]] = {}
        self._levels: dict[ast.stmt, tuple[_Level, ...]] = {}
        self._order: dict[ast.stmt, int] = {}
        self._made: dict[ast.stmt, list[str]] = {}
        self._collect()

    def _collect(self) -> None:
        around: tuple[_Level, ...] = ()
        pending = [(_Level(node, self.owner.body), around) for node in reversed(self.owner.body)]
        while pending:
            level, around = pending.pop()
            statement, levels = level.statement, (*around, level)
            self._order[statement] = len(self.statements)
            self.statements.append(statement)
            self._levels[statement] = levels
            for binding in _bindings(statement):
                self.bindings.setdefault(binding.name, []).append(binding)
                self._made.setdefault(statement, []).append(binding.name)
            if not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
                inner = [_Level(node, block) for block in blocks(statement) for node in block]
                pending += [(part, levels) for part in reversed(inner)]

    def binds(self, name: str) -> bool:
        """Whether a name is a variable of this function."""
        return name in self.bindings or name in self.parameters

    def makes(self, name: str) -> bool:
        """Whether a name is a variable of this function that is no import."""
        made = (binding.statement for binding in self.bindings.get(name, ()))
        return name in self.parameters or any(not isinstance(node, _IMPORTS) for node in made)

    def around(self, statement: ast.stmt) -> tuple[ast.stmt, ...]:
        """Compound statements around a statement, outermost first."""
        return tuple(level.statement for level in self._levels[statement][:-1])

    def block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        return self._levels[statement][-1].block

    def after(self, statement: ast.stmt) -> list[ast.stmt]:
        """Statements that follow in the text."""
        return self.statements[self._order[statement] + 1 :]

    def reaching(self, name: str, statement: ast.stmt) -> tuple[Binding, bool] | None:
        """The last assignment of a name that a statement may see, and whether it can see no other."""
        found = self.sources(name, statement)
        return (found[0], len(found) == 1 and self._surely(found[0], statement)) if found else None

    def is_surely_bound(self, name: str, statement: ast.stmt) -> bool:
        """Whether a variable has a value whenever a statement is reached."""
        return name in self.parameters or any(
            self._surely(binding, statement) for binding in self.sources(name, statement)
        )

    def sources(self, name: str, statement: ast.stmt) -> list[Binding]:
        """All assignments of a name that a statement may see: the last before it first."""
        return [*self._earlier(name, statement), *reversed(self._later(name, statement))]

    def flows_into(self, made: ast.stmt, name: str, used: ast.stmt) -> bool:
        """Whether a variable may have its value from one statement where another uses it."""
        return any(binding.statement is made for binding in self.sources(name, used))

    def followers(self, made: ast.stmt, names: Iterable[str]) -> Iterator[tuple[ast.stmt, set[str]]]:
        """Statements further down that read variables which one assigns, each with those variables."""
        alive = {name for name in self._made.get(made, ()) if name in names}
        blocks = [level.block for level in self._levels[made]]
        for node in self.after(made) if alive else ():
            read = {n.id for n in own_nodes(node) if isinstance(n, ast.Name) and n.id in alive}
            reached = {name for name in read if self.flows_into(made, name, node)}
            if reached:
                yield node, reached
            if any(self.block_of(node) is block for block in blocks):
                alive.difference_update(self._made.get(node, ()))
            if not alive:
                return

    def _earlier(self, name: str, statement: ast.stmt) -> Iterator[Binding]:
        """Assignments before a statement, backwards, up to one that it sees if no later one."""
        bindings = self.bindings.get(name, [])
        for number in reversed(range(bisect_right(bindings, self._order[statement], key=self._place_of))):
            if self._reaches(bindings[number], statement):
                yield bindings[number]
                if self._surely(bindings[number], statement):
                    return

    def _place_of(self, binding: Binding) -> int:
        return self._order[binding.statement]

    def _later(self, name: str, statement: ast.stmt) -> list[Binding]:
        """Assignments that a statement sees in the next turn of a loop."""
        if not any(isinstance(level.statement, LOOPS) for level in self._levels[statement]):
            return []
        return [b for b in self.bindings.get(name, ()) if self._comes_round(b.statement, statement)]

    def _reaches(self, binding: Binding, used: ast.stmt) -> bool:
        made = binding.statement
        if made is used:
            return binding.walrus
        shared = self._shared(made, used)
        inner, other = self._levels[made][shared:], self._levels[used][shared:]
        if not inner:
            return True
        if other and inner[0].block is not other[0].block:
            return _passes_on(self._levels[made][shared - 1].statement, inner[0].block)
        return not _left(inner)

    def _shared(self, one: ast.stmt, other: ast.stmt) -> int:
        """How many statements are around both, themselves included."""
        pairs = zip(self._levels[one], self._levels[other], strict=False)
        return len(list(takewhile(lambda pair: pair[0].statement is pair[1].statement, pairs)))

    def _comes_round(self, made: ast.stmt, used: ast.stmt) -> bool:
        """Whether an assignment further down reaches a statement in the next turn of a loop."""
        if self._order[made] < self._order[used]:
            return False
        both = [level.statement for level in self._levels[made][: self._shared(made, used)]]
        # What a ``for`` goes over is evaluated once.
        loops = [node for node in both if isinstance(node, LOOPS)]
        return any(node is not used or isinstance(node, ast.While) for node in loops)

    def _surely(self, binding: Binding, used: ast.stmt) -> bool:
        """Whether an assignment before a statement is always executed when that is."""
        made = binding.statement
        if self._order[made] > self._order[used]:
            return False
        shared = self._shared(made, used)
        inner, other = self._levels[made][shared:], self._levels[used][shared:]
        if inner and other and inner[0].block is not other[0].block:
            return False
        return all(isinstance(level.statement, (ast.With, ast.AsyncWith)) for level in inner[:-1])


_IMPORTS = (ast.Import, ast.ImportFrom)


def _passes_on(whole: ast.stmt, block: list[ast.stmt]) -> bool:
    """Whether another block of a compound statement may run after this one."""
    if isinstance(whole, (ast.Try, ast.TryStar)):
        return block is whole.body or block is whole.orelse
    return isinstance(whole, LOOPS)


def _left(inner: tuple[_Level, ...]) -> bool:
    """Whether the blocks inside the first of these statements end by leaving what is around both."""
    for depth, level in enumerate(inner[1:], 1):
        last = level.block[-1]
        if isinstance(last, (ast.Return, ast.Raise)):
            return True
        in_loop = any(isinstance(outer.statement, LOOPS) for outer in inner[:depth])
        if isinstance(last, (ast.Break, ast.Continue)) and not in_loop:
            return True
    return False


def _bindings(statement: ast.stmt) -> Iterator[Binding]:
    yield from _assigned(statement)
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        yield Binding(statement.name, statement, None)
        return
    for node in own_nodes(statement):
        if isinstance(node, ast.NamedExpr):
            yield Binding(node.target.id, statement, node.value, walrus=True)
        else:
            yield from (Binding(name, statement, None) for name in _opaque(statement, node))


def _assigned(statement: ast.stmt) -> Iterator[Binding]:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _unpacked(statement, target, statement.value)
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        yield Binding(statement.target.id, statement, statement.value)


def _unpacked(statement: ast.stmt, target: ast.expr, value: ast.expr) -> Iterator[Binding]:
    if isinstance(target, ast.Name):
        yield Binding(target.id, statement, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        starred = any(isinstance(part, ast.Starred) for part in target.elts)
        values = matching(target, value)
        for number, part in enumerate(target.elts):
            if isinstance(part, ast.Name) and values:
                yield Binding(part.id, statement, values[number])
            elif isinstance(part, ast.Name) and not starred:
                yield Binding(part.id, statement, value, number)
            else:
                yield from (Binding(name, statement, None) for name in stored_names(part))


def matching(target: ast.Tuple | ast.List, value: ast.expr) -> list[ast.expr]:
    """The values of ``a, b = x, y`` one by one, none where it is not written so."""
    if not isinstance(value, (ast.Tuple, ast.List)) or len(value.elts) != len(target.elts):
        return []
    starred = any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
    return [] if starred else value.elts


def _opaque(statement: ast.stmt, node: ast.AST) -> list[str]:
    """Variables that a node assigns to without saying what."""
    if isinstance(node, (ast.For, ast.AsyncFor, ast.AugAssign)):
        return stored_names(node.target)
    if isinstance(node, ast.withitem) and node.optional_vars:
        return stored_names(node.optional_vars)
    if isinstance(node, ast.alias):
        return [node.asname or node.name.partition(".")[0]]
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        return [node.name]
    return [node.rest] if isinstance(node, ast.MatchMapping) and node.rest else []


@lru_cache(maxsize=256)
def scope_of(owner: Owner) -> Scope:
    """The scope of a node, kept: many positions lie in one function."""
    return Scope(owner)


def inner_variables(node: ast.AST) -> list[str]:
    """Variables of a comprehension or lambda, none of other nodes."""
    if isinstance(node, COMPREHENSIONS):
        return [name for generator in node.generators for name in stored_names(generator.target)]
    return [p.arg for p in parameters_of(node.args)] if isinstance(node, ast.Lambda) else []
