"""What is done with a value that becomes a NumPy array where it was a dask array.

A later ``.compute()`` of it, or of what is made of it, has to go; what only dask arrays have cannot stay.
Where it cannot be told what a later line gets, there is no edit.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

from lazyscope.analysis.known_names import kind_of_name
from lazyscope.analysis.source import source_file
from lazyscope.analysis.syntax.scope import Owner, scope_of
from lazyscope.analysis.syntax.terms import (
    COMPREHENSIONS,
    FUNCTIONS,
    imports_of,
    own_nodes,
    path_of,
    stored_names,
    words,
)
from lazyscope.fixes.edit import Draft

ONLY_DASK = words(
    "chunks chunksize dask numblocks npartitions blocks partitions vindex name rechunk map_blocks "
    "map_overlap compute_chunk_sizes to_delayed to_zarr to_hdf5 store to_dask_dataframe visualize topk "
    "argtopk"
)
"""What dask arrays have and NumPy arrays have not, apart from `compute` and `persist`."""

_NO_LONGER = words("compute persist")

_ARRAYS_AGAIN = words("abs round sum min max pow divmod")
"""Built-in functions that give arrays of arrays."""

Kind: TypeAlias = Literal["numpy", "unknown"]
"""A NumPy array or number for sure; or now this, now that."""


_OPERATIONS = (ast.BinOp, ast.Compare, ast.BoolOp, ast.IfExp)
_CONTAINERS = (ast.List, ast.Tuple, ast.Set, ast.Dict, *COMPREHENSIONS)
_SAME = (ast.Subscript, ast.UnaryOp, ast.NamedExpr, ast.Await)


@lru_cache(maxsize=64)
def parents_in(tree: ast.Module) -> Mapping[ast.AST, ast.AST]:
    """By node of a file, the node that it is part of."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


@dataclass
class Consumers:
    """Follows values through a file and adapts what is done with them.

    Attributes
    ----------
    draft : Draft
        The edit that makes them NumPy.
    file : int
        Number of the file.
    """

    draft: Draft
    file: int
    _seen: set[tuple[ast.AST, str, Kind]] = field(default_factory=set)
    _values: set[ast.AST] = field(default_factory=set)
    """What the expressions are made of that become NumPy."""

    @property
    def _tree(self) -> ast.Module:
        return source_file(self.draft.trace, self.file).tree or ast.Module([], [])

    @property
    def _parents(self) -> Mapping[ast.AST, ast.AST]:
        return parents_in(self._tree)

    def adapt(self, *nodes: ast.expr) -> bool:
        """Adapt what is done with the values of expressions; whether that can be done."""
        self._values.update(part for node in nodes for part in ast.walk(node))
        return all(self._climb(node, "numpy") for node in nodes)

    def adapt_name(self, owner: Owner, statement: ast.stmt, name: str) -> bool:
        """Adapt what is done with a variable after a statement that gave it its value."""
        return self._follow(owner, statement, name, "numpy")

    # From an expression outwards

    def _climb(self, node: ast.expr, kind: Kind) -> bool:
        """Follow a value through the expression that it stands in, up to the statement."""
        while True:
            further = self._step(node, kind)
            if isinstance(further, bool):
                return further
            node, kind = further

    def _step(self, node: ast.expr, kind: Kind) -> tuple[ast.expr, Kind] | bool:
        """What the value is part of, and of what kind that is; else whether all is adapted there."""
        parent = self._parents.get(node)
        if isinstance(parent, ast.keyword | ast.Starred):
            whole = self._parents.get(parent)
            return self._given(whole, kind) if isinstance(whole, ast.Call) else False
        if isinstance(parent, ast.Attribute):
            return self._attribute(parent, kind) or False
        if isinstance(parent, ast.Call):
            return (parent, kind) if node is parent.func else self._given(parent, kind)
        if isinstance(parent, ast.FormattedValue) or (
            isinstance(parent, ast.Subscript) and node is parent.slice
        ):
            return True
        if isinstance(parent, _OPERATIONS):
            return parent, kind if self._is_plain(parent) else "unknown"
        if isinstance(parent, _CONTAINERS):
            return parent, "unknown"
        if isinstance(parent, _SAME):
            return parent, kind
        if isinstance(parent, ast.comprehension):
            return self._iterated(parent, node)
        return self._stated(parent, node, kind)

    def _attribute(self, node: ast.Attribute, kind: Kind) -> tuple[ast.expr, Kind] | None:
        """What an attribute of the value is; None if the value has it no more."""
        call = self._parents.get(node)
        is_called = isinstance(call, ast.Call) and call.func is node
        if node.attr in ONLY_DASK:
            return None
        if node.attr in _NO_LONGER:
            if kind == "unknown" or not isinstance(call, ast.Call) or not is_called:
                return None
            if call.args or call.keywords:
                return None
            self._without_call(call, node)
            return call, kind
        return (call, kind) if isinstance(call, ast.Call) and is_called else (node, kind)

    def _without_call(self, call: ast.Call, method: ast.Attribute) -> None:
        """Take ``.compute()`` off an expression."""
        self.draft.cut(self.file, method.value, call)

    def _is_plain(self, node: ast.expr) -> bool:
        """Whether nothing in an expression but the value itself may be a dask array."""
        return not any(
            isinstance(part, ast.Call) or (isinstance(part, ast.Name) and self._may_be_lazy(part))
            for part in ast.walk(node)
            if part not in self._values
        )

    def _may_be_lazy(self, name: ast.Name) -> bool:
        owner = self._owner(name)
        function = owner.name if isinstance(owner, FUNCTIONS) else None
        return kind_of_name(self.draft.trace, self.file, function, name.id) in ("array", "labelled", "arrays")

    def _owner(self, node: ast.AST) -> Owner:
        parents, around = self._parents, node
        while around in parents:
            around = parents[around]
            if isinstance(around, (*FUNCTIONS, ast.ClassDef)):
                return around
        return self._tree

    # What gets the value

    def _given(self, call: ast.Call, kind: Kind) -> bool:
        """A function that gets it as an argument."""
        if isinstance(call.func, ast.Attribute) and call.func.value in self._values:
            # A method of another of the values.
            return self._climb(call, kind)
        path = path_of(call.func)
        full = ".".join((imports_of(self._tree).get(path[0], path[0]), *path[1:])) if path else ""
        root = full.partition(".")[0]
        if root == "dask":
            # Makes a dask array of it again, or computes it together with others.
            return True
        if root in ("numpy", "scipy"):
            return self._climb(call, kind if self._gets_no_other(call) else "unknown")
        if len(path) == 1 and hasattr(builtins, path[0]):
            return path[0] not in _ARRAYS_AGAIN or self._climb(call, kind)
        if path and any(map(_asks_dask, self._functions(path[-1]))):
            return False
        return self._climb(call, "unknown")

    def _gets_no_other(self, call: ast.Call) -> bool:
        """Whether no argument but the value may be a dask array: of two, the result would be one."""
        names = (part for part in ast.walk(call) if isinstance(part, ast.Name) and part not in self._values)
        return not any(map(self._may_be_lazy, names))

    def _functions(self, name: str) -> Iterator[ast.AST]:
        return (node for node in ast.walk(self._tree) if isinstance(node, FUNCTIONS) and node.name == name)

    def _iterated(self, generator: ast.comprehension, node: ast.expr) -> bool:
        whole = self._parents[generator]
        names = set(stored_names(generator.target)) if node is generator.iter else set()
        inner = [n for n in ast.walk(whole) if isinstance(n, ast.Name) and n.id in names]
        return all(self._climb(n, "unknown") for n in inner if isinstance(n.ctx, ast.Load))

    def _stated(self, statement: ast.AST | None, node: ast.expr, kind: Kind) -> bool:
        """The statement that the value ends in."""
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            return all(self._assigned(statement, target, kind) for target in targets)
        if isinstance(statement, ast.Return):
            return self._returned(statement, kind)
        if isinstance(statement, ast.For | ast.AsyncFor) and node is statement.iter:
            owner = self._owner(statement)
            return all(self._follow(owner, statement, name, kind) for name in stored_names(statement.target))
        if isinstance(statement, ast.Expr | ast.If | ast.While | ast.Assert | ast.Delete):
            return True
        return not isinstance(statement, ast.stmt | ast.withitem | ast.Lambda | ast.Yield | ast.YieldFrom)

    def _assigned(self, statement: ast.stmt, target: ast.expr, kind: Kind) -> bool:
        if isinstance(target, ast.Name):
            return self._follow(self._owner(statement), statement, target.id, kind)
        if isinstance(target, ast.Tuple | ast.List | ast.Starred):
            names = stored_names(target)
            return all(self._follow(self._owner(statement), statement, name, kind) for name in names)
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            name = target.value.id
            return self._follow(self._owner(statement), statement, name, "unknown", anywhere=True)
        return not self._is_asked_anywhere(target)

    def _is_asked_anywhere(self, target: ast.expr) -> bool:
        """Whether an attribute that gets the value is treated as a dask array anywhere in the file."""
        last = path_of(target)[-1:]
        return any(
            isinstance(node, ast.Attribute)
            and node.attr in _NO_LONGER | ONLY_DASK
            and (not last or path_of(node.value)[-1:] == last)
            for node in ast.walk(self._tree)
        )

    def _returned(self, statement: ast.Return, kind: Kind) -> bool:
        """Whoever calls the function gets it: the callers in this file."""
        function = self._owner(statement)
        if not isinstance(function, FUNCTIONS):
            return False
        calls = [
            node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Call) and path_of(node.func)[-1:] == (function.name,)
        ]
        single = sum(isinstance(one, ast.Return) for one in scope_of(function).statements) == 1
        if not single or isinstance(statement.value, ast.Tuple):
            kind = "unknown"
        return all(self._climb(call, kind) for call in calls if not self._mark(call, function.name, kind))

    def _mark(self, node: ast.AST, name: str, kind: Kind) -> bool:
        """Whether that was followed before."""
        key = (node, name, kind)
        if key in self._seen:
            return True
        self._seen.add(key)
        return False

    def _follow(
        self, owner: Owner, statement: ast.stmt, name: str, kind: Kind, *, anywhere: bool = False
    ) -> bool:
        """The lines that read a variable."""
        if self._mark(statement, name, kind):
            return True
        scope = scope_of(owner)
        if statement not in scope.statements:
            return False
        if isinstance(owner, ast.Module) or anywhere:
            return all(
                self._climb(node, self._kind_at(node, kind)) for node in self._all_uses(name, statement)
            )
        uses = [
            node
            for reader, reached in scope.followers(statement, {name})
            if name in reached
            for node in _uses_in(reader, name)
        ]
        inner = _inner_uses(owner, name)
        return all(self._climb(node, kind) for node in uses) and all(
            self._climb(node, "unknown") for node in inner
        )

    def _kind_at(self, node: ast.Name, kind: Kind) -> Kind:
        return kind if isinstance(self._owner(node), ast.Module) else "unknown"

    def _all_uses(self, name: str, statement: ast.stmt) -> Iterator[ast.Name]:
        """Where a variable of the module is read: after a statement, and in functions."""
        scope = scope_of(self._tree) if statement in scope_of(self._tree).statements else None
        if scope is not None:
            for reader, reached in scope.followers(statement, {name}):
                if name in reached:
                    yield from _uses_in(reader, name)
            yield from _inner_uses(self._tree, name)
        else:
            owner = scope_of(self._owner(statement))
            for reader in owner.statements:
                yield from _uses_in(reader, name)


def _uses_in(statement: ast.stmt, name: str) -> Iterator[ast.Name]:
    for node in own_nodes(statement):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node


def _inner_uses(owner: Owner, name: str) -> Iterator[ast.Name]:
    """Where functions inside read a variable that they do not assign."""
    for statement in scope_of(owner).statements:
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            inner = scope_of(statement)
            if not inner.binds(name):
                for reader in inner.statements:
                    yield from _uses_in(reader, name)
                yield from _inner_uses(statement, name)


def _asks_dask(function: ast.AST) -> bool:
    """Whether a function treats anything as a dask array."""
    return any(
        isinstance(node, ast.Attribute) and node.attr in (_NO_LONGER | ONLY_DASK) - {"name"}
        for node in ast.walk(function)
    )
