"""What is done with a value that becomes a dask array where it was a NumPy array, or where the line raised.

Reductions and arithmetic stay lazy, ``float()`` executes the graph, and many things do not work at all or
give another text. Where it cannot be told, the value must not become lazy.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lazyscope.analysis.source import source_file
from lazyscope.analysis.syntax.scope import Owner, scope_of
from lazyscope.analysis.syntax.terms import (
    FUNCTIONS,
    LOOPS,
    imports_of,
    own_nodes,
    path_of,
    words,
)
from lazyscope.fixes.consumers import parents_in
from lazyscope.model.trace import TraceData

_METHODS = words(
    "sum mean std var min max prod any all argmin argmax cumsum cumprod round astype reshape ravel flatten "
    "transpose clip dot conj squeeze swapaxes repeat copy rechunk map_blocks map_overlap"
)
"""Methods that NumPy and dask arrays have, and that give an array."""

_KNOWN = words("shape ndim size dtype nbytes itemsize")
"""What is known of a lazy array without computing it."""

_ARRAYS = words("T real imag")
_FUNCTIONS = words(
    "abs absolute add all angle any arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin "
    "around average bincount broadcast_to cbrt ceil clip concatenate conj cos cosh cumprod cumsum deg2rad "
    "degrees diff divide dot equal exp exp2 expand_dims expm1 fabs flip floor floor_divide fmax fmin fmod "
    "greater greater_equal hypot imag isclose isfinite isinf isnan ldexp less less_equal log log10 log1p "
    "log2 logaddexp logical_and logical_not logical_or logical_xor matmul max maximum mean median min "
    "minimum mod moveaxis multiply nan_to_num nanargmax nanargmin nancumprod nancumsum nanmax nanmean "
    "nanmin nanprod nanstd nansum nanvar negative not_equal ones_like outer percentile power prod ptp "
    "rad2deg radians ravel real reciprocal remainder repeat reshape rint roll round sign sin sinh sqrt "
    "square squeeze stack std subtract sum swapaxes tan tanh tensordot tile transpose tril triu "
    "true_divide trunc var vdot where zeros_like "
)
"""Functions of NumPy that dask takes over, and that give an array."""

_NUMBERS = words("float int bool complex")
_CONVERSIONS = words("asarray array ascontiguousarray")
_SAME = (ast.UnaryOp, ast.BinOp, ast.Compare)


@dataclass
class LazyConsumers:
    """Follows a value that is to be lazy and counts how often it would be executed."""

    trace: TraceData
    file: int
    already: int = 0
    """Executions that were found and happen now too: what only dask arrays can be asked for."""
    _seen: set[tuple[ast.AST, str]] = field(default_factory=set)

    @property
    def _tree(self) -> ast.Module:
        return source_file(self.trace, self.file).tree or ast.Module([], [])

    @property
    def _parents(self) -> Mapping[ast.AST, ast.AST]:
        return parents_in(self._tree)

    def executions(self, node: ast.expr) -> int | None:
        """How often the value of an expression would be executed at most; None if it cannot be lazy."""
        return self._climb(node, self._statement(node))

    def _climb(self, node: ast.expr, made: ast.stmt | None) -> int | None:
        further: ast.expr | int | None = node
        while isinstance(further, ast.expr):
            node = further
            further = self._step(node, made)
        return further

    def _step(self, node: ast.expr, made: ast.stmt | None) -> ast.expr | int | None:
        """What a lazy value is part of, where that is lazy too; else how often it is executed there."""
        parent = self._parents.get(node)
        if isinstance(parent, ast.Attribute):
            return self._attribute(parent, made)
        if isinstance(parent, ast.Call):
            return self._given(parent, node, made)
        if isinstance(parent, ast.Subscript):
            return parent if node is parent.value and isinstance(parent.ctx, ast.Load) else None
        if isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
            return self._once(node, made)
        if isinstance(parent, _SAME):
            return None if isinstance(parent, ast.Compare) and not _is_of_elements(parent) else parent
        # As a keyword it is a mask, a weight or a limit: what the function does with it is not known.
        return None if isinstance(parent, ast.keyword) else self._stated(parent, node, made)

    def _attribute(self, node: ast.Attribute, made: ast.stmt | None) -> ast.expr | int | None:
        call = self._parents.get(node)
        if not isinstance(call, ast.Call) or call.func is not node:
            return 0 if node.attr in _KNOWN else node if node.attr in _ARRAYS else None
        if node.attr in ("compute", "persist"):
            self.already += 1
            return self._once(node, made)
        return call if node.attr in _METHODS else None

    def _given(self, call: ast.Call, node: ast.expr, made: ast.stmt | None) -> ast.expr | int | None:
        path = path_of(call.func)
        full = ".".join((imports_of(self._tree).get(path[0], path[0]), *path[1:])) if path else ""
        if full in _NUMBERS and len(call.args) == 1:
            return self._once(node, made)
        if full == "len":
            return 0
        module, _, name = full.rpartition(".")
        if module == "numpy" and name in _CONVERSIONS:
            return self._once(node, made)
        if module == "dask" and name == "compute":
            self.already += 1
            return self._once(node, made)
        if module in ("numpy", "dask.array") and name in _FUNCTIONS:
            return call
        return None

    def _once(self, node: ast.AST, made: ast.stmt | None) -> int:
        """One execution; more where that stands in a loop that the value does not come from."""
        statement = self._statement(node)
        if statement is None or made is None:
            return 1
        own = [one for one in self._around(statement) if isinstance(one, LOOPS)]
        others = [one for one in self._around(made) if isinstance(one, LOOPS)]
        return 1 if all(loop in others for loop in own) else _MANY

    def _around(self, node: ast.AST) -> Iterator[ast.AST]:
        around: ast.AST | None = node
        while around is not None:
            yield around
            around = self._parents.get(around)

    def _statement(self, node: ast.AST) -> ast.stmt | None:
        return next((one for one in self._around(node) if isinstance(one, ast.stmt)), None)

    def _stated(self, parent: ast.AST | None, node: ast.expr, made: ast.stmt | None) -> int | None:
        if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
            target = parent.targets[0]
            return self._named(parent, target.id) if isinstance(target, ast.Name) else None
        if isinstance(parent, ast.AnnAssign) and isinstance(parent.target, ast.Name):
            return self._named(parent, parent.target.id)
        if isinstance(parent, ast.Return):
            return self._returned(parent, None)
        if isinstance(parent, ast.Tuple) and isinstance(self._parents.get(parent), ast.Return):
            whole = self._parents[parent]
            assert isinstance(whole, ast.Return)
            return self._returned(whole, parent.elts.index(node))
        if isinstance(parent, ast.If | ast.IfExp | ast.Assert) and node is parent.test:
            return self._once(node, made)
        return 0 if isinstance(parent, ast.Expr) else None

    def _named(self, statement: ast.stmt, name: str) -> int | None:
        """All that is done with a variable."""
        if (statement, name) in self._seen:
            return 0
        self._seen.add((statement, name))
        owner = self._owner(statement)
        scope = scope_of(owner)
        if _is_read_inside(owner, name):
            return None
        total = 0
        for reader, reached in scope.followers(statement, {name}):
            for use in _uses(reader, name) if name in reached else ():
                found = self._climb(use, statement)
                if found is None:
                    return None
                total += found
        return total

    def _returned(self, statement: ast.Return, part: int | None) -> int | None:
        """Each call gets a value of its own: the worst of them counts."""
        function = self._owner(statement)
        if not isinstance(function, FUNCTIONS):
            return None
        calls = [
            node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Call) and path_of(node.func)[-1:] == (function.name,)
        ]
        if not calls or _is_passed_on(self._tree, function.name, calls):
            return None
        found = [self._at_call(call, part) for call in calls]
        known = [one for one in found if one is not None]
        return max(known) if len(known) == len(found) else None

    def _at_call(self, call: ast.Call, part: int | None) -> int | None:
        made = self._statement(call)
        if part is None:
            return self._climb(call, made)
        parent = self._parents.get(call)
        if not isinstance(parent, ast.Assign) or len(parent.targets) != 1:
            return None
        target = parent.targets[0]
        if not isinstance(target, ast.Tuple) or part >= len(target.elts):
            return None
        name = target.elts[part]
        return self._named(parent, name.id) if isinstance(name, ast.Name) else None

    def _owner(self, node: ast.AST) -> Owner:
        around = self._parents.get(node)
        while around is not None and not isinstance(around, (*FUNCTIONS, ast.ClassDef)):
            around = self._parents.get(around)
        return around if isinstance(around, (*FUNCTIONS, ast.ClassDef)) else self._tree


_MANY = 1_000


def _is_of_elements(node: ast.Compare) -> bool:
    kinds = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
    return len(node.ops) == 1 and not isinstance(node.ops[0], kinds)


def saves_an_execution(trace: TraceData, file: int, node: ast.expr) -> bool:
    """Whether fewer graphs are executed if an expression stays lazy that executes one now."""
    consumers = LazyConsumers(trace, file)
    often = consumers.executions(node)
    return often is not None and often <= consumers.already


def _uses(statement: ast.stmt, name: str) -> list[ast.Name]:
    return [
        node
        for node in own_nodes(statement)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]


def _is_read_inside(owner: Owner, name: str) -> bool:
    """Whether functions inside read a variable; when they run is not known."""
    for statement in scope_of(owner).statements:
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            bound = isinstance(statement, FUNCTIONS) and scope_of(statement).binds(name)
            if not bound and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(statement)):
                return True
    return False


def _is_passed_on(tree: ast.Module, name: str, calls: list[ast.Call]) -> bool:
    """Whether a function is read other than to be called."""
    called = {id(call.func) for call in calls}
    return any(
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and id(node) not in called
        for node in ast.walk(tree)
    )
