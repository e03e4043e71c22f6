"""``where`` in place of a branch: both ways are computed, and a mask chooses."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lazyscope.analysis import parsing
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.syntax.scope import scope_of
from lazyscope.analysis.syntax.terms import FUNCTIONS, own_nodes
from lazyscope.fixes.edit import Draft, begins_line, ends_line, is_bound
from lazyscope.fixes.facts import Value, can_be_evaluated, joined, value_of
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.lazy_value import Course, moves_for_nothing
from lazyscope.fixes.masks import mask_of
from lazyscope.fixes.spot import Spot, argument
from lazyscope.fixes.tested import Tested

BOTH_SIDES = "both ways are computed for every element"
_LONGEST = 150


def fit(one: Value, other: Value) -> bool:
    """Whether `where` gives what a branch gives, whichever way that goes: same axes, same dtype."""
    if one.ndim is None or one.ndim != other.ndim:
        return False
    if one.plain and other.plain:
        return one.number is not None and one.number == other.number
    if one.plain or other.plain:
        strong, weak = (other, one) if one.plain else (one, other)
        return strong.number is not None and joined([strong, weak]) == strong.number
    return one.number == other.number


def in_words(lines: Sequence[str], otherwise: str) -> str:
    """New lines as code in a sentence; what does not fit is said by other words."""
    written = [f"`{line}`" for line in lines]
    text = f"{', '.join(written[:-1])} and {written[-1]}" if len(written) > 1 else "".join(written)
    return text if 0 < len(text) <= _LONGEST else otherwise


def choice(evidence: ForceEvidence, found: Tested) -> Fix | None:
    """``where`` for a conditional expression, an ``if`` that assigns, or one that returns."""
    node = found.node
    if isinstance(node, ast.IfExp):
        return _expression(evidence, found, node)
    if not isinstance(node, ast.If) or found.is_elif or _has_elif(found.spot, node):
        return None
    return (
        _assignments(evidence, found, node)
        or _returns(evidence, found, node)
        or _calls(evidence, found, node)
    )


def _has_elif(spot: Spot, node: ast.If) -> bool:
    first = node.orelse[0] if node.orelse else None
    return isinstance(first, ast.If) and spot.found.line(first.lineno).lstrip().startswith("elif")


# A conditional expression


def _expression(evidence: ForceEvidence, found: Tested, node: ast.IfExp) -> Fix | None:
    spot, draft = found.spot, Draft(evidence.trace)
    mask = mask_of(spot, node.test)
    if mask is None or not _can_choose(spot, node.body, node.orelse):
        return None
    numbers = value_of(spot, node.body).plain or value_of(spot, node.orelse).plain
    course = Course(evidence.trace, spot.file).of_expression(node)
    if not stays_right(evidence, course, numbers=numbers):
        return None
    new = _where(spot.namespace(draft), mask, spot.text(node.body), spot.text(node.orelse))
    draft.replace(spot.file, node, new)
    return _fix(evidence, found, draft, f"`{new}` instead of `{spot.text(node)}`")


def _can_choose(spot: Spot, one: ast.expr, other: ast.expr) -> bool:
    evaluated = can_be_evaluated(spot, one) and can_be_evaluated(spot, other)
    return evaluated and fit(value_of(spot, one), value_of(spot, other))


def _where(xp: str, mask: str, one: str, other: str) -> str:
    return f"{xp}.where({argument(mask)}, {argument(one)}, {argument(other)})"


def stays_right(evidence: ForceEvidence, course: Course, *, numbers: bool) -> bool:
    """Whether what follows gives the same, and reads nothing more often.

    Parameters
    ----------
    evidence
        The forces that go away.
    course
        What becomes of the value.
    numbers
        Whether the value was a Python number, on one way at least, so that what follows may need one.
    """
    if numbers and not course.is_lazy_throughout:
        return False
    if course.asked:
        return False
    return not moves_for_nothing(evidence, course.lines)


def _fix(
    evidence: ForceEvidence, found: Tested, draft: Draft, summary: str, price: str = BOTH_SIDES
) -> Fix | None:
    edit = draft.edit()
    if edit is None:
        return None
    return Fix("where", summary, price, found.spot.audience, edit=edit)


# Assignments


@dataclass(frozen=True)
class _Assigned:
    """What an arm of an ``if`` assigns to one variable."""

    statement: ast.Assign
    name: str
    value: ast.expr


def assigned_in(block: Iterable[ast.stmt]) -> list[_Assigned] | None:
    """The assignments of a block; None if it does anything else."""
    found = []
    for statement in block:
        if isinstance(statement, ast.Pass):
            continue
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            return None
        target, value = statement.targets[0], statement.value
        if isinstance(target, ast.Name):
            found.append(_Assigned(statement, target.id, value))
        elif (
            isinstance(target, ast.Tuple)
            and isinstance(value, ast.Tuple)
            and len(target.elts) == len(value.elts)
        ):
            names = [one.id for one in target.elts if isinstance(one, ast.Name)]
            if len(names) != len(target.elts):
                return None
            found += [_Assigned(statement, name, one) for name, one in zip(names, value.elts, strict=True)]
        else:
            return None
    names = [one.name for one in found]
    return found if len(set(names)) == len(names) else None


def _names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _assignments(evidence: ForceEvidence, found: Tested, node: ast.If) -> Fix | None:
    spot = found.spot
    body, other = assigned_in(node.body), assigned_in(node.orelse)
    if not body or other is None:
        return None
    private = _private(spot, body, other)
    both = dict.fromkeys(one.name for one in (*body, *other))
    chosen = [name for name in both if name not in private]
    mask = mask_of(spot, node.test)
    if mask is None or not chosen or not _is_independent(body, other, chosen, private):
        return None
    draft = Draft(evidence.trace)
    xp, lines = spot.namespace(draft), []
    for one in (*body, *other):
        if one.name in private:
            if not can_be_evaluated(spot, one.value):
                return None
            lines.append(f"{one.name} = {spot.text(one.value)}")
    condition = _condition(spot, mask, chosen, set(both), lines)
    pairs = {name: [_value_for(spot, node, arm, name) for arm in (body, other)] for name in chosen}
    for name, (yes, no) in pairs.items():
        if yes is None or no is None or not _can_choose(spot, yes, no):
            return None
        lines.append(f"{name} = {_where(xp, condition, spot.text(yes), spot.text(no))}")
    if not _stay_right(evidence, spot, node, (*body, *other), pairs):
        return None
    if not replace_statement(draft, spot, node, lines):
        return None
    told = ", ".join(f"`{name}`" for name in chosen)
    return _fix(
        evidence, found, draft, f"{in_words(lines, f'choose {told} with `where`')} instead of the `if`"
    )


def _is_independent(
    body: Sequence[_Assigned], other: Sequence[_Assigned], chosen: Sequence[str], private: set[str]
) -> bool:
    """Whether no value reads what is chosen, other than the variable's own, or depends on the order."""
    reads = any(_names_in(one.value) & set(chosen) - {one.name} for one in (*body, *other))
    return not (reads or _needs_order(body, private) or _needs_order(other, private))


def _stay_right(
    evidence: ForceEvidence,
    spot: Spot,
    node: ast.If,
    assigned: Sequence[_Assigned],
    pairs: Mapping[str, Sequence[ast.expr | None]],
) -> bool:
    course = Course(evidence.trace, spot.file, gone=set(ast.walk(node.test)))
    for one in assigned:
        if one.name in pairs:
            course.of_variable(spot.owner, one.statement, one.name)
    numbers = any(value_of(spot, one).plain for pair in pairs.values() for one in pair if one is not None)
    return stays_right(evidence, course, numbers=numbers)


def _needs_order(arm: Sequence[_Assigned], private: set[str]) -> bool:
    """Whether an assignment reads what one before it in the same arm assigned."""
    made: set[str] = set()
    for one in arm:
        if _names_in(one.value) & made:
            return True
        if one.name not in private:
            made.add(one.name)
    return False


def _private(spot: Spot, body: Sequence[_Assigned], other: Sequence[_Assigned]) -> set[str]:
    """Variables that only one arm assigns and only that arm reads, before anything has given them a value."""
    found = set()
    for arm, rest in ((body, other), (other, body)):
        for one in arm:
            if one.name in {its.name for its in rest}:
                continue
            bindings = spot.scope.bindings.get(one.name, ())
            readers = [reader for reader, _ in spot.scope.followers(one.statement, {one.name})]
            inside = [reader for reader in readers if any(reader is its.statement for its in arm)]
            if len(bindings) == 1 and readers and len(inside) == len(readers):
                found.add(one.name)
    return found


def _condition(spot: Spot, mask: str, chosen: Sequence[str], both: set[str], lines: list[str]) -> str:
    """The mask where it is used: by a name if it is used again, or reads what is assigned."""
    node = parsing.expression(mask)
    if isinstance(node, ast.Name) and node.id not in both:
        return mask
    if len(chosen) < 2:
        return mask
    name = next((one for one in ("condition", "chosen", "mask") if not is_bound(spot.tree, one)), None)
    if name is None:
        return mask
    lines.append(f"{name} = {mask}")
    return name


def _value_for(spot: Spot, node: ast.If, arm: Sequence[_Assigned], name: str) -> ast.expr | None:
    """What an arm gives a variable: what it had before, if the arm does not assign it."""
    own = next((one.value for one in arm if one.name == name), None)
    if own is not None:
        return own
    if not spot.scope.is_surely_bound(name, node):
        return None
    return (
        ast.Name(name, ast.Load(), lineno=0, col_offset=0, end_lineno=0, end_col_offset=0)
        if spot.kind(name) is not None
        else None
    )


def replace_statement(draft: Draft, spot: Spot, node: ast.stmt, lines: Sequence[str]) -> bool:
    """Put lines in place of a whole statement, with its indent; whether it stands on lines of its own."""
    source = spot.source
    if not begins_line(source, node) or not ends_line(source, node) or not lines:
        return False
    if _has_comments(spot, node) and isinstance(node, ast.If):
        return False
    line = source.line(node.lineno)
    indent = line[: len(line) - len(line.lstrip())]
    draft.replace(spot.file, node, f"\n{indent}".join(lines))
    return True


def _has_comments(spot: Spot, node: ast.stmt) -> bool:
    """Whether comments would get lost with a statement of several lines."""
    lines = spot.source.lines[node.lineno - 1 : node.end_lineno]
    return any(line.lstrip().startswith("#") for line in lines)


def _calls(evidence: ForceEvidence, found: Tested, node: ast.If) -> Fix | None:
    """``out.append(where(c, a, b))`` where both ways call the same with another array."""
    spot, pair = found.spot, [_only_call(block) for block in (node.body, node.orelse)]
    if pair[0] is None or pair[1] is None:
        return None
    one, other = pair[0], pair[1]
    values = (one.args[0], other.args[0])
    mask, draft = mask_of(spot, node.test), Draft(evidence.trace)
    alike = ast.dump(one.func) == ast.dump(other.func)
    if mask is None or not alike or not _can_choose(spot, *values) or value_of(spot, values[0]).plain:
        return None
    chosen = _where(spot.namespace(draft), mask, spot.text(values[0]), spot.text(values[1]))
    line = f"{spot.text(one.func)}({chosen})"
    course = Course(evidence.trace, spot.file)
    course.lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    if not stays_right(evidence, course, numbers=False) or not replace_statement(draft, spot, node, [line]):
        return None
    return _fix(evidence, found, draft, f"{in_words([line], 'choose with `where`')} instead of the `if`")


def _only_call(block: Sequence[ast.stmt]) -> ast.Call | None:
    only = block[0] if len(block) == 1 else None
    call = only.value if isinstance(only, ast.Expr) else None
    if isinstance(call, ast.Call) and len(call.args) == 1 and not call.keywords:
        return call if isinstance(call.func, ast.Attribute) and call.func.attr in ("append", "add") else None
    return None


# Returns


def _returns(evidence: ForceEvidence, found: Tested, node: ast.If) -> Fix | None:
    """``if c: return a`` before the one ``return b`` that ends the function, or beside it in ``else``."""
    spot = found.spot
    if not isinstance(spot.owner, FUNCTIONS) or not _only_return(node.body):
        return None
    if node.orelse:
        ends = _only_return(node.orelse)
        return None if not ends else _joined_return(evidence, found, [node], ends)
    block = spot.scope.block_of(node)
    if block is not spot.owner.body:
        return None
    after = block[block.index(node) + 1 :]
    final = after[-1] if after else None
    tests, between = _chain(after[:-1])
    if not isinstance(final, ast.Return) or final.value is None or between is None:
        return None
    if not all(_is_quiet(spot, one) for one in between):
        return None
    read = _names_in(node.test) | _names_in(node.body[0]) | {n for t in tests for n in _names_in(t)}
    made = {name for one in between for name in _made_by(one)}
    if read & made or (tests and between):
        return None
    return _joined_return(evidence, found, [node, *tests], final)


def _chain(statements: Sequence[ast.stmt]) -> tuple[list[ast.If], list[ast.stmt] | None]:
    """Further early returns right behind the first, and what stands between these and the end."""
    tests: list[ast.If] = []
    rest = list(statements)
    while rest and isinstance(rest[0], ast.If) and _only_return(rest[0].body) and not rest[0].orelse:
        tests.append(rest[0])
        rest = rest[1:]
    return tests, rest


def _only_return(block: Sequence[ast.stmt]) -> ast.Return | None:
    only = block[0] if len(block) == 1 else None
    return only if isinstance(only, ast.Return) and only.value is not None else None


def _is_quiet(spot: Spot, statement: ast.stmt) -> bool:
    """Whether a statement may run in any case: it assigns variables and asks nothing."""
    if not isinstance(statement, ast.Assign):
        return False
    names = all(isinstance(target, ast.Name) for target in statement.targets)
    return names and can_be_evaluated(spot, statement.value)


def _made_by(statement: ast.stmt) -> set[str]:
    return {n.id for n in own_nodes(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _joined_return(
    evidence: ForceEvidence, found: Tested, tests: Sequence[ast.If], final: ast.Return
) -> Fix | None:
    spot, draft = found.spot, Draft(evidence.trace)
    xp = spot.namespace(draft)
    assert final.value is not None
    text, numbers = spot.text(final.value), value_of(spot, final.value).plain
    if not can_be_evaluated(spot, final.value):
        return None
    last = _at_end(spot, final.value)
    for node in reversed(tests):
        ends, mask = _only_return(node.body), mask_of(spot, node.test)
        if ends is None or ends.value is None or mask is None or not can_be_evaluated(spot, ends.value):
            return None
        value = value_of(spot, ends.value)
        if not fit(value, last):
            return None
        numbers = numbers or value.plain
        text = _where(xp, mask, spot.text(ends.value), text)
    course = Course(evidence.trace, spot.file)
    course.of_expression(final.value)
    if not stays_right(evidence, course, numbers=numbers):
        return None
    first = tests[0]
    if first.orelse:
        if not replace_statement(draft, spot, first, [f"return {text}"]):
            return None
    else:
        for node in tests:
            if _has_comments(spot, node):
                return None
            draft.remove(spot.file, node)
        draft.replace(spot.file, final, f"return {text}")
    what = "the early return" if len(tests) == 1 else f"{len(tests)} early returns"
    return _fix(
        evidence,
        found,
        draft,
        f"{in_words([f'return {text}'], 'choose with `where` at the end')} instead of {what}",
    )


def _at_end(spot: Spot, value: ast.expr) -> Value:
    """What is known of a value that is made of variables assigned after the test."""
    direct = value_of(spot, value)
    if direct.ndim is not None:
        return direct
    scope = scope_of(spot.owner)
    names = {n.id: scope.bindings.get(n.id, []) for n in ast.walk(value) if isinstance(n, ast.Name)}
    once = {
        name: made[0].value for name, made in names.items() if len(made) == 1 and made[0].value is not None
    }
    if isinstance(value, ast.Name) and value.id in once:
        return _at_end(spot, once[value.id] or value)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "clip":
        return _at_end(spot, value.func.value)
    return direct
