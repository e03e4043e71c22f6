"""How a value is used: what converted it, and what becomes of the result."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal, TypeAlias

from lazyscope.analysis.syntax.place import Place
from lazyscope.analysis.syntax.terms import (
    COMPREHENSIONS,
    arguments_of,
    path_of,
    targets_of,
    without_tuples,
    words,
)

TestKind: TypeAlias = Literal[
    "if", "elif", "while", "assert", "conditional expression", "comprehension condition", "case guard"
]
"""Where a truth value decides a jump."""

Role: TypeAlias = (
    TestKind
    | Literal[
        "not",
        "and",
        "or",
        "comparison",
        "argument",
        "method",
        "for",
        "comprehension",
        "unpacking",
        "star",
        "index",
        "subscript assignment",
        "attribute assignment",
        "augmented assignment",
        "formatted",
        "arithmetic",
        "attribute",
        "await",
        "with",
        "match",
        "delete",
        "decorator",
        "unknown",
    ]
)
"""What was done to the expression, or within it, that converted a value.

``not``, ``and``, ``or``: an operand outside of any test. ``comparison``: one whose value is kept, or a
link of a chain, outside of any test. ``argument``: the expression is a call that was handed the value.
``method``: a call of a method of the value, or of an object that was handed it. ``for``,
``comprehension``, ``unpacking``, ``star``: the value was iterated. ``index``: ``base[index]``.
``unknown``: the instruction converts nothing, or its place was lost.
"""

Outcome: TypeAlias = Literal[
    "tested",
    "compared",
    "argument",
    "method",
    "attribute",
    "indexed",
    "index",
    "operand",
    "element",
    "iterated",
    "formatted",
    "assigned",
    "stored",
    "augmented",
    "returned",
    "yielded",
    "raised",
    "discarded",
    "context",
    "matched",
    "deleted",
    "default",
    "decorator",
    "unknown",
]
"""What becomes of the value of the expression.

``assigned``: to variables; ``stored``: to an index or attribute; ``augmented``: by ``+=`` and the like;
``argument``: of another call; ``method``: one of its methods is called; ``element``: of a display or
comprehension; ``context``: of ``with``; ``discarded``: the expression is the whole statement.
"""

_OPCODES: dict[Role, str] = {
    "subscript assignment": "STORE_SUBSCR STORE_SLICE",
    "attribute assignment": "STORE_ATTR",
    "index": "BINARY_SUBSCR BINARY_SLICE",
    "delete": "DELETE_SUBSCR DELETE_ATTR",
    "unpacking": "UNPACK_SEQUENCE UNPACK_EX",
    "star": "LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE",
    "formatted": "FORMAT_VALUE FORMAT_SIMPLE FORMAT_WITH_SPEC CONVERT_VALUE",
    "arithmetic": "UNARY_NEGATIVE UNARY_INVERT UNARY_POSITIVE CALL_INTRINSIC_1",
    "attribute": "LOAD_ATTR LOAD_METHOD LOAD_SUPER_ATTR",
    "with": "BEFORE_WITH BEFORE_ASYNC_WITH LOAD_SPECIAL WITH_EXCEPT_START",
    "match": "GET_LEN MATCH_CLASS MATCH_KEYS MATCH_MAPPING MATCH_SEQUENCE",
    "await": "GET_AITER GET_ANEXT GET_AWAITABLE SEND",
}
_ROLES = {name: role for role, names in _OPCODES.items() for name in names.split()}

_TRUTH = words("TO_BOOL UNARY_NOT COMPARE_OP CONTAINS_OP IS_OP")


def role_of(place: Place) -> Role:
    """Tell what converted the value at a place."""
    node, opcode = place.expression, place.opcode
    if node is None:
        return "unknown"
    if opcode in _TRUTH or "JUMP" in opcode:
        return _tested_as(place, node)
    if "CALL" in opcode and opcode != "CALL_INTRINSIC_1":
        return _called_as(place, node)
    if opcode in ("GET_ITER", "FOR_ITER", "GET_YIELD_FROM_ITER"):
        return _iterated_as(place, node)
    if opcode == "BINARY_OP":
        return _operated_as(node)
    if opcode in ("STORE_SUBSCR", "STORE_SLICE") and isinstance(place.statement, ast.AugAssign):
        return "augmented assignment"
    return _ROLES.get(opcode, "unknown")


def _tested_as(place: Place, node: ast.expr) -> Role:
    for part, whole in place.around(node):
        kind = test_kind(place, part, whole)
        if kind is not None:
            return kind
        if not _passes_truth(part, whole):
            break
    whole = place.found.parents[node]
    if isinstance(whole, ast.UnaryOp):
        return "not"
    if isinstance(whole, ast.BoolOp):
        return "and" if isinstance(whole.op, ast.And) else "or"
    if isinstance(node, ast.Compare):
        return "comparison"
    if isinstance(whole, ast.withitem):
        return "with"
    return "match" if isinstance(whole, ast.Match) else "unknown"


def _passes_truth(part: ast.AST, whole: ast.AST) -> bool:
    if isinstance(whole, ast.UnaryOp):
        return isinstance(whole.op, ast.Not)
    return isinstance(whole, ast.BoolOp) or (isinstance(whole, ast.IfExp) and part is not whole.test)


def test_kind(place: Place, part: ast.AST, whole: ast.AST) -> TestKind | None:
    """The kind of test that `part` is in `whole`."""
    if isinstance(whole, ast.comprehension):
        return "comprehension condition" if part in whole.ifs else None
    if isinstance(whole, ast.match_case):
        return "case guard" if part is whole.guard else None
    if part is not getattr(whole, "test", None):
        return None
    if isinstance(whole, ast.If):
        return "elif" if is_elif(place, whole) else "if"
    if isinstance(whole, ast.While):
        return "while"
    return "assert" if isinstance(whole, ast.Assert) else "conditional expression"


def is_elif(place: Place, node: ast.stmt) -> bool:
    """Whether an ``if`` is written as ``elif``."""
    return isinstance(node, ast.If) and place.found.line(node.lineno).lstrip().startswith("elif")


def _called_as(place: Place, node: ast.expr) -> Role:
    if isinstance(node, ast.Call):
        return "argument" if receiver_of(place, node) is None else "method"
    if node in getattr(place.statement, "decorator_list", ()):
        return "decorator"
    return "with" if isinstance(place.found.parents.get(node), ast.withitem) else "unknown"


def receiver_of(place: Place, call: ast.Call) -> ast.expr | None:
    """The object whose method is called, None for functions and for those of a module."""
    if not isinstance(call.func, ast.Attribute):
        return None
    path = path_of(call.func)
    return None if path and place.is_namespace(path[0]) else call.func.value


def operand_of(place: Place, call: ast.Call) -> ast.expr | None:
    """The object of a method, the first argument of a function."""
    receiver = receiver_of(place, call)
    return receiver if receiver is not None or not call.args else call.args[0]


def _iterated_as(place: Place, node: ast.expr) -> Role:
    whole = place.found.parents.get(node)
    if isinstance(whole, (ast.For, ast.AsyncFor)):
        return "for"
    return "comprehension" if isinstance(whole, (ast.comprehension, *COMPREHENSIONS)) else "await"


def _operated_as(node: ast.expr) -> Role:
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        return "arithmetic"
    return "index" if isinstance(node, ast.Subscript) else "augmented assignment"


def tests_around(place: Place) -> Iterator[tuple[TestKind, ast.expr, ast.AST]]:
    """Tests that the expression is part of, innermost first: kind, whole test, what it decides on."""
    for part, whole in place.around(place.expression):
        kind = test_kind(place, part, whole)
        if kind is not None and isinstance(part, ast.expr):
            yield kind, part, whole


def outcome_of(place: Place) -> Outcome:
    """Tell what becomes of the value of the expression."""
    for part, whole in place.around(place.expression):
        found = _outcome(place, part, whole)
        if found is not None:
            return found
    return "unknown"


_CARRIERS = (ast.Tuple, ast.Starred, ast.Await, ast.keyword, ast.Slice)


def _outcome(place: Place, part: ast.AST, whole: ast.AST) -> Outcome | None:
    """What becomes of a part of `whole`; None if it becomes what `whole` becomes."""
    if isinstance(whole, _CARRIERS):
        return None
    if isinstance(whole, ast.IfExp) and part is not whole.test:
        return None
    if isinstance(whole, (ast.BoolOp, ast.IfExp)) or test_kind(place, part, whole) is not None:
        return "tested"
    if isinstance(whole, ast.UnaryOp):
        return "tested" if isinstance(whole.op, ast.Not) else "operand"
    if isinstance(whole, ast.Call):
        return "argument" if part in arguments_of_parts(whole) else None
    if isinstance(whole, ast.Attribute):
        caller = place.found.parents.get(whole)
        return "method" if isinstance(caller, ast.Call) and caller.func is whole else "attribute"
    if isinstance(whole, ast.Subscript):
        return "indexed" if part is whole.value else "index"
    if isinstance(whole, (ast.Assign, ast.AnnAssign)):
        return _assigned_as(whole)
    return _OUTCOMES.get(type(whole), "unknown")


def arguments_of_parts(call: ast.Call) -> list[ast.AST]:
    """Arguments as nodes of the tree: those by keyword with their keyword."""
    return [*call.args, *call.keywords]


def _assigned_as(statement: ast.Assign | ast.AnnAssign) -> Outcome:
    targets = [single for target in targets_of(statement) for single in without_tuples(target)]
    return "assigned" if any(isinstance(target, ast.Name) for target in targets) else "stored"


_OUTCOMES: dict[type[ast.AST], Outcome] = {
    ast.Expr: "discarded",
    ast.Return: "returned",
    ast.Lambda: "returned",
    ast.Yield: "yielded",
    ast.YieldFrom: "yielded",
    ast.Raise: "raised",
    ast.Assert: "raised",
    ast.NamedExpr: "assigned",
    ast.AugAssign: "augmented",
    ast.Compare: "compared",
    ast.BinOp: "operand",
    ast.List: "element",
    ast.Set: "element",
    ast.Dict: "element",
    ast.ListComp: "element",
    ast.SetComp: "element",
    ast.DictComp: "element",
    ast.GeneratorExp: "element",
    ast.For: "iterated",
    ast.AsyncFor: "iterated",
    ast.comprehension: "iterated",
    ast.FormattedValue: "formatted",
    ast.withitem: "context",
    ast.Match: "matched",
    ast.Delete: "deleted",
    ast.arguments: "default",
    ast.FunctionDef: "decorator",
    ast.AsyncFunctionDef: "decorator",
    ast.ClassDef: "decorator",
}


def converted_in(place: Place, role: Role) -> list[ast.expr]:
    """The parts of the expression that may be what was converted: one, or several arguments."""
    node = place.expression
    if node is None:
        return []
    if isinstance(node, ast.Call) and role in ("argument", "method"):
        return _handed(place, node)
    if isinstance(node, ast.Subscript) and role == "index":
        return [node.slice]
    if isinstance(node, ast.Attribute) and role == "attribute":
        return [node.value]
    return [node]


_OWN_METHODS = words(
    "compute persist item tolist compute_chunk_sizes to_numpy load any all sum min max mean std var "
    "__array__ __bool__ __float__ __int__ __len__ __index__ to_zarr to_hdf5 to_dask_array head tail"
)
"""Methods that convert the object itself, whatever they are handed."""

_OF_THE_FIRST = words(
    "asarray array asanyarray ascontiguousarray asfortranarray atleast_1d atleast_2d atleast_3d require "
    "float int complex bool len iter list tuple range _asarray astype"
)
"""Functions that convert their first argument only."""


def _handed(place: Place, call: ast.Call) -> list[ast.expr]:
    receiver = receiver_of(place, call)
    values = [value for value in arguments_of(call) if not _is_plain(place, value)]
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if receiver is not None:
        return [receiver] if name in _OWN_METHODS or not values else [receiver, *values]
    return values[:1] if name in _OF_THE_FIRST and call.args else values


def _is_plain(place: Place, node: ast.expr) -> bool:
    """Whether an argument is no array for sure: a literal, a module, a type."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    if path_of(node):
        return not place.names(node)
    return isinstance(node, (ast.Constant, ast.Lambda, ast.JoinedStr))
