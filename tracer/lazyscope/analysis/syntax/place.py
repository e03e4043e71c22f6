"""One position of a trace with the syntax around it, which every part of a reading looks at."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, TypeVar

from lazyscope.analysis.source import Found
from lazyscope.analysis.syntax.scope import Binding, Scope, inner_variables, scope_of
from lazyscope.analysis.syntax.terms import (
    FUNCTIONS,
    MODULES,
    XP,
    functions_of,
    imports_of,
    loaded_paths,
    path_of,
)

MOST_STEPS = 5
"""Assignments followed from a name to what it stands for."""

Meaning: TypeAlias = tuple[ast.expr, ast.stmt]
"""An expression and the statement it stands in."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Place:
    """A position whose statement was found."""

    found: Found
    opcode: str

    @property
    def statement(self) -> ast.stmt:
        return self.found.statement

    @property
    def expression(self) -> ast.expr | None:
        return self.found.expression

    def text(self, node: ast.expr | ast.pattern) -> str:
        return self.found.text(node)

    @cached_property
    def scope(self) -> Scope:
        """Of the innermost function, class body or module."""
        around = [node for node in self.found.path[:-1] if isinstance(node, (*FUNCTIONS, ast.ClassDef))]
        return scope_of(around[-1] if around else self.found.module)

    @cached_property
    def outer_scopes(self) -> list[Scope]:
        """Those that a closure can see, innermost first; the module is none of them."""
        around = [node for node in self.found.path[:-1] if isinstance(node, FUNCTIONS)]
        return [scope_of(node) for node in reversed(around) if node is not self.scope.owner]

    def around(self, node: ast.AST | None) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Pairs of (part, whole) from a node of the statement up to the statement."""
        while node is not None and node in self.found.parents:
            whole = self.found.parents[node]
            yield node, whole
            node = whole

    @cached_property
    def lambda_(self) -> ast.Lambda | None:
        """The innermost lambda whose body holds the expression."""
        wholes = (whole for part, whole in self.around(self.expression) if _is_body(part, whole))
        return next((whole for whole in wholes if isinstance(whole, ast.Lambda)), None)

    @cached_property
    def inner(self) -> frozenset[str]:
        """Variables of the comprehensions and lambdas around the expression."""
        wholes = (whole for _, whole in self.around(self.expression))
        return frozenset(name for whole in wholes for name in inner_variables(whole))

    def definition(self, name: str, statement: ast.stmt | None = None) -> tuple[Binding, bool] | None:
        """The assignment that a variable has its value from, and whether that is sure."""
        if name in self.inner and statement in (None, self.statement):
            return None
        return self.scope.reaching(name, statement or self.statement)

    def meanings(self, node: ast.expr, statement: ast.stmt | None = None) -> Iterator[Meaning]:
        """An expression and, while it is a name, what was surely assigned to it; each with its statement."""
        return self._followed(node, statement or self.statement, sure=True)

    def meaning(self, node: ast.expr, statement: ast.stmt | None = None) -> Meaning:
        """The last of `meanings`."""
        *_, found = self.meanings(node, statement)
        return found

    def likely(self, node: ast.expr, statement: ast.stmt | None = None) -> Meaning:
        """The same, where a name may have been assigned something else too."""
        *_, found = self._followed(node, statement or self.statement, sure=False)
        return found

    def _followed(self, node: ast.expr, at: ast.stmt, *, sure: bool) -> Iterator[Meaning]:
        yield node, at
        for _ in range(MOST_STEPS):
            found = self.definition(node.id, at) if isinstance(node, ast.Name) else None
            if found is None or found[0].value is None or found[0].part is not None:
                return
            if sure and not found[1]:
                return
            node, at = found[0].value, found[0].statement
            yield node, at

    def meaning_text(self, node: ast.expr | None, statement: ast.stmt | None = None) -> str | None:
        """What a variable was assigned from; None if the node is none, or that cannot be said."""
        if not isinstance(node, ast.Name):
            return None
        meaning, _ = self.meaning(node, statement)
        return None if meaning is node else self.text(meaning)

    def followers(self, targets: Iterable[str]) -> Iterator[tuple[ast.stmt, set[str]]]:
        """Statements further down that read variables which this one assigns, each with those variables."""
        return self.scope.followers(self.statement, targets)

    def resolved(self, node: ast.expr) -> str | None:
        """The full name of a function by the imports of the file: ``numpy.asarray`` of ``np.asarray``."""
        path = path_of(node)
        if not path:
            return None
        if self.scope.binds(path[0]) and path[0] not in imports_of(self.found.module):
            return ".".join(path)
        return ".".join((imports_of(self.found.module).get(path[0], path[0]), *path[1:]))

    def is_namespace(self, name: str) -> bool:
        """Whether a name stands for a module or an array namespace."""
        if XP.fullmatch(name):
            return True
        if any(scope.makes(name) for scope in (self.scope, *self.outer_scopes)):
            return False
        return name in imports_of(self.found.module) or name in MODULES

    def paths(self, node: ast.AST) -> list[str]:
        """The variables that an expression reads, with their attributes; modules and functions left out."""
        return once(".".join(path) for path in loaded_paths(node) if self._is_variable(path[0]))

    def names(self, node: ast.AST) -> list[str]:
        """The variables that an expression reads."""
        return once(path.partition(".")[0] for path in self.paths(node))

    def _is_variable(self, name: str) -> bool:
        if self.is_namespace(name):
            return False
        if self.scope.binds(name) or name in self.inner:
            return True
        return not hasattr(builtins, name) and name not in functions_of(self.found.module)


def _is_body(part: ast.AST, whole: ast.AST) -> bool:
    return not isinstance(whole, ast.Lambda) or whole.body is part


def once(values: Iterable[_T]) -> list[_T]:
    """Each value once, in the order of the first."""
    return list(dict.fromkeys(values))
