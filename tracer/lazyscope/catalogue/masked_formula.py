"""A masked assignment written anew for whole arrays: what ``y[m] = f(x[m])`` is with ``where``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from lazyscope.analysis import parsing
from lazyscope.analysis.reading import assigned_before
from lazyscope.analysis.syntax.terms import words
from lazyscope.analysis.syntax.updates import Update
from lazyscope.model.trace import TraceData

_UNSAFE_CALLS = words(
    "log log2 log10 log1p sqrt power pow float_power divide true_divide floor_divide remainder mod fmod "
    "reciprocal arcsin arccos arccosh arctanh asin acos acosh atanh gammaln lgamma gamma digamma xlogy "
    "logit"
)
"""Functions that are not defined everywhere, or may overflow."""

_JOINING = words(
    "sum prod mean std var min max median any all cumsum cumprod cumulative_sum cumulative_prod sort "
    "argsort argmin argmax diff percentile quantile unique nansum nanmean nanstd nanvar nanmin nanmax ptp "
    "average dot vdot matmul tensordot einsum norm cov corrcoef flip roll reshape concatenate concat "
    "stack len unique_values searchsorted histogram interp convolve fft ifft rfft size shape rankdata "
    "zscore take"
)
"""Functions in which one element depends on others."""

_ELEMENTWISE = (
    words(
        "abs absolute exp expm1 exp2 sin cos tan sinh cosh tanh arctan arctan2 atan atan2 arcsinh asinh sign "
        "floor ceil trunc round rint square conj real imag maximum minimum clip where isnan isfinite isinf "
        "add subtract multiply negative positive logical_and logical_or logical_not equal greater less "
        "greater_equal less_equal not_equal astype asarray erf expit hypot copysign nan_to_num fabs deg2rad "
        "rad2deg radians degrees float64 float32"
    )
    | _UNSAFE_CALLS
)

_MOST_STEPS = 6


@dataclass(frozen=True)
class Formula:
    """The value of a masked assignment for whole arrays."""

    text: str
    """With ``x`` for ``x[m]``, and with the definitions of variables that hold selections put in."""
    selected: tuple[str, ...]
    """Arrays that were selected from."""
    safe: bool
    """Whether it can be computed outside the mask without division by zero and the like."""
    joins: tuple[str, ...]
    """Calls that make one element depend on others: ``x[m].mean()``; ``where`` is no rewrite of these."""
    known: bool
    """Whether every function in it works element by element for sure."""
    inlined: bool = False
    """Whether definitions of variables were put in: these may have changed since."""


def formula_of(trace: TraceData, position: int, update: Update) -> Formula | None:
    """Write the value of a masked assignment for whole arrays.

    Parameters
    ----------
    trace
        The trace.
    position
        Number of the position of the assignment.
    update
        The assignment.

    Returns
    -------
    Formula or None
        None if the value holds no selection by the same mask.
    """
    tree = _parsed(update.value)
    if tree is None:
        return None
    writing = _Writing(index_text(update.index), lambda name: _definition(trace, position, name))
    whole = writing.visit(tree)
    if not writing.selected:
        return None
    return Formula(
        text=ast.unparse(whole),
        selected=tuple(dict.fromkeys(writing.selected)),
        safe=not any(map(_is_unsafe, ast.walk(whole))),
        joins=tuple(dict.fromkeys(writing.joins)),
        known=all(map(_is_known, ast.walk(whole))),
        inlined=writing.inlined,
    )


def unwritten(selected: tuple[str, ...]) -> Formula:
    """Stands for a formula that cannot be read off the source: only what it selects from is known."""
    return Formula("...", selected, safe=False, joins=(), known=False, inlined=True)


def index_text(index: str) -> str:
    """An index as `ast.unparse` writes it, whatever slices are in it."""
    written = parsing.expression(f"x[{index}]")
    return ast.unparse(written.slice) if isinstance(written, ast.Subscript) else index


def _definition(trace: TraceData, position: int, name: str) -> ast.expr | None:
    found = assigned_before(trace, position, name)
    return _parsed(found.value) if found and found.certain and found.part is None else None


def _parsed(text: str) -> ast.expr | None:
    return parsing.expression(f"({text})")


class _Writing(ast.NodeTransformer):
    """Replaces selections by the mask with what they select from."""

    def __init__(self, index: str, definition: Callable[[str], ast.expr | None], depth: int = 0) -> None:
        self._index = index
        self._definition = definition
        self._depth = depth
        self.selected: list[str] = []
        self.joins: list[str] = []
        self.inlined = False

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if ast.unparse(node.slice) != self._index:
            return self.generic_visit(node)
        self.selected.append(ast.unparse(node.value))
        return node.value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        meaning = self._definition(node.id) if self._depth < _MOST_STEPS else None
        if meaning is None:
            return node
        inner = _Writing(self._index, self._definition, self._depth + 1)
        written = inner.visit(meaning)
        if not inner.selected:
            return node
        self.selected += inner.selected
        self.joins += inner.joins
        self.inlined = True
        return written if isinstance(written, ast.AST) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        before, text = len(self.selected), ast.unparse(node)
        name = _called(node)
        written = self.generic_visit(node)
        if name in _JOINING and len(self.selected) > before:
            self.joins.append(text)
        return written


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_unsafe(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _called(node) in _UNSAFE_CALLS
    if not isinstance(node, ast.BinOp):
        return False
    if isinstance(node.op, (ast.Div, ast.FloorDiv, ast.Mod)):
        return not isinstance(node.right, ast.Constant)
    return isinstance(node.op, ast.Pow) and not _is_whole(node.right)


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _is_known(node: ast.AST) -> bool:
    return not isinstance(node, ast.Call) or _called(node) in _ELEMENTWISE


def for_chunks(formula: str, namespace: str, replacement: str) -> str:
    """A formula with the functions of the chunks' namespace in place of dask's."""
    tree = _parsed(formula)
    if tree is None:
        return formula
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == namespace:
            node.id = replacement
    return ast.unparse(tree)


def parameters_for(selected: tuple[str, ...]) -> dict[str, str]:
    """Names of the parameters of a function of the selected arrays, by what they stand for."""
    letters = (letter for letter in "abcdefgh" if letter not in selected)
    return {text: text if text.isidentifier() else next(letters, "z") for text in selected}


def with_parameters(formula: str, parameters: dict[str, str]) -> str:
    """A formula with parameters in place of arrays that are no plain variables."""
    tree = _parsed(formula)
    if tree is None or all(text == name for text, name in parameters.items()):
        return formula
    return ast.unparse(_Naming(parameters).visit(tree))


class _Naming(ast.NodeTransformer):
    def __init__(self, parameters: dict[str, str]) -> None:
        self._parameters = parameters

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr):
            name = self._parameters.get(ast.unparse(node))
            if name is not None:
                return ast.Name(name, ast.Load())
        return super().generic_visit(node)
