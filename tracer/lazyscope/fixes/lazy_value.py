"""What becomes of a value that stays lazy where it was a Python number.

Follows the value through the file: what takes part in arithmetic stays lazy; ``float(v)``, an ``if`` and
``print`` ask for it; what keeps it in a container or hands it to a function that is not known may need the
number, so that nothing can be said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.known_names import kind_of_name
from lazyscope.analysis.lineage import Made, lineage
from lazyscope.analysis.source import source_file
from lazyscope.analysis.syntax.scope import Owner, scope_of
from lazyscope.analysis.syntax.terms import (
    FUNCTIONS,
    XP,
    imports_of,
    own_nodes,
    parameters_of,
    path_of,
    words,
)
from lazyscope.fixes.consumers import parents_in
from lazyscope.model.trace import TraceData

_ASKING = words("float int bool complex min max range round divmod sum any all")
_SHOWING = words("print str repr format pprint")
_LAZY_FUNCTIONS = words(
    "abs absolute add subtract multiply divide true_divide floor_divide remainder mod power pow negative "
    "positive sqrt square exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan arctan2 asin "
    "acos atan atan2 sinh cosh tanh arcsinh arccosh arctanh hypot floor ceil trunc rint round sign maximum "
    "minimum fmax fmin clip where isnan isinf isfinite logical_and logical_or logical_not logical_xor equal "
    "not_equal less less_equal greater greater_equal stack nan_to_num sum mean min max any all real imag "
    "conj deg2rad rad2deg sqrt reciprocal"
)
"""Functions of arrays that take an array of one element without looking at it."""
_ASARRAY = words("asarray array asanyarray")
_LAZY_METHODS = words("clip astype sum mean min max any all round")
_COMPUTING = words("dask.compute dask.persist dask.base.compute")
_MOST = 200


@dataclass(eq=False)
class Course:
    """Where a value gets to.

    Attributes
    ----------
    asked : list of ast.expr
        Where Python or NumPy makes a value of it again.
    shown : list of ast.expr
        Where its text is shown, so that it has to be made a number before.
    unknown : list of ast.expr
        Where it cannot be told what becomes of it.
    lines : set of int
        Lines of the file where arrays are made of it.
    gone : set of ast.AST
        Nodes that the edit takes out: what they ask is asked no more.
    """

    trace: TraceData
    file: int
    asked: list[ast.expr] = field(default_factory=list)
    shown: list[ast.expr] = field(default_factory=list)
    unknown: list[ast.AST] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)
    gone: set[ast.AST] = field(default_factory=set)
    _seen: set[tuple[ast.AST, str]] = field(default_factory=set)

    @property
    def is_lazy_throughout(self) -> bool:
        """Whether nothing but a computation of results asks for it."""
        return not (self.asked or self.shown or self.unknown)

    @property
    def _tree(self) -> ast.Module:
        return source_file(self.trace, self.file).tree or ast.Module([], [])

    # From an expression outwards

    def of_expression(self, node: ast.expr) -> Course:
        """Follow the value of an expression."""
        if node in self.gone:
            return self
        while len(self._seen) < _MOST:
            whole = self._step(node)
            if whole is None:
                return self
            node = whole
        self.unknown.append(node)
        return self

    def of_variable(self, owner: Owner, statement: ast.stmt, name: str) -> Course:
        """Follow a variable from the statement that assigns it."""
        if (statement, name) in self._seen:
            return self
        self._seen.add((statement, name))
        scope = scope_of(owner)
        if len(self._seen) >= _MOST or any(
            isinstance(one, ast.Global | ast.Nonlocal) and name in one.names for one in scope.statements
        ):
            self.unknown.append(statement)
            return self
        for reader in scope.statements:
            if isinstance(reader, (*FUNCTIONS, ast.ClassDef)):
                if _reads_from_around(reader, name):
                    self.unknown.append(reader)
            elif (read := list(_loads(reader, name))) and scope.flows_into(statement, name, reader):
                for node in read:
                    self.of_expression(node)
            elif _changes(reader, name) and scope.flows_into(statement, name, reader):
                self.lines.add(reader.lineno)
                self.of_variable(owner, reader, name)
        return self

    def _step(self, node: ast.expr) -> ast.expr | None:
        """What the value is part of and makes lazy too; None where its way ends."""
        parent = parents_in(self._tree).get(node)
        if isinstance(parent, ast.BinOp):
            return self._operation(parent, node)
        if isinstance(parent, ast.UnaryOp):
            return self._asked(node) if isinstance(parent.op, ast.Not) else self._made(parent)
        if isinstance(parent, ast.Compare):
            return self._compared(parent, node)
        if isinstance(parent, ast.BoolOp | ast.IfExp):
            is_choice = isinstance(parent, ast.IfExp) and node is not parent.test
            return parent if is_choice else self._asked(node)
        return self._handed_on(parent, node)

    def _handed_on(self, parent: ast.AST | None, node: ast.expr) -> ast.expr | None:
        """What gets the value otherwise than by an operator."""
        if isinstance(parent, ast.keyword):
            whole = parents_in(self._tree).get(parent)
            return (
                self._given(whole, node, parent.arg) if isinstance(whole, ast.Call) else self._unknown(node)
            )
        if isinstance(parent, ast.Call):
            return self._given(parent, node, None)
        if isinstance(parent, ast.Attribute):
            return self._attribute(parent)
        if isinstance(parent, ast.FormattedValue):
            self.shown.append(node)
            return None
        if isinstance(parent, ast.Subscript) and node is parent.slice:
            return self._index(parent, node)
        if isinstance(parent, ast.List | ast.Tuple):
            return self._listed(parent, node)
        return self._stated(parent, node)

    def _unknown(self, node: ast.AST) -> ast.expr | None:
        self.unknown.append(node)
        return None

    def _asked(self, node: ast.expr) -> ast.expr | None:
        self.asked.append(node)
        return None

    def _made(self, node: ast.expr) -> ast.expr:
        self.lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return node

    def _operation(self, parent: ast.BinOp, node: ast.expr) -> ast.expr | None:
        other = parent.right if node is parent.left else parent.left
        if isinstance(other, ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp) or _is_text(other):
            return self._unknown(node)
        return self._made(parent)

    def _compared(self, parent: ast.Compare, node: ast.expr) -> ast.expr | None:
        if all(isinstance(sign, ast.Is | ast.IsNot) for sign in parent.ops):
            return None
        if len(parent.ops) > 1 or isinstance(parent.ops[0], ast.In | ast.NotIn):
            return self._asked(node)
        sides = (parent.left, *parent.comparators)
        return self._unknown(node) if any(map(_is_text, sides)) else self._made(parent)

    def _given(self, call: ast.Call, node: ast.expr, word: str | None) -> ast.expr | None:
        if node is call.func:
            return self._unknown(node)
        path = path_of(call.func)
        if not path:
            is_method = isinstance(call.func, ast.Attribute) and call.func.attr in _LAZY_METHODS
            return self._made(call) if is_method else self._unknown(node)
        if len(path) == 1:
            return self._given_to_name(call, node, path[0], word)
        root = imports_of(self._tree).get(path[0], path[0])
        full = ".".join((root, *path[1:]))
        if full in _COMPUTING:
            return None
        if root == "math":
            return self._asked(node)
        if root == "numpy" and path[-1] in (*_ASARRAY, "float64", "float32", "int64"):
            return self._asked(node)
        if (root.startswith(("numpy", "dask.array", "array_api_compat")) or XP.fullmatch(path[0])) and len(
            path
        ) == 2:
            lazy = path[-1] in _LAZY_FUNCTIONS or (path[-1] in _ASARRAY and root != "numpy")
            return self._made(call) if lazy else self._unknown(node)
        return self._made(call) if path[-1] in _LAZY_METHODS else self._unknown(node)

    def _given_to_name(self, call: ast.Call, node: ast.expr, name: str, word: str | None) -> ast.expr | None:
        imported = imports_of(self._tree).get(name)
        if imported in _COMPUTING:
            return None
        function = next((f for f in self._tree.body if isinstance(f, FUNCTIONS) and f.name == name), None)
        if function is not None:
            return self._given_to(function, call, node, word)
        if imported is not None:
            return self._unknown(node)
        if name in _SHOWING:
            self.shown.append(node)
            return None
        if name in _ASKING and not call.keywords:
            return self._asked(node) if len(call.args) == 1 or name != "round" else self._unknown(node)
        return self._made(call) if name == "abs" else self._unknown(node)

    def _given_to(
        self,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        call: ast.Call,
        node: ast.expr,
        word: str | None,
    ) -> ast.expr | None:
        """Follow it into a function of the file, and what comes back of it."""
        names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
        starred = any(isinstance(one, ast.Starred) for one in call.args) or function.args.vararg
        if word is None and (starred or node not in call.args or call.args.index(node) >= len(names)):
            return self._unknown(node)
        parameter = word or names[call.args.index(node)]
        known = [one.arg for one in parameters_of(function.args)]
        if parameter not in known or function.decorator_list or isinstance(function, ast.AsyncFunctionDef):
            return self._unknown(node)
        self._parameter(function, parameter)
        return None

    def _parameter(self, function: ast.FunctionDef, name: str) -> None:
        if (function, name) in self._seen:
            return
        self._seen.add((function, name))
        scope = scope_of(function)
        if name in scope.bindings:
            self.unknown.append(function)
            return
        for reader in scope.statements:
            if isinstance(reader, (*FUNCTIONS, ast.ClassDef)):
                if _reads_from_around(reader, name):
                    self.unknown.append(reader)
            else:
                for node in _loads(reader, name):
                    self.of_expression(node)

    def _attribute(self, parent: ast.Attribute) -> ast.expr | None:
        whole = parents_in(self._tree).get(parent)
        if isinstance(whole, ast.Call) and whole.func is parent:
            if parent.attr in ("compute", "item"):
                # A result that the program asks for, as it did before.
                return None
            return self._made(whole) if parent.attr in _LAZY_METHODS else self._unknown(parent)
        return None if parent.attr in ("shape", "ndim", "dtype", "size") else self._unknown(parent)

    def _index(self, parent: ast.Subscript, node: ast.expr) -> ast.expr | None:
        """``x[i]`` stays lazy only of a dask array."""
        base = parent.value
        if isinstance(base, ast.Name) and self._kind(base) == "array" and isinstance(parent.ctx, ast.Load):
            return self._made(parent)
        return self._unknown(node)

    def _kind(self, name: ast.Name) -> str | None:
        owner = self._owner(name)
        function = owner.name if isinstance(owner, FUNCTIONS) else None
        return kind_of_name(self.trace, self.file, function, name.id)

    def _owner(self, node: ast.AST) -> Owner:
        parents, around = parents_in(self._tree), node
        while around in parents:
            around = parents[around]
            if isinstance(around, (*FUNCTIONS, ast.ClassDef)):
                return around
        return self._tree

    def _listed(self, parent: ast.List | ast.Tuple, node: ast.expr) -> ast.expr | None:
        """An element of a display: of what is stacked, computed, or assigned or returned one by one."""
        parents = parents_in(self._tree)
        whole = parents.get(parent)
        if isinstance(whole, ast.Call) and parent in whole.args:
            path = path_of(whole.func)
            root = imports_of(self._tree).get(path[0], path[0]) if path else ""
            if ".".join((root, *path[1:])) in _COMPUTING:
                return None
            if path and path[-1] == "stack":
                return self._made(whole)
        if isinstance(whole, ast.Assign) and isinstance(parent, ast.Tuple) and whole.value is parent:
            number = parent.elts.index(node)
            for target in whole.targets:
                if not isinstance(target, ast.Tuple) or len(target.elts) != len(parent.elts):
                    return self._unknown(node)
                self._assigned(whole, target.elts[number])
            return None
        if isinstance(whole, ast.Return) and isinstance(parent, ast.Tuple):
            self._returned(whole, parent.elts.index(node), len(parent.elts))
            return None
        return self._unknown(node)

    # Statements

    def _stated(self, parent: ast.AST | None, node: ast.expr) -> ast.expr | None:
        if isinstance(parent, ast.Assign | ast.AnnAssign):
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            for target in targets:
                self._assigned(parent, target)
        elif isinstance(parent, ast.AugAssign):
            self.lines.add(parent.lineno)
            self._assigned(parent, parent.target)
        elif isinstance(parent, ast.If | ast.While | ast.Assert):
            self.asked.append(node)
        elif isinstance(parent, ast.Return):
            self._returned(parent, None, 1)
        elif not isinstance(parent, ast.Expr):
            self.unknown.append(node)
        return None

    def _assigned(self, statement: ast.stmt, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.of_variable(self._owner(statement), statement, target.id)
        else:
            self.unknown.append(target)

    def _returned(self, statement: ast.Return, number: int | None, count: int) -> None:
        """Follow what a function returns to its callers in the file."""
        function = self._owner(statement)
        if (function, f"return {number}") in self._seen:
            return
        self._seen.add((function, f"return {number}"))
        if (
            not isinstance(function, ast.FunctionDef)
            or function.decorator_list
            or function not in self._tree.body
        ):
            self.unknown.append(statement)
            return
        parents = parents_in(self._tree)
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Name) or node.id != function.name:
                continue
            call = parents.get(node)
            if not isinstance(call, ast.Call) or call.func is not node:
                self.unknown.append(node)
            elif number is None:
                self.of_expression(call)
            else:
                self._unpacked(call, number, count)

    def _unpacked(self, call: ast.Call, number: int, count: int) -> None:
        parent = parents_in(self._tree).get(call)
        path = path_of(parent.func) if isinstance(parent, ast.Call) else ()
        root = imports_of(self._tree).get(path[0], path[0]) if path else ""
        if ".".join((root, *path[1:])) in _COMPUTING:
            return
        target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
        if isinstance(target, ast.Tuple) and len(target.elts) == count and isinstance(parent, ast.stmt):
            self._assigned(parent, target.elts[number])
        else:
            self.unknown.append(call)


def _loads(statement: ast.stmt, name: str) -> Iterator[ast.Name]:
    for node in own_nodes(statement):
        if _is_name(node, name) and isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _changes(statement: ast.stmt, name: str) -> bool:
    """Whether it is ``name += ...``."""
    return isinstance(statement, ast.AugAssign) and _is_name(statement.target, name)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _reads_from_around(inner: ast.AST, name: str) -> bool:
    """Whether a function or class inside reads a variable of what is around it."""
    if isinstance(inner, FUNCTIONS) and scope_of(inner).binds(name):
        return False
    return any(_is_name(node, name) for node in ast.walk(inner))


# What that costs


def moves_for_nothing(evidence: ForceEvidence, lines: Iterable[int]) -> bool:
    """Whether forces that get what was asked here into their graphs read its data for it only.

    As long as each of them reads the data anyway, or there is no more than one for each force that goes
    away, nothing is read more often than before.
    """
    downstream = forces_downstream(evidence, frozenset(lines))
    sharing = {force for one in evidence.reread for force in one.forces}
    reading_more = [force for force in downstream if force not in sharing]
    return bool(reading_more) and len(downstream) > len(evidence.forces)


def forces_downstream(evidence: ForceEvidence, lines: frozenset[int]) -> list[int]:
    """Ids of later forces whose graphs hold arrays that were made at some lines of the site's file."""
    trace = evidence.trace
    if evidence.site is None:
        return []
    file = trace.codes[trace.positions[evidence.site].code].file
    made = lineage(trace)
    starts = {
        number
        for number, call in enumerate(trace.calls)
        if (place := trace.positions[call.site]).line in lines and trace.codes[place.code].file == file
    }
    own = set(evidence.ids)
    return [
        force.id
        for force in trace.forces
        if force.id not in own
        and force.begin.at > evidence.begin.at
        and _reaches(made.asked.get(force.id, ()), made.inputs, starts)
    ]


def _reaches(asked: Iterable[Made], inputs: Sequence[Sequence[Made]], starts: set[int]) -> bool:
    pending, seen = [maker for _, maker in asked if maker is not None], set[int]()
    while pending and len(seen) < 2000:
        maker = pending.pop()
        if maker in seen:
            continue
        seen.add(maker)
        if maker in starts:
            return True
        pending += [one for _, one in inputs[maker] if one is not None]
    return False
