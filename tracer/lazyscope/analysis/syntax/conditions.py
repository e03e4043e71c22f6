"""The parts of a condition: which ask Python values, which ask arrays, which ask whether one is lazy."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lazyscope.analysis.syntax.place import Place, once
from lazyscope.analysis.syntax.terms import (
    FUNCTIONS,
    arguments_of,
    called_name,
    own_nodes,
    path_of,
    words,
)

ConditionKind: TypeAlias = Literal["python", "array", "unknown"]
"""``python``: cheap for sure, no array is asked; ``array``: it asks the values of an array."""

Laziness: TypeAlias = Literal["lazy", "eager"]

_ASKING = re.compile(r"_?is_(lazy|dask)(_array|_namespace|_collection)?")
_BRANCHING = words("lazy_apply map_blocks map_overlap blockwise apply_gufunc lazy_xp_function")


@dataclass(frozen=True)
class Condition:
    """An operand of ``and`` or ``or``, or a condition of its own."""

    text: str
    kind: ConditionKind
    forced: bool
    """Whether the expression of the reading is part of it."""
    laziness: Laziness | None
    """``lazy`` where it is true of lazy arrays only, as ``is_lazy_array(x)``; ``eager`` for its negation."""
    parameters: tuple[str, ...]
    """Parameters of the function among its variables."""


@dataclass(frozen=True)
class Combination:
    """Operands joined by ``and`` or by ``or``; those of the same connective inside are among them."""

    connective: Literal["and", "or"]
    operands: tuple[Condition, ...]
    forced: int | None
    """Which operand holds the expression of the reading."""

    @property
    def cheap_after(self) -> tuple[str, ...]:
        """Python conditions that stand behind the forced one and could be asked before it."""
        if self.forced is None:
            return ()
        later = self.operands[self.forced + 1 :]
        return tuple(operand.text for operand in later if operand.kind == "python")


def combination_of(place: Place) -> Combination | None:
    """The outermost ``and`` or ``or`` around the expression, in a test or anywhere else."""
    around = [whole for _, whole in place.around(place.expression) if isinstance(whole, ast.BoolOp)]
    return combination(place, around[-1], place.statement, place.expression) if around else None


def combination(place: Place, node: ast.BoolOp, at: ast.stmt, asked: ast.expr | None) -> Combination:
    """Take an ``and`` or ``or`` of a statement apart; `asked` is the part that was forced."""
    operands = [_condition(place, operand, at, asked) for operand in operands_of(node)]
    forced = [number for number, operand in enumerate(operands) if operand.forced]
    return Combination(
        connective="and" if isinstance(node.op, ast.And) else "or",
        operands=tuple(operands),
        forced=forced[0] if forced else None,
    )


def operands_of(node: ast.BoolOp) -> list[ast.expr]:
    """Operands of an ``and`` or ``or``, and of those of the same kind inside."""
    found: list[ast.expr] = []
    pending: list[ast.expr] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.BoolOp) and isinstance(part.op, type(node.op)):
            pending += reversed(part.values)
        else:
            found.append(part)
    return found


def _condition(place: Place, node: ast.expr, at: ast.stmt, asked: ast.expr | None) -> Condition:
    forced = asked is not None and any(part is asked for part in own_nodes(node))
    laziness = laziness_of(place, node, at)
    return Condition(
        text=place.text(node),
        kind="array" if forced and not laziness else kind_of(place, node, at),
        forced=forced,
        laziness=laziness,
        parameters=parameters_in(place, node),
    )


def parameters_in(place: Place, node: ast.AST) -> tuple[str, ...]:
    """The parameters of the function that a node reads."""
    return tuple(name for name in place.names(node) if name in place.scope.parameters)


def laziness_of(place: Place, node: ast.expr, at: ast.stmt | None, *, holds: bool = True) -> Laziness | None:
    """Tell of which arrays a condition can be true, or false, if it asks whether one is lazy."""
    found: dict[bool, Laziness] = {True: "lazy", False: "eager"}
    for _ in range(10):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node, holds = node.operand, not holds
        elif isinstance(node, ast.Name):
            made = place.definition(node.id, at)
            if made is None or not made[1] or made[0].value is None:
                return None
            node, at = made[0].value, made[0].statement
        elif isinstance(node, ast.BoolOp):
            return _joined(place, node, at, holds=holds)
        else:
            break
    return found[holds] if asks_laziness(node) else None


def _joined(place: Place, node: ast.BoolOp, at: ast.stmt | None, *, holds: bool) -> Laziness | None:
    """What an ``and`` that holds demands, or an ``or`` that does not; each of the others' operands may."""
    if holds != isinstance(node.op, ast.And):
        return None
    single = (value for value in operands_of(node) if not isinstance(value, ast.BoolOp))
    found = next((found for value in single if (found := laziness_of(place, value, at))), None)
    return found if holds or found is None else "eager" if found == "lazy" else "lazy"


def asks_laziness(node: ast.AST) -> bool:
    """Whether a node is a call of ``is_lazy_array``, ``is_dask_array`` or the like."""
    return _ASKING.fullmatch(called_name(node)) is not None


def handles_laziness(node: ast.AST) -> bool:
    """Whether a node is a call by which code treats lazy arrays in a way of their own."""
    return asks_laziness(node) or called_name(node) in _BRANCHING


_ASKING_PYTHON = words(
    "isinstance issubclass callable hasattr len type isdtype issubdtype isscalar iterable startswith "
    "endswith is_numpy is_jax is_torch is_cupy is_marray isspmatrix issparse is_numpy_namespace "
    "is_lazy_array is_dask_array is_dask is_dask_namespace get_config result_type xp_size keys"
)
_METADATA = words("ndim dtype shape size itemsize nbytes flags name __name__ __class__ device chunks")
_ASKING_ARRAYS = words(
    "any all max min sum mean std var prod isnan isfinite isinf count_nonzero nunique allclose isclose "
    "array_equal abs norm item compute argmax argmin logical_and logical_or logical_not where"
)
_MOST_PARTS = 100


def kind_of(place: Place, node: ast.expr, statement: ast.stmt | None = None) -> ConditionKind:
    """Tell whether a condition asks Python values or arrays, as far as the text shows it."""
    kinds: set[ConditionKind] = set()
    pending: list[tuple[ast.expr, ast.stmt | None]] = [(node, statement)]
    for _ in range(_MOST_PARTS):
        if not pending:
            break
        part, at = pending.pop()
        inner = _inner_values(place, part, at)
        kinds.update([] if inner else [_kind_of_value(place, part, at)])
        pending += inner
    kinds.update(["unknown"] if pending else [])
    return "array" if "array" in kinds else "unknown" if "unknown" in kinds else "python"


def _inner_values(
    place: Place, node: ast.expr, at: ast.stmt | None
) -> list[tuple[ast.expr, ast.stmt | None]]:
    """The values that decide the kind of a node; none where it decides by itself."""
    if isinstance(node, ast.Name):
        meaning, there = place.likely(node, at)
        return [] if meaning is node else [(meaning, there)]
    if isinstance(node, ast.Compare):
        decided = _compares_python(node)
        return [] if decided else [(value, at) for value in (node.left, *node.comparators)]
    if isinstance(node, ast.BoolOp):
        return [(value, at) for value in node.values]
    if isinstance(node, ast.IfExp):
        return [(value, at) for value in (node.test, node.body, node.orelse)]
    if isinstance(node, ast.BinOp):
        return [(node.left, at), (node.right, at)]
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return [(value, at) for value in node.elts]
    return [(node.operand, at)] if isinstance(node, ast.UnaryOp) else []


def _compares_python(node: ast.Compare) -> bool:
    if all(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops):
        return True
    values = (node.left, *node.comparators)
    return any(isinstance(v, ast.Constant) and isinstance(v.value, (str, bool, type(None))) for v in values)


def _kind_of_value(place: Place, node: ast.expr, at: ast.stmt | None) -> ConditionKind:
    if isinstance(node, (ast.Constant, ast.JoinedStr, ast.Compare)):
        return "python"
    if isinstance(node, ast.Attribute) and node.attr in _METADATA:
        return "python"
    if isinstance(node, ast.Subscript):
        inner = node.value
        shape = isinstance(inner, ast.Attribute) and inner.attr in ("shape", "chunks")
        return "python" if shape or called_name(inner) in _ASKING_PYTHON else "unknown"
    if isinstance(node, ast.Name):
        return "python" if _is_option(place, node.id) else "unknown"
    if isinstance(node, ast.Attribute) and path_of(node) and place.is_namespace(path_of(node)[0]):
        return "python"
    if not isinstance(node, ast.Call):
        return "unknown"
    return _kind_of_call(place, node)


def _kind_of_call(place: Place, node: ast.Call) -> ConditionKind:
    name = called_name(node)
    if name in _ASKING_PYTHON:
        return "python"
    if name not in _ASKING_ARRAYS:
        return "unknown"
    handed = arguments_of(node)
    generators = [value for value in handed if isinstance(value, (ast.GeneratorExp, ast.ListComp))]
    if isinstance(node.func, ast.Name) and generators:
        return kind_of(place, generators[0].elt)
    return "array"


def _is_option(place: Place, name: str) -> bool:
    """Whether a variable is a parameter that is a switch, a string or a number by default."""
    default = default_of(place, name)
    if isinstance(default, ast.UnaryOp):
        default = default.operand
    return isinstance(default, ast.Constant) and isinstance(default.value, (bool, str, int, float))


def default_of(place: Place, name: str) -> ast.expr | None:
    """The default of a parameter of the function, None if it has none."""
    owner = place.scope.owner
    if not isinstance(owner, FUNCTIONS):
        return None
    return defaults_of(owner.args).get(name)


def defaults_of(arguments: ast.arguments) -> dict[str, ast.expr]:
    """Defaults by the name of their parameter."""
    placed = [*arguments.posonlyargs, *arguments.args]
    behind = placed[len(placed) - len(arguments.defaults) :]
    found = {p.arg: default for p, default in zip(behind, arguments.defaults, strict=True)}
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return found | {p.arg: default for p, default in pairs if default is not None}


def lazy_branches(place: Place, root: ast.AST) -> list[str]:
    """The calls inside a node, functions in it included, that treat lazy arrays in a way of their own."""
    calls = [node for node in ast.walk(root) if isinstance(node, ast.Call) and handles_laziness(node)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return once(place.text(call) for call in calls)
