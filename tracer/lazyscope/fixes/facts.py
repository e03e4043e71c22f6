"""What can be said of the value of an expression without evaluating it: its axes, its kind of number."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lazyscope.analysis.syntax.terms import XP, called_name, imports_of, path_of, words
from lazyscope.fixes.spot import Spot

Number: TypeAlias = Literal["bool", "int", "float", "float32", "complex"]
"""Kinds of numbers, in the order in which they take each other over."""

_ORDER: tuple[Number, ...] = ("bool", "int", "float32", "float", "complex")

REDUCING = words(
    "sum mean max min any all std var prod median count_nonzero nansum nanmean nanmax nanmin nanstd nanvar "
    "nanmedian average ptp"
)
_FLOATING = words(
    "mean std var median nanmean nanstd nanvar nanmedian sqrt exp log log2 log10 log1p sin cos tan"
)
_LIKE_THE_FIRST = words(
    "abs absolute where maximum minimum clip negative round rint floor ceil sqrt exp expm1 log log2 log10 "
    "log1p sin cos tan arcsin arccos arctan asin acos atan tanh sinh cosh sign square isnan isfinite isinf "
    "logical_not zeros_like ones_like full_like empty_like astype copy sort flip cumsum add subtract "
    "multiply divide power asarray"
)
_BOOLEAN = words(
    "isnan isfinite isinf any all logical_not logical_and logical_or isin isclose equal less greater"
)
_METHODS_OF_NUMBERS = words("compute item persist")


@dataclass(frozen=True)
class Value:
    """What is known of a value; None for what is not."""

    ndim: int | None
    number: Number | None
    plain: bool = False
    """Whether it is a Python number as written, which takes on the dtype of what it meets."""


_UNKNOWN = Value(None, None)


def value_of(spot: Spot, node: ast.expr, depth: int = 0) -> Value:
    """What is known of the value of an expression at a place.

    Parameters
    ----------
    spot
        The place.
    node
        The expression.
    depth
        How many expressions and definitions of variables are around it; beyond a limit nothing is known.
    """
    if depth > _DEEPEST:
        return _UNKNOWN
    return _value(spot, node, depth + 1)


_DEEPEST = 40


def _value(spot: Spot, node: ast.expr, depth: int) -> Value:
    if isinstance(node, ast.Constant):
        return _constant(node)
    if isinstance(node, ast.UnaryOp):
        inner = value_of(spot, node.operand, depth)
        return Value(inner.ndim, "bool", inner.plain) if isinstance(node.op, ast.Not) else inner
    if isinstance(node, ast.Name):
        return _variable(spot, node.id, depth)
    if isinstance(node, ast.Compare):
        sides = [value_of(spot, one, depth) for one in (node.left, *node.comparators)]
        return Value(_most([one.ndim for one in sides]), "bool")
    if isinstance(node, ast.BinOp):
        return _operation(spot, node, depth)
    if isinstance(node, ast.Call):
        return _call(spot, node, depth)
    return _part(spot, node, depth)


def _part(spot: Spot, node: ast.expr, depth: int) -> Value:
    """What is known of an attribute or an element."""
    if isinstance(node, ast.Attribute):
        # ``xp.nan``, ``np.inf``, ``np.pi``
        known = is_namespace(spot, node.value) and node.attr in ("nan", "inf", "pi", "e")
        return Value(0, "float", plain=True) if known else _UNKNOWN
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "shape"
    ):
        return Value(0, "int", plain=True)
    if isinstance(node, ast.Subscript):
        base = value_of(spot, node.value, depth)
        whole = isinstance(node.slice, ast.Compare | ast.Name)
        return Value(base.ndim if whole and base.ndim == 1 else None, base.number)
    return _UNKNOWN


def _constant(node: ast.Constant) -> Value:
    kinds: dict[type, Number] = {bool: "bool", int: "int", float: "float", complex: "complex"}
    kind = kinds.get(type(node.value))
    return Value(0, kind, plain=True) if kind else _UNKNOWN


def _variable(spot: Spot, name: str, depth: int) -> Value:
    kind = spot.kind(name)
    if kind in ("array", "numpy"):
        return Value(spot.ndim(name), number_of(spot.dtype(name)))
    if (number := spot.number(name)) is not None:
        return Value(0, number, plain=True)
    known: dict[str, Value] = vars(spot).setdefault("_known_values", {})
    if name not in known:
        # Nothing is known of a variable that its own value is made of.
        known[name] = _UNKNOWN
        meaning, at = spot.place.meaning(ast.Name(name, ast.Load()), spot.statement)
        if not isinstance(meaning, ast.Name) and at is not spot.statement:
            known[name] = value_of(spot, meaning, depth)
    return known[name]


def number_of(dtype: str | None) -> Number | None:
    """The kind of number of a dtype."""
    if dtype is None:
        return None
    if dtype.startswith(("int", "uint")):
        return "int"
    known: dict[str, Number] = {
        "bool": "bool",
        "float64": "float",
        "float32": "float32",
        "complex128": "complex",
    }
    return known.get(dtype)


def joined(values: list[Value]) -> Number | None:
    """The kind of number that an operation on several gives."""
    strong = [one.number for one in values if not one.plain]
    weak = [one.number for one in values if one.plain]
    if None in strong or None in weak:
        return None
    if not strong:
        return max((one for one in weak if one), key=_ORDER.index, default=None)
    found = max((one for one in strong if one), key=_ORDER.index)
    for one in weak:
        higher = one is not None and _ORDER.index(one) > _ORDER.index(found)
        if higher and not (found == "float32" and one == "float"):
            found = one or found
    return found


def _most(numbers: list[int | None]) -> int | None:
    return None if None in numbers else max((n for n in numbers if n is not None), default=0)


def _operation(spot: Spot, node: ast.BinOp, depth: int) -> Value:
    sides = [value_of(spot, node.left, depth), value_of(spot, node.right, depth)]
    ndim = None if isinstance(node.op, ast.MatMult) else _most([one.ndim for one in sides])
    number = joined(sides)
    if isinstance(node.op, ast.Div) and number in ("int", "bool"):
        number = "float"
    return Value(ndim, number, plain=all(one.plain for one in sides))


def is_namespace(spot: Spot, node: ast.expr) -> bool:
    """Whether an expression names a module or namespace of array functions."""
    path = path_of(node)
    if not path:
        return False
    known = imports_of(spot.tree).get(path[0], "")
    return known.startswith(("numpy", "dask.array", "array_api_compat")) or XP.fullmatch(path[0]) is not None


def _call(spot: Spot, node: ast.Call, depth: int) -> Value:
    function = node.func
    if isinstance(function, ast.Name):
        return _builtin(spot, node, function.id, depth)
    if not isinstance(function, ast.Attribute):
        return _UNKNOWN
    name = function.attr
    operands = list(node.args) if is_namespace(spot, function.value) else [function.value, *node.args]
    values = [value_of(spot, one, depth) for one in operands]
    if not values:
        return _UNKNOWN
    if name in REDUCING:
        axes = any(word.arg in ("axis", "keepdims") for word in node.keywords) or len(operands) > 1
        return Value(None if axes else 0, _reduced(name, values[0].number))
    if name in _METHODS_OF_NUMBERS:
        return values[0]
    return _elementwise(name, values) if name in _LIKE_THE_FIRST else _UNKNOWN


def _builtin(spot: Spot, node: ast.Call, name: str, depth: int) -> Value:
    kinds: dict[str, Number] = {"float": "float", "int": "int", "bool": "bool"}
    if name == "abs" and node.args:
        return value_of(spot, node.args[0], depth)
    return Value(0, kinds[name], plain=True) if name in kinds else _UNKNOWN


def _reduced(name: str, number: Number | None) -> Number | None:
    """The kind of number that a reduction gives."""
    if name in ("any", "all"):
        return "bool"
    if name in _FLOATING and number in ("int", "bool"):
        return "float"
    counts = name == "count_nonzero" or (name in ("sum", "prod") and number == "bool")
    return "int" if counts else number


def _elementwise(name: str, values: list[Value]) -> Value:
    number = joined(values[1:] if name == "where" and len(values) == 3 else values)
    if name in _BOOLEAN:
        number = "bool"
    elif name in _FLOATING and number == "int":
        number = "float"
    elif name == "astype":
        number = None
    return Value(_most([one.ndim for one in values]), number)


# Side effects

_PURE_METHODS = words(
    "sum mean max min any all std var prod astype clip round reshape ravel transpose dot cumsum copy conj "
    "item compute argmax argmin persist flatten squeeze"
)


def can_be_evaluated(spot: Spot, node: ast.expr) -> bool:
    """Whether an expression may be evaluated where it was not before: no unknown function, no demand."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and not _is_harmless(spot, one):
            return False
        if isinstance(one, ast.Yield | ast.YieldFrom | ast.Await | ast.NamedExpr | ast.Lambda | ast.BoolOp):
            return False
        if isinstance(one, ast.IfExp | ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp):
            return False
        if isinstance(one, ast.JoinedStr | ast.Dict | ast.List | ast.Tuple | ast.Set):
            return False
    return not _is_no_number(node)


def _is_no_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not isinstance(node.value, bool | int | float | complex)


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.UAdd | ast.USub) and _is_number(node.operand)
    return isinstance(node, ast.Constant) and not _is_no_number(node)


def _is_harmless(spot: Spot, call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Attribute) and is_namespace(spot, function.value):
        if function.attr in ("asarray", "array") and all(map(_is_number, call.args)):
            return all(word.arg == "dtype" for word in call.keywords)
        return function.attr not in ("compute", "persist", "asarray", "array", "linspace", "arange")
    if isinstance(function, ast.Attribute):
        return function.attr in _PURE_METHODS - {"compute", "persist", "item"}
    return isinstance(function, ast.Name) and function.id == "abs"


def is_boolean(spot: Spot, node: ast.expr) -> bool:
    """Whether an expression gives booleans for sure."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        return is_boolean(spot, node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr | ast.BitXor):
        return is_boolean(spot, node.left) and is_boolean(spot, node.right)
    return value_of(spot, node).number == "bool"


def is_deep(node: ast.AST) -> bool:
    """Whether an expression has more levels than may be gone through by recursion."""
    level, depth = [node], 0
    while level and depth <= _DEEPEST:
        level, depth = [child for one in level for child in ast.iter_child_nodes(one)], depth + 1
    return bool(level)


def is_array(spot: Spot, node: ast.expr) -> bool:
    """Whether an expression has an array in it that is dask's by record, so that its value is dask's."""
    names = (one.id for one in ast.walk(node) if isinstance(one, ast.Name))
    return any(spot.kind(name) == "array" for name in names)


def reduced_mask(spot: Spot, test: ast.expr) -> tuple[str, ast.expr] | None:
    """``any`` or ``all`` and the mask of ``xp.any(m)`` and ``m.any()``."""
    if (
        isinstance(test, ast.Call)
        and isinstance(test.func, ast.Name)
        and test.func.id == "bool"
        and test.args
    ):
        test = test.args[0]
    by = called_name(test)
    if by not in ("any", "all") or not isinstance(test, ast.Call) or test.keywords:
        return None
    if not isinstance(test.func, ast.Attribute):
        return None
    if is_namespace(spot, test.func.value):
        return (by, test.args[0]) if len(test.args) == 1 else None
    return (by, test.func.value) if not test.args else None
