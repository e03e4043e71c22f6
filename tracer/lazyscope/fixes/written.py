"""What stands at a place of the program, and which of it is a dask array by record."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from lazyscope.analysis.arrays import variable_at
from lazyscope.analysis.bindings import bindings_at
from lazyscope.analysis.evidence import Placed
from lazyscope.analysis.known_names import Kind, kind_of_name
from lazyscope.analysis.source import Found, found_at
from lazyscope.analysis.syntax.scope import Owner, Scope, scope_of
from lazyscope.analysis.syntax.terms import COMPREHENSIONS, FUNCTIONS, imports_of, own_nodes, path_of
from lazyscope.fixes.placement import file_at, owner_of
from lazyscope.model import events
from lazyscope.model.trace import TraceData

LAZY: tuple[Kind, ...] = ("array", "labelled", "frame")

_TIGHT = (ast.Call, ast.Name, ast.Attribute, ast.Subscript)
"""Expressions to which a method can be appended as they are."""


@dataclass(frozen=True)
class Written:
    """The statement and the expression at a position of a file that can be changed."""

    trace: TraceData
    position: int
    found: Found

    @property
    def file(self) -> int:
        """Number of the file."""
        return file_at(self.trace, self.position)

    @property
    def statement(self) -> ast.stmt:
        """The innermost statement."""
        return self.found.statement

    @property
    def expression(self) -> ast.expr | None:
        """What was converted, or failed."""
        return self.found.expression

    @cached_property
    def owner(self) -> Owner:
        """The function, class or module around the statement."""
        return owner_of(self.found)

    @property
    def scope(self) -> Scope:
        """Its variables."""
        return scope_of(self.owner)

    @property
    def function(self) -> str | None:
        """Name of the function around; None in the module."""
        return self.owner.name if isinstance(self.owner, FUNCTIONS) else None

    @property
    def parents(self) -> Mapping[ast.AST, ast.AST]:
        """Of the nodes of the statement."""
        return self.found.parents

    def text(self, node: ast.expr) -> str:
        """An expression as written."""
        return self.found.text(node)

    def tight(self, node: ast.expr) -> str:
        """An expression so that a method can follow it."""
        return self.text(node) if isinstance(node, _TIGHT) else f"({self.text(node)})"

    def kind(self, name: str) -> Kind | None:
        """What a variable is by record."""
        return kind_of_name(self.trace, self.file, self.function, name)

    def resolved(self, node: ast.expr) -> str:
        """The full name of a function by the imports of the file, empty where it is none."""
        path = path_of(node)
        if not path:
            return ""
        if self.scope.makes(path[0]) and path[0] not in imports_of(self.found.module):
            return ""
        known = imports_of(self.found.module).get(path[0])
        if known is None and path[0] in ("np", "numpy", "da") and not self.scope.binds(path[0]):
            return ""
        return ".".join((known or path[0], *path[1:]))

    def binding(self, name: str) -> events.Binding | None:
        """The record of a variable at the place, else at another of the same function or of the module."""
        texts = self.trace.texts
        near = next((one for one in bindings_at(self.trace, self.position) if texts[one.name] == name), None)
        if near is not None:
            return near
        code = self.trace.positions[self.position].code
        for one in self.trace.names:
            own = self.trace.positions[one.position].code
            if texts[one.name] == name and (
                own == code or (one.scope == "global" and self.trace.codes[own].file == self.file)
            ):
                return one
        return None

    def layout(self, node: ast.expr) -> events.Layout | None:
        """Shape and chunks of a dask array, where they are recorded."""
        made = self._outputs(node)
        if made is not None:
            return self.trace.layouts[made[2]]
        found = self.binding(node.id) if isinstance(node, ast.Name) else None
        if found is not None and found.layout is not None:
            return self.trace.layouts[found.layout]
        return None

    def dtype(self, node: ast.expr) -> str | None:
        """The dtype of an array, where it is recorded."""
        made = self._outputs(node)
        if made is not None:
            return self.trace.texts[made[1]]
        found = self.binding(node.id) if isinstance(node, ast.Name) else None
        return None if found is None or found.dtype is None else self.trace.texts[found.dtype]

    def _outputs(self, node: ast.expr) -> tuple[int, int, int] | None:
        if isinstance(node, ast.Name):
            made = assigned_outputs(self.trace).get((self.trace.positions[self.position].code, node.id))
            return made if made is not None and self.kind(node.id) == "array" else None
        return outputs_by_place(self.trace).get((self.trace.positions[self.position].code, *_place(node)))

    def is_array(self, node: ast.expr) -> bool:
        """Whether an expression is a dask array by record."""
        if isinstance(node, ast.Name):
            return self.kind(node.id) == "array"
        if isinstance(node, ast.Attribute):
            return node.attr in ("T", "real", "imag") and self.is_array(node.value)
        return self._outputs(node) is not None

    def is_lazy(self, node: ast.expr) -> bool:
        """Whether an expression is a dask array, or a labelled one or a dataframe, by record."""
        if isinstance(node, ast.Name):
            return self.kind(node.id) in LAZY
        whole = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
        if isinstance(whole, ast.Name) and self.kind(whole.id) == "labelled":
            return True
        return self.is_array(node)

    def lazy_parts(self, root: ast.AST) -> list[ast.expr]:
        """The largest parts of an expression, itself left out, that are lazy by record."""
        found: list[ast.expr] = []
        pending: list[ast.AST] = list(reversed(list(_inner(root))))
        while pending:
            node = pending.pop()
            if isinstance(node, ast.expr) and _can_be_read(node) and self.is_lazy(node):
                found.append(node)
            elif not isinstance(node, (*COMPREHENSIONS, ast.Lambda)):
                pending += reversed(list(_inner(node)))
        return found

    def uses(self, name: str) -> Iterator[ast.Name]:
        """Where the statement and those after it in the function read a variable."""
        for statement in (self.statement, *self.scope.after(self.statement)):
            for node in own_nodes(statement):
                if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                    yield node


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    return (part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.stmt))


def _can_be_read(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def written_at(trace: TraceData, position: int | None) -> Written | None:
    """What stands at a position; None where its statement cannot be found."""
    found = None if position is None else found_at(trace, position)
    return None if found is None or position is None else Written(trace, position, found)


def user_frames(evidence: Placed) -> list[Written]:
    """The user's lines on the way to an event, innermost first."""
    trace = evidence.trace
    way = [one for one in evidence.way if trace.file_of(one).role == "user"]
    if not way and evidence.user_site is not None:
        way = [evidence.user_site]
    found = (written_at(trace, position) for position in reversed(way))
    return [one for one in found if one is not None]


def outputs_by_place(trace: TraceData) -> dict[tuple[int, int, int, int, int], tuple[int, int, int]]:
    """By code object and place of an expression, the dask array that a call there gave last."""
    known: dict[tuple[int, int, int, int, int], tuple[int, int, int]] | None
    known = vars(trace).get("_outputs_by_place")
    if known is None:
        known = vars(trace)["_outputs_by_place"] = {}
        for call in trace.calls:
            if call.outputs and call.site == call.user_site:
                one = trace.positions[call.site]
                known[one.code, one.line, one.column, one.end_line, one.end_column] = call.outputs[0]
    return known


def assigned_outputs(trace: TraceData) -> dict[tuple[int, str], tuple[int, int, int]]:
    """By code object and variable, the dask array that it was assigned last."""
    known: dict[tuple[int, str], tuple[int, int, int]] | None = vars(trace).get("_assigned_outputs")
    if known is None:
        known = vars(trace)["_assigned_outputs"] = {}
        for call in trace.calls:
            name = variable_at(trace, call.site) if call.outputs and call.site == call.user_site else None
            if name is not None:
                known[trace.positions[call.site].code, name] = call.outputs[0]
    return known


def _place(node: ast.expr) -> tuple[int, int, int, int]:
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0
