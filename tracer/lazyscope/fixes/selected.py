"""Selections by a mask written for whole arrays: what ``f(x[m])`` is where ``m`` holds."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from lazyscope.analysis.source import unparsed
from lazyscope.analysis.syntax.terms import called_name, words
from lazyscope.fixes.facts import Value, is_deep, is_namespace, value_of
from lazyscope.fixes.spot import Spot, argument, operand

_UNSAFE_CALLS = words(
    "log log2 log10 log1p sqrt power pow float_power divide true_divide floor_divide remainder mod fmod "
    "reciprocal arcsin arccos arccosh arctanh asin acos acosh atanh gammaln lgamma gamma digamma xlogy "
    "logit rel_entr"
)
"""Functions that are not defined everywhere, or may overflow."""

ELEMENTWISE = (
    words(
        "abs absolute exp expm1 exp2 sin cos tan sinh cosh tanh arctan arctan2 atan atan2 arcsinh asinh sign "
        "floor ceil trunc round rint square conj real imag maximum minimum clip where isnan isfinite isinf "
        "add subtract multiply negative positive logical_and logical_or logical_not equal greater less "
        "greater_equal less_equal not_equal erf expit hypot copysign nan_to_num fabs deg2rad rad2deg radians "
        "degrees astype"
    )
    | _UNSAFE_CALLS
)
"""Functions that work element by element."""

_MOST_STEPS = 6
_MOST_INLINED = 200


@dataclass
class Whole:
    """An expression for whole arrays.

    Attributes
    ----------
    text : str
        The expression.
    bases : list of str
        Arrays that were selected from.
    inlined : set of str
        Variables whose definitions were put in.
    possible : bool
        Whether it gives the same where the mask holds, for all that is known of its functions.
    """

    text: str = ""
    bases: list[str] = field(default_factory=list)
    inlined: set[str] = field(default_factory=set)
    possible: bool = True


@dataclass(frozen=True)
class Masked:
    """Writes expressions of selections by one mask for whole arrays.

    Attributes
    ----------
    spot : Spot
        Where they stand.
    index : str
        The mask as an index, as `ast.unparse` writes it.
    mask : str
        The mask as `where` takes it.
    xp : str
        What array functions are called by.
    at : ast.stmt
        The statement they stand in.
    fill : bool
        Whether arguments are made harmless outside the mask.
    """

    spot: Spot
    index: str
    mask: str
    xp: str
    at: ast.stmt
    fill: bool = True
    _left: list[int] = field(default_factory=lambda: [_MOST_INLINED])

    def whole(self, node: ast.expr) -> Whole:
        """The expression for whole arrays."""
        return Whole(possible=False) if is_deep(node) else self._written(node, self.at, 0)

    def _written(self, node: ast.expr, at: ast.stmt, depth: int) -> Whole:
        found = Whole()
        texts: dict[ast.AST, str] = {}
        guarded = _guarded_parts(node)
        self._visit(node, at, depth, found, texts, guarded)
        found.text = self.spot.text(node, texts)
        return found

    def _visit(
        self,
        node: ast.AST,
        at: ast.stmt,
        depth: int,
        found: Whole,
        texts: dict[ast.AST, str],
        guarded: set[ast.AST],
    ) -> None:
        if self.selects(node):
            assert isinstance(node, ast.Subscript)
            base = self.spot.text(node.value)
            found.bases.append(base)
            texts[node] = self._filled(base) if self.fill and node in guarded else base
            return
        if isinstance(node, ast.Name) and depth < _MOST_STEPS:
            self._inline(node, at, depth, found, texts, guarded)
            return
        if isinstance(node, ast.Call) and self._holds(node, at):
            reduced = self._reduced(node, at)
            if reduced is not None:
                texts[node] = reduced
                found.bases.append("")
                return
            if called_name(node) not in ELEMENTWISE or any(
                word.arg not in ("dtype", None) for word in node.keywords
            ):
                found.possible = False
        elif isinstance(node, ast.Subscript | ast.Attribute | ast.Starred) and self._holds(node, at):
            is_function = isinstance(node, ast.Attribute) and isinstance(
                self.spot.parents.get(node), ast.Call
            )
            found.possible = found.possible and is_function
        elif _is_matrix_product(node) or isinstance(node, _NOT_ELEMENTWISE):
            found.possible = False
        for child in ast.iter_child_nodes(node):
            self._visit(child, at, depth, found, texts, guarded)

    def _filled(self, base: str) -> str:
        return f"{self.xp}.where({argument(self.mask)}, {argument(base)}, 1)"

    def _inline(
        self,
        node: ast.Name,
        at: ast.stmt,
        depth: int,
        found: Whole,
        texts: dict[ast.AST, str],
        guarded: set[ast.AST],
    ) -> None:
        made = self._definition(node, at)
        if made is None or self._left[0] <= 0:
            return
        self._left[0] -= 1
        value, there = made
        inner = self._written(value, there, depth + 1)
        if not inner.bases:
            return
        if node in guarded and self.selects(value):
            assert isinstance(value, ast.Subscript)
            inner.text = self._filled(self.spot.text(value.value)) if self.fill else inner.text
        texts[node] = operand(inner.text)
        found.bases += inner.bases
        found.inlined |= {node.id, *inner.inlined}
        found.possible = found.possible and inner.possible

    def _definition(self, node: ast.Name, at: ast.stmt) -> tuple[ast.expr, ast.stmt] | None:
        reaching = self.spot.scope.reaching(node.id, at) if isinstance(node.ctx, ast.Load) else None
        if reaching is None or not reaching[1] or reaching[0].value is None or reaching[0].part is not None:
            return None
        value, there = reaching[0].value, reaching[0].statement
        # What it reads must still be the same where it is put in.
        for one in ast.walk(value):
            if isinstance(one, ast.Name):
                then, now = (self.spot.scope.sources(one.id, where) for where in (there, at))
                if {id(b.statement) for b in then} != {id(b.statement) for b in now}:
                    return None
        return value, there

    def selects(self, node: ast.AST) -> bool:
        """Whether a node is a selection by the mask."""
        return (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and unparsed(node.slice) == self.index
        )

    def _holds(self, node: ast.AST, at: ast.stmt) -> bool:
        """Whether a selection is in a node, by itself or in what its variables were assigned from."""
        for one in ast.walk(node):
            if self.selects(one):
                return True
            if isinstance(one, ast.Name):
                made = self._definition(one, at)
                if made is not None and any(self.selects(inner) for inner in ast.walk(made[0])):
                    return True
        return False

    def _reduced(self, call: ast.Call, at: ast.stmt) -> str | None:
        """A reduction of a selection over the whole array: ``x[m].mean()``."""
        operand_node = self._operand(call)
        if operand_node is None or call.keywords:
            return None
        node: ast.AST = operand_node
        if isinstance(node, ast.Name):
            made = self._definition(node, at)
            node = made[0] if made is not None else node
        if not self.selects(node):
            return None
        assert isinstance(node, ast.Subscript)
        return reduction(
            self.xp, called_name(call), self.spot.text(node.value), self.mask, value_of(self.spot, node.value)
        )

    def _operand(self, call: ast.Call) -> ast.expr | None:
        function = call.func
        if isinstance(function, ast.Attribute) and is_namespace(self.spot, function.value):
            return call.args[0] if len(call.args) == 1 else None
        if isinstance(function, ast.Attribute):
            return function.value if not call.args else None
        is_length = isinstance(function, ast.Name) and function.id == "len" and len(call.args) == 1
        return call.args[0] if is_length else None


def reduction(xp: str, name: str, base: str, mask: str, value: Value) -> str | None:
    """A reduction of what a mask selects, written without the selection; None if there is none."""
    given, chosen = argument(base), argument(mask)
    if name == "sum":
        return f"{xp}.sum({xp}.where({chosen}, {given}, 0))"
    if name == "mean":
        return f"({xp}.sum({xp}.where({chosen}, {given}, 0)) / {xp}.sum({chosen}))"
    if name in ("len", "size", "count_nonzero"):
        return f"int({xp}.sum({chosen}))" if name == "len" else f"{xp}.sum({chosen})"
    if name in ("max", "min") and value.number == "float":
        end = "-" if name == "max" else ""
        return f"{xp}.{name}({xp}.where({chosen}, {given}, {end}{xp}.inf))"
    if name in ("any", "all") and value.number == "bool":
        other = "False" if name == "any" else "True"
        return f"{xp}.{name}({xp}.where({chosen}, {given}, {other}))"
    return None


_NOT_ELEMENTWISE = (ast.IfExp, ast.BoolOp, ast.List, ast.Tuple, ast.ListComp, ast.Lambda)


def _is_matrix_product(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def _guarded_parts(node: ast.expr) -> set[ast.AST]:
    """Nodes inside what is not defined everywhere: denominators, arguments of logarithms and the like."""
    found: set[ast.AST] = set()
    for one in ast.walk(node):
        parts: list[ast.expr] = []
        if isinstance(one, ast.Call) and called_name(one) in _UNSAFE_CALLS:
            parts = list(one.args)
        elif isinstance(one, ast.BinOp) and isinstance(one.op, ast.Div | ast.FloorDiv | ast.Mod):
            parts = [one.right]
        elif isinstance(one, ast.BinOp) and isinstance(one.op, ast.Pow):
            whole = isinstance(one.right, ast.Constant) and isinstance(one.right.value, int)
            parts = [] if whole else [one.left]
        for part in parts:
            found.update(ast.walk(part))
    return found
