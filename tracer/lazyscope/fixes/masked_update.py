"""Assignments through a mask as ``where``, ``at`` and ``apply_where``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lazyscope.analysis import parsing
from lazyscope.analysis.source import unparsed
from lazyscope.analysis.syntax.masks import is_mask
from lazyscope.analysis.syntax.terms import FUNCTIONS, XP, called_name, own_nodes, path_of
from lazyscope.analysis.syntax.updates import SIGNS
from lazyscope.fixes.edit import Draft, begins_line, ends_line, known_as
from lazyscope.fixes.facts import joined, reduced_mask, value_of
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.selected import Masked, Whole
from lazyscope.fixes.spot import Spot, argument, operand
from lazyscope.fixes.where import in_words, replace_statement
from lazyscope.model.trace import TraceData

_WHERE = "compute the new values for every element and choose with `where`"
_APPLY = "compute the new values on the selected part of each chunk, with `apply_where` of array-api-extra"
_AT = "put the values in with `at` of array-api-extra"
_METHODS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
}
_OPERATORS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


@dataclass(frozen=True)
class Store:
    """``y[m] = v``, ``y[m] *= v`` or ``xpx.at(y)[m].set(v)``."""

    statement: ast.stmt
    node: ast.stmt | ast.expr
    """What gives way: the statement, or the call of ``at``."""
    array: ast.expr
    index: ast.expr
    value: ast.expr
    operator: str
    """``=``, or the sign of ``y[m] *= v``."""

    @property
    def selected(self) -> bool:
        """Whether the old values are part of the new ones."""
        return self.operator != "="


def stores_in(statement: ast.stmt) -> Iterator[Store]:
    """What a statement changes through an index."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Subscript):
            yield Store(statement, statement, target.value, target.slice, statement.value, "=")
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Subscript):
        sign = SIGNS[type(statement.op)]
        yield Store(
            statement, statement, statement.target.value, statement.target.slice, statement.value, sign
        )
    for node in own_nodes(statement):
        found = _at_call(statement, node) if isinstance(node, ast.Call) else None
        if found is not None:
            yield found


def _at_call(statement: ast.stmt, call: ast.Call) -> Store | None:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if (method != "set" and method not in _OPERATORS) or len(call.args) != 1 or call.keywords:
        return None
    assert isinstance(call.func, ast.Attribute)
    made: ast.expr = call.func.value
    index = made.slice if isinstance(made, ast.Subscript) else None
    made = made.value if isinstance(made, ast.Subscript) else made
    if not isinstance(made, ast.Call) or called_name(made) != "at" or not made.args:
        return None
    index = index or (made.args[1] if len(made.args) > 1 else None)
    if index is None:
        return None
    return Store(statement, call, made.args[0], index, call.args[0], _OPERATORS.get(method, "="))


@dataclass(frozen=True)
class Written:
    """A store for whole arrays."""

    line: str
    """The new text: a statement, or an expression in place of ``at``."""
    whole: Whole
    mask: str


def as_where(draft: Draft, spot: Spot, store: Store, *, fill: bool = True) -> Written | None:
    """A store as ``where``; None where it is not known to give the same."""
    mask = mask_for(spot, store)
    if mask is None or not _can_be_rebound(spot, store):
        return None
    xp, array = spot.namespace(draft), spot.text(store.array)
    masked = Masked(spot, unparsed(store.index), mask, xp, store.statement, fill)
    whole = masked.whole(store.value)
    if not whole.possible:
        return None
    text = whole.text
    if store.selected:
        text = f"{operand(array)} {store.operator} {operand(text)}"
    new = f"{xp}.where({argument(mask)}, {argument(text)}, {argument(array)})"
    new = _with_dtype(spot, store, new, array, xp)
    if isinstance(store.node, ast.stmt):
        new = f"{array} = {new}"
    return Written(new, whole, mask)


def mask_for(spot: Spot, store: Store) -> str | None:
    """The index as a mask that `where` takes, with axes added where it has fewer than the array."""
    if isinstance(store.index, ast.Tuple | ast.Slice):
        return None
    own, array = value_of(spot, store.index), value_of(spot, store.array)
    if own.number not in ("bool", None) or not is_mask(spot.place, store.index, store.statement):
        return None
    text = spot.text(store.index)
    if own.ndim is None or array.ndim is None:
        # A mask that is made of the array itself has its axes.
        return text if _is_made_of(spot, store) else None
    missing = array.ndim - own.ndim
    if missing < 0:
        return None
    return text if not missing else f"{operand(text)}[{', '.join([':'] * own.ndim + ['None'] * missing)}]"


def _is_made_of(spot: Spot, store: Store) -> bool:
    meaning, _ = spot.place.meaning(store.index, store.statement)
    if not isinstance(meaning, ast.Compare | ast.UnaryOp | ast.BinOp):
        return False
    array = spot.text(store.array)
    names = {unparsed(one) for one in ast.walk(meaning) if isinstance(one, ast.Name)}
    calls = any(isinstance(one, ast.Call | ast.Subscript) for one in ast.walk(meaning))
    made = spot.scope.reaching(array, store.statement) if array.isidentifier() else None
    like = made[0].value if made is not None else None
    sources = {one.id for one in ast.walk(like) if isinstance(one, ast.Name)} if like is not None else set()
    return not calls and bool(names & {array, *sources})


def _can_be_rebound(spot: Spot, store: Store) -> bool:
    """Whether nobody else holds the array, and misses the change: no argument, no second name."""
    if not isinstance(store.node, ast.stmt):
        return True
    if not isinstance(store.array, ast.Name):
        return False
    name, scope = store.array.id, spot.scope
    if not scope.binds(name):
        return False
    bindings = scope.bindings.get(name, [])
    if name in scope.parameters and not bindings and not _callers_take_result(spot):
        return False
    others = [one for made in scope.bindings.values() for one in made]
    named = [one for one in others if isinstance(one.value, ast.Name) and one.value.id == name]
    same = [one for one in bindings if isinstance(one.value, ast.Name)]
    for one in same:
        if (
            isinstance(one.value, ast.Name)
            and one.value.id in scope.parameters
            and not _callers_take_result(spot)
        ):
            return False
        later = scope.after(store.statement)
        if isinstance(one.value, ast.Name) and any(_loads(node, one.value.id) for node in later):
            return False
    before = [one for one in named if one.statement in scope.statements and one.name != name]
    return not any(_comes_before(spot, one.statement, store.statement) for one in before)


def _comes_before(spot: Spot, one: ast.stmt, other: ast.stmt) -> bool:
    return one.lineno < other.lineno


def _loads(node: ast.AST, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in own_nodes(node))


def _callers_take_result(spot: Spot) -> bool:
    """Whether everybody who calls the function goes on with what it returns, not with the argument."""
    owner = spot.owner
    if not isinstance(owner, FUNCTIONS):
        return False
    for node in ast.walk(spot.tree):
        if isinstance(node, ast.Call) and path_of(node.func)[-1:] == (owner.name,):
            parent = spot.parents.get(node)
            if isinstance(parent, ast.Expr):
                return False
            given = [one.id for one in node.args if isinstance(one, ast.Name)]
            if any(_is_read_later(spot, node, name) for name in given):
                return False
    return any(isinstance(one, ast.Return) and one.value is not None for one in spot.scope.statements)


def _is_read_later(spot: Spot, call: ast.Call, name: str) -> bool:
    return any(
        isinstance(one, ast.Name)
        and one.id == name
        and isinstance(one.ctx, ast.Load)
        and one.lineno > call.lineno
        for one in ast.walk(spot.tree)
    )


def _with_dtype(spot: Spot, store: Store, new: str, array: str, xp: str) -> str:
    """With the dtype of the array, where that of the new values might take over."""
    own, value = value_of(spot, store.array), value_of(spot, store.value)
    given = joined([own, value]) if store.selected else value.number
    if store.operator == "/" and own.number in ("int", "bool"):
        given = "float"
    whole = None if given is None or own.number is None else joined([own, value])
    if own.number in ("float", "complex") and given != "complex":
        return new
    if own.number is not None and whole == own.number and given == own.number:
        return new
    dtype = f"{array}.dtype"
    return f"{xp}.astype({new}, {dtype})" if XP.fullmatch(xp) else f"{new}.astype({dtype})"


# Fixes


def fixes_for(trace: TraceData, spot: Spot, store: Store) -> list[Fix]:
    """What a store through a mask can be written as, the surest first."""
    found = [_where_fix(trace, spot, store), _apply_fix(trace, spot, store), _at_fix(trace, spot, store)]
    return sorted((fix for fix in found if fix is not None), key=lambda fix: fix.is_sketch)


def _where_fix(trace: TraceData, spot: Spot, store: Store) -> Fix:
    draft = Draft(trace)
    guard = _guard_around(spot, store)
    lines = unconditional_lines(draft, spot, guard) if guard is not None else None
    if guard is not None and lines is not None and replace_statement(draft, spot, guard, lines):
        edit = draft.edit()
        summary = in_words(lines, _WHERE)
        if edit is not None:
            return Fix(
                "where", f"{summary} instead of the `if`", _price(), spot.audience, edit=edit, sketch=_WHERE
            )
    draft, texts = Draft(trace), []
    for one in (store, *_alike(spot, store)):
        written = as_where(draft, spot, one)
        if written is None or not _put(draft, spot, one, written):
            if one is store:
                return Fix("where", _WHERE, _price(), spot.audience, sketch=_WHERE)
            continue
        texts.append(written.line)
    edit = draft.edit()
    summary = in_words(texts, _WHERE) if edit else _WHERE
    return Fix("where", summary, _price(), spot.audience, edit=edit, sketch=_WHERE)


def _price() -> str:
    return "the formula is computed for every element; who holds the old array sees no change"


def _alike(spot: Spot, store: Store) -> Iterator[Store]:
    """Further stores of the function that would fail the same way."""
    for statement in spot.scope.statements:
        if statement is store.statement:
            continue
        for one in stores_in(statement):
            index = unparsed(one.index)
            picks = any(
                isinstance(node, ast.Subscript) and unparsed(node.slice) == index
                for node in ast.walk(one.value)
            )
            if (picks or one.selected) and is_mask(spot.place, one.index, statement):
                yield one


def _put(draft: Draft, spot: Spot, store: Store, written: Written) -> bool:
    node = store.node
    if isinstance(node, ast.stmt) and not (begins_line(spot.source, node) and ends_line(spot.source, node)):
        return False
    draft.replace(spot.file, store.node, written.line)
    return True


def _guard_around(spot: Spot, store: Store) -> ast.If | None:
    """``if xp.any(m):`` right around a store by that mask."""
    around = spot.scope.around(store.statement)
    node = around[-1] if around else None
    if not isinstance(node, ast.If) or node.orelse or store.statement not in node.body:
        return None
    return node if any_of(spot, node.test) == unparsed(store.index) else None


def any_of(spot: Spot, test: ast.expr) -> str | None:
    """The mask that a test asks for anything true, as `ast.unparse` writes it."""
    found = reduced_mask(spot, test)
    return unparsed(found[1]) if found is not None and found[0] == "any" else None


def unconditional_lines(draft: Draft, spot: Spot, node: ast.If) -> list[str] | None:
    """The work of ``if xp.any(m): ...`` without the test; None if some of it is more than the mask's."""
    mask = any_of(spot, node.test)
    if mask is None:
        return None
    lines: list[str] = []
    dropped: set[str] = set()
    for statement in reversed(node.body):
        stores = [one for one in stores_in(statement) if unparsed(one.index) == mask]
        if len(stores) == 1 and stores[0].node is statement:
            store = stores[0]
            plain = (
                not any(isinstance(one, ast.Subscript) for one in ast.walk(store.value))
                and not store.selected
            )
            if plain and value_of(spot, store.value).plain:
                lines.append(spot.text(statement))
                continue
            written = as_where(draft, spot, store)
            if written is None:
                return None
            dropped |= written.whole.inlined
            lines.append(written.line)
        elif (text := _where_line(spot, statement, mask)) is not None:
            lines.append(text)
        elif not _is_dropped(spot, node, statement, dropped):
            return None
    return lines[::-1] or None


def _where_line(spot: Spot, statement: ast.stmt, mask: str) -> str | None:
    """``a = xp.where(m, v, a)``, which changes nothing where the mask selects nothing."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target, call = statement.targets[0], statement.value
    if not isinstance(target, ast.Name) or called_name(call) != "where" or not isinstance(call, ast.Call):
        return None
    if len(call.args) != 3 or unparsed(call.args[0]) != mask or unparsed(call.args[2]) != target.id:
        return None
    own, value = value_of(spot, target), value_of(spot, call.args[1])
    if own.number is None or joined([own, value]) != own.number:
        return None
    return spot.text(statement)


def _is_dropped(spot: Spot, node: ast.If, statement: ast.stmt, inlined: set[str]) -> bool:
    """Whether a statement only named what is written out now."""
    if not isinstance(statement, ast.Assign) or not all(isinstance(t, ast.Name) for t in statement.targets):
        return False
    names = {target.id for target in statement.targets if isinstance(target, ast.Name)}
    inside = set(ast.walk(node))
    readers = [reader for reader, _ in spot.scope.followers(statement, names)]
    return names <= inlined and all(reader in inside for reader in readers)


def _apply_fix(trace: TraceData, spot: Spot, store: Store) -> Fix | None:
    """``apply_where`` on the selected part of each chunk, where the file knows array-api-extra."""
    draft, mask = Draft(trace), mask_for(spot, store)
    xpx = known_as(spot.tree, "array_api_extra")
    price = "the function gets NumPy chunks, not dask arrays"
    if xpx is None or mask is None or not _can_be_rebound(spot, store) or store.selected:
        return None if xpx is None else Fix("apply-where", _APPLY, price, spot.audience, sketch=_APPLY)
    xp = spot.namespace(draft)
    whole = Masked(spot, unparsed(store.index), mask, "", store.statement, fill=False).whole(store.value)
    bases = list(dict.fromkeys(whole.bases))
    names = [one for one in bases if one.isidentifier()]
    if not whole.possible or not bases or len(names) != len(bases):
        return Fix("apply-where", _APPLY, price, spot.audience, sketch=_APPLY)
    body = whole.text
    if _reads_more(spot, whole, names):
        return Fix("apply-where", _APPLY, price, spot.audience, sketch=_APPLY)
    if f"{xp}." in body:
        if XP.fullmatch(xp):
            asks = draft.import_from(spot.file, "array_api_compat", "array_namespace")
            body = body.replace(f"{xp}.", f"{asks}({names[0]}).")
        else:
            body = body.replace(f"{xp}.", f"{draft.import_of(spot.file, 'numpy')}.")
    given = names[0] if len(names) == 1 else f"({', '.join(names)})"
    array = spot.text(store.array)
    new = (
        f"{xpx}.apply_where({argument(mask)}, {given}, lambda {', '.join(names)}: {body}, fill_value={array})"
    )
    line = f"{array} = {new}" if isinstance(store.node, ast.stmt) else new
    own, value = value_of(spot, store.array), value_of(spot, store.value)
    fits = own.number == "float" and value.number in ("float", "int", None)
    if fits and _put(draft, spot, store, Written(line, whole, mask)):
        edit = draft.edit()
    else:
        edit = None
    summary = in_words([line], _APPLY) if edit else _APPLY
    return Fix("apply-where", summary, price, spot.audience, edit=edit, sketch=_APPLY)


def _reads_more(spot: Spot, whole: Whole, names: Sequence[str]) -> bool:
    """Whether the formula reads other arrays than those that are selected from."""
    node = parsing.expression(whole.text)
    read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} if node is not None else set()
    return node is None or any(spot.kind(name) == "array" for name in read - set(names))


def _at_fix(trace: TraceData, spot: Spot, store: Store) -> Fix | None:
    """``xpx.at(x)[m].multiply(k)`` for a plain number, where the file knows array-api-extra."""
    statement = store.node
    if not isinstance(statement, ast.AugAssign) or type(statement.op) not in _METHODS:
        return None
    xpx = known_as(spot.tree, "array_api_extra")
    price = "lazy for a plain number and a mask of the array's own shape"
    if xpx is None:
        return None
    draft, array = Draft(trace), spot.text(store.array)
    edit, line = None, _AT
    own, mask = value_of(spot, store.array), value_of(spot, store.index)
    alike = own.ndim is not None and own.ndim == mask.ndim
    if alike and value_of(spot, store.value).plain and _can_be_rebound(spot, store):
        method, value = _METHODS[type(statement.op)], spot.text(store.value)
        line = f"{array} = {xpx}.at({array})[{spot.text(store.index)}].{method}({value})"
        draft.replace(spot.file, statement, line)
        edit = draft.edit()
    return Fix("at", in_words([line], _AT) if edit else _AT, price, spot.audience, edit=edit, sketch=_AT)
