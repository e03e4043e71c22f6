"""What must hold of an edit before it is shown as code (design.md, section 7).

1. Every file that it changes parses afterwards, and every name in the new lines is bound there.
2. What the new lines treat as a dask array, by calling `persist` and the like, is one by record.
3. No new line stands where it is never reached.
4. Nothing in the new lines is left to be filled in.
5. A function that works for any namespace gets nothing that only dask knows.

The rest of the rules is kept by how edits are built: where they go (`placement`), what else changes with
them (`consumers`), and what they cost.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from lazyscope.analysis import parsing
from lazyscope.analysis.known_names import is_global, kind_of_name
from lazyscope.analysis.source import source_file
from lazyscope.analysis.syntax.scope import Owner, inner_variables, scope_of
from lazyscope.analysis.syntax.terms import (
    COMPREHENSIONS,
    FUNCTIONS,
    imports_of,
    own_nodes,
    parameters_of,
    path_of,
    words,
)
from lazyscope.fixes.edit import Edit
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.words import SKETCHES
from lazyscope.model.trace import TraceData

OF_DASK = words(
    "persist compute rechunk compute_chunk_sizes map_blocks map_overlap to_dask_array vindex to_zarr store"
)
"""Attributes that dask arrays have and NumPy arrays have not."""

_ANY_NAMESPACE = words("array_namespace get_namespace xp_capabilities")

_MODULE_NAMES = words("__name__ __file__ __doc__ __spec__ __package__ __loader__ __builtins__ __path__")


def objections(trace: TraceData, edit: Edit) -> list[str]:
    """What is wrong with an edit; empty if it can be shown as code.

    Parameters
    ----------
    trace
        The trace whose files it changes.
    edit
        The edit.
    """
    return [problem for file in edit.files for problem in _objections(trace, edit, file)]


def _objections(trace: TraceData, edit: Edit, file: int) -> Iterator[str]:
    lines = edit.lines(trace, file)
    before = source_file(trace, file).tree
    tree = parsing.module(lines) if parsing.tokens_in(lines) <= parsing.MOST_TOKENS else None
    if tree is None or before is None:
        yield "the changed file does not parse"
        return
    changed = _Changed(trace, file, tree, before, frozenset(_new_lines(edit, file)))
    for rule in (_unbound, _left_open, _unreached, _only_for_dask, _unknown_arrays):
        yield from rule(changed)


def _new_lines(edit: Edit, file: int) -> Iterator[int]:
    """Numbers of the new lines in the file as it is afterwards."""
    shift = 0
    for change in sorted(edit.changes, key=lambda one: one.line):
        if change.file == file:
            yield from range(change.line + shift, change.line + shift + len(change.new))
            shift += len(change.new) - (change.end_line - change.line + 1)


@dataclass(frozen=True)
class _Use:
    """A node in a new line, and where it stands."""

    node: ast.AST
    statement: ast.stmt
    owners: tuple[Owner, ...]
    """Functions, classes and the module around the statement, innermost first."""
    inner: frozenset[str]
    """Variables of comprehensions and lambdas around the node."""


@dataclass(frozen=True)
class _Changed:
    """A file after the edit."""

    trace: TraceData
    file: int
    tree: ast.Module
    before: ast.Module
    new: frozenset[int]

    @cached_property
    def attributes_before(self) -> frozenset[str]:
        """What stood in the file before, as ``x.persist``."""
        return frozenset(ast.unparse(one) for one in ast.walk(self.before) if isinstance(one, ast.Attribute))

    def uses(self) -> Iterator[_Use]:
        """All nodes in new lines."""
        pending: list[tuple[ast.stmt, tuple[Owner, ...]]] = [(node, (self.tree,)) for node in self.tree.body]
        while pending:
            statement, owners = pending.pop()
            yield from self._in_statement(statement, owners)
            inside = owners
            if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
                inside = (statement, *owners)
            pending += [(node, inside) for block in parsing.blocks(statement) for node in block]

    def _in_statement(self, statement: ast.stmt, owners: tuple[Owner, ...]) -> Iterator[_Use]:
        last = statement.end_lineno or statement.lineno
        if self.new.isdisjoint(range(statement.lineno, last + 1)):
            return
        pending: list[tuple[ast.AST, frozenset[str]]] = [(statement, frozenset())]
        while pending:
            node, inner = pending.pop()
            if isinstance(node, (*COMPREHENSIONS, ast.Lambda)):
                inner = inner | frozenset(inner_variables(node))
            if getattr(node, "lineno", 0) in self.new:
                yield _Use(node, statement, owners, inner)
            pending += [(n, inner) for n in ast.iter_child_nodes(node) if not isinstance(n, ast.stmt)]


# The rules


def _unbound(changed: _Changed) -> Iterator[str]:
    """Names that have no value where they are read."""
    if "*" in imports_of(changed.tree):
        return
    for use in changed.uses():
        node = use.node
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or _is_bound(node.id, use):
            continue
        if not (isinstance(use.owners[0], ast.Module) and is_global(changed.trace, changed.file, node.id)):
            yield f"`{node.id}` is not bound there"


def _is_bound(name: str, use: _Use) -> bool:
    if name in use.inner or hasattr(builtins, name) or name in _MODULE_NAMES:
        return True
    for depth, owner in enumerate(use.owners):
        scope = scope_of(owner)
        if depth == 0 and name in scope.bindings and name not in scope.parameters:
            # A function that assigns a name anywhere has it nowhere else.
            return _is_read_after_assignment(name, use) or isinstance(owner, ast.ClassDef)
        if scope.binds(name) and (depth == 0 or not isinstance(owner, ast.ClassDef)):
            return True
        declared = (node for node in scope.statements if isinstance(node, ast.Global | ast.Nonlocal))
        if any(name in node.names for node in declared):
            return True
    return False


def _is_read_after_assignment(name: str, use: _Use) -> bool:
    scope = scope_of(use.owners[0])
    if isinstance(use.statement, (*FUNCTIONS, ast.ClassDef)):
        # In a default value or a decorator.
        return True
    return bool(scope.sources(name, use.statement)) or any(
        isinstance(node, ast.Global | ast.Nonlocal) and name in node.names for node in scope.statements
    )


def _left_open(changed: _Changed) -> Iterator[str]:
    """``...`` that stands for code."""
    for use in changed.uses():
        if isinstance(use.node, ast.Call):
            arguments = [*use.node.args, *(word.value for word in use.node.keywords)]
            if any(map(_is_open, arguments)):
                yield "an argument is left open"
        elif isinstance(use.node, ast.Assign | ast.Return) and _is_open(use.node.value):
            yield "a value is left open"


def _is_open(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _unreached(changed: _Changed) -> Iterator[str]:
    """Statements after one that leaves their block."""
    pending: list[ast.AST] = [changed.tree]
    while pending:
        for block in parsing.blocks(pending.pop()):
            left = False
            for node in block:
                if left and node.lineno in changed.new:
                    yield f"line {node.lineno} is never reached"
                left = left or isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break)
            pending += block


def _only_for_dask(changed: _Changed) -> Iterator[str]:
    """What only dask knows, in a function that works for any namespace."""
    for use in changed.uses():
        function = next((owner for owner in use.owners if isinstance(owner, FUNCTIONS)), None)
        if function is None or not works_for_any_namespace(function):
            continue
        node, path = use.node, path_of(use.node)
        of_dask = imports_of(changed.tree).get(path[0], "").split(".")[0] == "dask" if path else False
        is_new = isinstance(node, ast.Attribute) and not _stood_before(changed, node)
        if isinstance(node, ast.Attribute) and is_new and (of_dask or node.attr in OF_DASK):
            yield f"`{ast.unparse(node)}` in a function that takes NumPy arrays as well"


def works_for_any_namespace(function: ast.AST) -> bool:
    """Whether a function takes `xp`, or asks its arguments for their namespace."""
    if not isinstance(function, FUNCTIONS):
        return False
    if any(parameter.arg == "xp" for parameter in parameters_of(function.args)):
        return True
    return any(
        isinstance(node, ast.Call) and (path_of(node.func) or ("",))[-1] in _ANY_NAMESPACE
        for statement in scope_of(function).statements
        for node in own_nodes(statement)
    )


def _stood_before(changed: _Changed, node: ast.AST) -> bool:
    return ast.unparse(node) in changed.attributes_before


def _unknown_arrays(changed: _Changed) -> Iterator[str]:
    """Names that are treated as lazy, of which it is not known that they are."""
    for use in changed.uses():
        node = use.node
        if not isinstance(node, ast.Attribute) or node.attr not in OF_DASK:
            continue
        if not isinstance(node.value, ast.Name) or _stood_before(changed, node):
            continue
        if node.value.id in imports_of(changed.tree):
            continue
        function = next((owner.name for owner in use.owners if isinstance(owner, FUNCTIONS)), None)
        kind = kind_of_name(changed.trace, changed.file, function, node.value.id)
        if kind not in ("array", "labelled", "frame"):
            yield f"`{node.value.id}` is not known to be a dask array"


def held_to_rules(trace: TraceData, fix: Fix) -> Fix:
    """The fix if its edit holds; else the same as a sketch, without code."""
    if fix.edit is None or not objections(trace, fix.edit):
        return fix
    return replace(fix, edit=None, summary=fix.sketch or SKETCHES[fix.technique])
