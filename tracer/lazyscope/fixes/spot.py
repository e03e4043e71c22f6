"""A place in a file of the trace, as edits of syntax trees need it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

from lazyscope.analysis import parsing
from lazyscope.analysis.bindings import bound
from lazyscope.analysis.known_names import function_of_code, kind_of_name
from lazyscope.analysis.source import Found, SourceFile, found_at, source_file
from lazyscope.analysis.syntax.place import Place
from lazyscope.analysis.syntax.scope import Owner, Scope, scope_of
from lazyscope.analysis.syntax.terms import FUNCTIONS, XP, imports_of, path_of
from lazyscope.fixes.consumers import parents_in
from lazyscope.fixes.edit import Draft, known_as, span_in
from lazyscope.fixes.fix import Audience
from lazyscope.model.trace import TraceData

Replaced: TypeAlias = Mapping[ast.AST, str]
"""Texts that take the place of nodes."""


_NUMBERS: dict[str, Literal["bool", "int", "float", "complex"]] = {
    "int": "int",
    "float": "float",
    "complex": "complex",
}


@dataclass(frozen=True)
class Spot:
    """A position whose statement was found."""

    trace: TraceData
    position: int
    found: Found

    @cached_property
    def file(self) -> int:
        """Number of the file."""
        return self.trace.codes[self.trace.positions[self.position].code].file

    @cached_property
    def source(self) -> SourceFile:
        return source_file(self.trace, self.file)

    @property
    def tree(self) -> ast.Module:
        return self.found.module

    @property
    def parents(self) -> Mapping[ast.AST, ast.AST]:
        """By node of the whole file, what it is part of."""
        return parents_in(self.tree)

    @cached_property
    def place(self) -> Place:
        return Place(self.found, self.trace.positions[self.position].opcode)

    @property
    def statement(self) -> ast.stmt:
        return self.found.statement

    @property
    def expression(self) -> ast.expr | None:
        return self.found.expression

    @property
    def scope(self) -> Scope:
        return self.place.scope

    @property
    def owner(self) -> Owner:
        """The function, class or module whose statement it is."""
        return self.scope.owner

    @cached_property
    def audience(self) -> Audience:
        return "caller" if self.trace.files[self.file].role == "user" else "library"

    def text(self, node: ast.AST, replaced: Replaced | None = None) -> str:
        """An expression on one line as it is written, with other texts for some of its nodes."""
        return text_of(self.source, node, replaced or {})

    def kind(self, name: str) -> str | None:
        """What a variable was bound to by record; None if that is not known."""
        code = self.trace.codes[self.trace.positions[self.position].code]
        return kind_of_name(self.trace, self.file, function_of_code(code.function), name)

    def dtype(self, name: str) -> str | None:
        """The dtype of a variable's array by record, ``float64``."""
        found = bound(self.trace, self.position, name)
        return None if found is None or found.dtype is None else self.trace.texts[found.dtype]

    def number(self, name: str) -> Literal["bool", "int", "float", "complex"] | None:
        """The kind of a variable that is a Python number by record."""
        found = bound(self.trace, self.position, name)
        if found is None or found.kind not in ("number", "bool"):
            return None
        if found.kind == "bool":
            return "bool"
        kind = "" if found.type is None else self.trace.texts[found.type].rpartition(".")[2]
        return _NUMBERS.get(kind)

    def ndim(self, name: str) -> int | None:
        """The number of axes of a variable's array by record."""
        found = bound(self.trace, self.position, name)
        if found is None or found.layout is None:
            return None
        return len(self.trace.layouts[found.layout].shape)

    def namespace(self, draft: Draft) -> str:
        """What array functions are called by at this place; an import is added to the draft if need be.

        A function that takes or asks for a namespace goes on with that one. In other code of the user's it is
        dask's, but NumPy's, which hands calls on to dask, in a function that has several callers.
        """
        given = self._given_namespace()
        if given is not None:
            return given
        if self.audience == "library":
            draft.possible = False
            return "xp"
        if isinstance(self.owner, FUNCTIONS) and self._calls_of(self.owner.name) > 1:
            return draft.import_of(self.file, "numpy")
        return known_as(self.tree, "dask.array") or draft.import_of(self.file, "dask.array")

    def _given_namespace(self) -> str | None:
        for scope in (self.scope, *self.place.outer_scopes):
            if scope.owner is self.tree:
                continue
            names = [*scope.parameters, *scope.bindings]
            found = [name for name in names if XP.fullmatch(name) and name != "xpx"]
            if found:
                return "xp" if "xp" in found else found[0]
        is_imported = "xp" in imports_of(self.tree) and "xp" in scope_of(self.tree).bindings
        return "xp" if is_imported and known_as(self.tree, "dask.array") is None else None

    def _calls_of(self, name: str) -> int:
        calls = (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return sum(path_of(call.func)[-1:] == (name,) for call in calls)


@dataclass(frozen=True)
class UnseenSpot(Spot):
    """A statement of the same file at which nothing was recorded: nothing is known of its variables."""

    def kind(self, name: str) -> str | None:
        return None

    def dtype(self, name: str) -> str | None:
        return None

    def ndim(self, name: str) -> int | None:
        return None

    def number(self, name: str) -> Literal["bool", "int", "float", "complex"] | None:
        return None


def unseen(spot: Spot, function: ast.FunctionDef, statement: ast.stmt) -> UnseenSpot:
    """A statement of another function of the file."""
    around = scope_of(function).around(statement)
    found = replace(
        spot.found, path=(function, *around, statement), parents=spot.parents, expression=None, link=None
    )
    return UnseenSpot(spot.trace, spot.position, found)


def spot_at(trace: TraceData, position: int | None) -> Spot | None:
    """The place of a position; None where its statement cannot be found."""
    found = None if position is None else found_at(trace, position)
    return None if found is None or position is None else Spot(trace, position, found)


# Texts


def text_of(source: SourceFile, node: ast.AST, replaced: Replaced) -> str:
    """An expression on one line as it is written, with other texts for some of its nodes."""
    if node in replaced:
        return replaced[node]
    assert isinstance(node, ast.expr | ast.stmt)
    if isinstance(node, ast.Name) and not node.lineno:
        # A variable that stands nowhere in the file at this place.
        return node.id
    inside = [one for one in ast.walk(node) if one in replaced and isinstance(one, ast.expr)]
    start, end = span_in(source, node)
    pieces, last = [], start
    for one in sorted(inside, key=lambda found: span_in(source, found)):
        begin, stop = span_in(source, one)
        if begin < last:
            continue
        pieces += [source.passage(last, begin).text if begin > last else "", replaced[one]]
        last = stop
    return "".join((*pieces, source.passage(last, end).text if end > last else ""))


def operand(text: str) -> str:
    """An expression as an operand of any operator, in parentheses if it needs them."""
    node = parsing.expression(text)
    atoms = (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Dict, ast.Set)
    if isinstance(node, atoms) or (isinstance(node, ast.Constant) and not text.startswith(("(", "-"))):
        return text
    return text if _is_enclosed(text) else f"({text})"


def _is_enclosed(text: str) -> bool:
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for number, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and number < len(text) - 1:
            return False
    return parsing.expression(text) is not None and "'" not in text and '"' not in text


def argument(text: str) -> str:
    """An expression as an argument of a call."""
    node = parsing.expression(f"({text})")
    return f"({text})" if isinstance(node, ast.GeneratorExp | ast.NamedExpr | ast.Yield) else text
