"""Tests on arrays written anew: choices as ``where``, limits as ``minimum``, checks behind a guard."""

from __future__ import annotations

import ast
import re

from lazyscope.analysis import parsing
from lazyscope.analysis.evidence import ForceEvidence, Placed
from lazyscope.analysis.reading import Reading
from lazyscope.analysis.syntax.arms import Arm
from lazyscope.analysis.syntax.branches import Branch
from lazyscope.catalogue.advice import author, changed_line, file_at, persist_before, short
from lazyscope.fixes.edit import Edit, one_change
from lazyscope.fixes.fix import Fix

_DASK_ARRAY = re.compile(r"^[ \t]*import .*\bdask\.array as (\w+)", re.MULTILINE)
_NAMESPACE = re.compile(r"\bxp\b")


def namespace(placed: Placed) -> str:
    """What the array functions are called by in the file of the site: ``xp``, ``da``."""
    if placed.site is None:
        return "xp"
    known: dict[int, str] = vars(placed.trace).setdefault("_namespaces", {})
    file = file_at(placed.trace, placed.site)
    if file not in known:
        text = "\n".join(placed.trace.source_lines(file))
        found = _DASK_ARRAY.search(text)
        known[file] = found[1] if found and not _NAMESPACE.search(text) else "xp"
    return known[file]


def parenthesised(text: str) -> str:
    """An expression so that ``and`` or ``or`` may stand before it."""
    return f"({text})" if re.search(r"\b(or|and|if|lambda)\b", text) else text


# Order of conditions


def cheap_first(evidence: ForceEvidence, reading: Reading) -> Fix | None:
    """Ask what is cheap before the array; None if nothing cheap stands behind it."""
    joined = reading.combination
    if joined is None or not joined.cheap_after:
        return None
    others = [part.text for part in joined.operands if part.text not in joined.cheap_after]
    parts = [*joined.cheap_after, *others]
    text = f" {joined.connective} ".join(_operand(part, joined.connective) for part in parts)
    old = f" {joined.connective} ".join(_operand(part.text, joined.connective) for part in joined.operands)
    asked = " and ".join(f"`{part}`" for part in joined.cheap_after)
    return Fix(
        "reorder",
        f"ask {asked} first: `{text}`",
        "nothing changes; the array is still computed where the cheap condition does not decide",
        author(evidence),
        edit=line_with(evidence, old, text),
    )


def _operand(text: str, connective: str) -> str:
    other = "or" if connective == "and" else "and"
    return f"({text})" if re.search(rf"\b({other}|if|lambda)\b", text) else text


def line_with(evidence: ForceEvidence, old: str, new: str) -> Edit | None:
    """The user's line with one text in place of another; None if it is not sure which."""
    if not old or not evidence.at_user or evidence.site is None:
        return None
    return changed_line(evidence.trace, evidence.site, evidence.where, old, new)


# Guards


def guarded(evidence: ForceEvidence, reading: Reading, test: Branch | None) -> Fix:
    """Leave a check out where the array is lazy."""
    text = guard_text(reading, test, short(evidence.expression) if test is None else short(test.text))
    return Fix(
        "guard-lazy",
        f"`{text}`: check only what is in memory",
        "lazy arrays are not checked: values that would be refused or warned about go into the result",
        author(evidence),
        edit=_guarded_line(evidence, reading, test),
    )


def guard_text(reading: Reading, test: Branch | None, what: str) -> str:
    """A condition that holds of lazy arrays only where that leaves the check out."""
    asked = asked_array(reading, test)
    if test is not None and _lets_pass(test):
        return f"is_lazy_array({asked}) or {parenthesised(what)}"
    return f"not is_lazy_array({asked}) and {parenthesised(what)}"


def _lets_pass(test: Branch) -> bool:
    """Whether it is the failure of a test that raises or warns."""
    return test.kind != "assert" and not (test.body.raises or test.body.warns)


def _guarded_line(evidence: ForceEvidence, reading: Reading, test: Branch | None) -> Edit | None:
    if test is None or test.kind != "if" or not evidence.at_user or evidence.site is None:
        return None
    text = "\n".join(evidence.trace.source_lines(file_at(evidence.trace, evidence.site)))
    if not re.search(r"^from array_api_compat import .*\bis_lazy_array\b", text, re.MULTILINE):
        return None
    new = f"if {guard_text(reading, test, test.text)}:"
    return changed_line(evidence.trace, evidence.site, evidence.where, f"if {test.text}:", new)


def asked_array(reading: Reading, test: Branch | None = None) -> str:
    """A variable that tells whether a test asks a lazy array."""
    if test is not None and test.mask is not None and test.mask.isidentifier():
        return test.mask
    return reading.paths[0] if reading.paths else "x"


# Choices


def mask_text(test: str) -> str:
    """A test as one expression of arrays: ``(a > 0) & ~b`` of ``a > 0 and not b``."""
    node = parsing.expression(test)
    if node is None:
        return test
    plain = ast.unparse(node)
    masked = ast.unparse(_AsMask().visit(node))
    return test if masked == plain else masked


class _AsMask(ast.NodeTransformer):
    """Puts operators of arrays in place of Python's own."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        sign = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        joined: ast.expr = self.visit(node.values[0])
        for value in node.values[1:]:
            joined = ast.BinOp(joined, sign, self.visit(value))
        return joined

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return ast.UnaryOp(ast.Invert(), node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if len(node.ops) == 1:
            return node
        sides = [node.left, *node.comparators]
        links = [ast.Compare(sides[n], [op], [sides[n + 1]]) for n, op in enumerate(node.ops)]
        joined: ast.expr = links[0]
        for link in links[1:]:
            joined = ast.BinOp(joined, ast.BitAnd(), link)
        return joined

    def visit_Call(self, node: ast.Call) -> ast.expr:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node


def choice_lines(test: Branch, xp: str) -> tuple[str, ...]:
    """``d = xp.where(up > down, up, down)`` for each variable that both ways of a test assign.

    Those that get what no array can hold, like texts, are left out.
    """
    if test.otherwise is None:
        return ()
    body, otherwise = _values(test.body), _values(test.otherwise)
    chosen = [name for name in test.in_both if can_be_chosen(body[name], otherwise[name])]
    condition = mask_text(test.text)
    first: tuple[str, ...] = ()
    if len(chosen) > 1 and _reads(condition, test.in_both):
        first, condition = (f"chosen = {condition}",), "chosen"
    lines = [
        f"{name} = {xp}.where({condition}, {as_array(body[name])}, {as_array(otherwise[name])})"
        for name in chosen
    ]
    return (*first, *lines)


def as_array(text: str) -> str:
    """An expression without what asks for its value: ``x.max()`` of ``float(x.max())``."""
    node = parsing.expression(text)
    if node is None:
        return text
    while isinstance(node, ast.Call) and not node.keywords:
        function = node.func
        if isinstance(function, ast.Name) and function.id in _NUMBERS and len(node.args) == 1:
            node = node.args[0]
        elif isinstance(function, ast.Attribute) and function.attr in _ASKING and not node.args:
            node = function.value
        else:
            break
    return ast.get_source_segment(text, node) or text


_NUMBERS = ("float", "complex")
_ASKING = ("compute", "item")


def can_be_chosen(*values: str) -> bool:
    """Whether ``where`` can choose between values, by all that their texts tell: not between strings."""
    return not any(_is_no_array(value) for value in values)


def _is_no_array(text: str) -> bool:
    try:
        value = parsing.literal(text)
    except ValueError:
        return text.startswith(("f'", 'f"', "lambda"))
    return not isinstance(value, (bool, int, float, complex))


def _values(arm: Arm) -> dict[str, str]:
    return {made.name: made.value for made in arm.assignments}


def _reads(text: str, names: tuple[str, ...]) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)


def choice_replacement(
    evidence: ForceEvidence, reading: Reading, test: Branch, lines: tuple[str, ...]
) -> Edit | None:
    """The whole ``if`` and ``else`` of the user's given way to these lines; None if they do more."""
    other = test.otherwise
    if other is None or {test.body.does, other.does} != {"assigns"}:
        return None
    both = len(test.in_both)
    if sum(" = " in line and ".where(" in line for line in lines) != both:
        return None
    if any(len(arm.assignments) != both for arm in (test.body, other)):
        return None
    if not _one_line_each(test.body, both) or not _one_line_each(other, both):
        return None
    return whole_test(evidence, reading, lines)


def whole_test(evidence: ForceEvidence, reading: Reading, lines: tuple[str, ...]) -> Edit | None:
    """These lines in place of a whole ``if`` of the user's."""
    test = reading.test
    if not evidence.at_user or evidence.site is None or test is None or test.kind != "if":
        return None
    if reading.statement != "If":
        return None
    new = tuple(reading.indent + line for line in lines)
    return one_change(file_at(evidence.trace, evidence.site), reading.line, reading.end_line, new)


def _one_line_each(arm: Arm, assigned: int) -> bool:
    return arm.end_line - arm.line + 1 == assigned


_LIMITS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Gt: ("minimum", "maximum"),
    ast.GtE: ("minimum", "maximum"),
    ast.Lt: ("maximum", "minimum"),
    ast.LtE: ("maximum", "minimum"),
}


def limit(test: Branch, xp: str) -> str | None:
    """``x = xp.minimum(x, top)`` of ``if x > top: x = top``; None if a test sets no limit."""
    made = test.body.assignments
    if test.otherwise is not None or test.body.does != "assigns" or len(made) != 1:
        return None
    asked = _comparison(test.text)
    if asked is None:
        return None
    left, right, functions = asked
    name, value = made[0].name, made[0].value
    if name == left and _same_value(value, right):
        return f"{left} = {xp}.{functions[0]}({left}, {value})"
    if name == right and _same_value(value, left):
        return f"{right} = {xp}.{functions[1]}({right}, {value})"
    return None


def _same_value(one: str, other: str) -> bool:
    """Whether two texts mean one value: the same text, or the same number, be it made an array."""
    numbers = [_number(text) for text in (one, other)]
    return one == other or (None not in numbers and numbers[0] == numbers[1])


def _number(text: str) -> float | None:
    wrapped = re.fullmatch(r"(?:\w+\.)?(?:asarray|array|float|float64|float32)\(([^(),]*)(,[^()]*)?\)", text)
    try:
        return float(wrapped[1] if wrapped else text)
    except ValueError:
        return None


def _comparison(text: str) -> tuple[str, str, tuple[str, str]] | None:
    node = parsing.expression(text)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or type(node.ops[0]) not in _LIMITS:
        return None
    sides = ast.get_source_segment(text, node.left), ast.get_source_segment(text, node.comparators[0])
    return (sides[0] or "", sides[1] or "", _LIMITS[type(node.ops[0])])


# Holding what is read again


def hold_at_user(evidence: ForceEvidence) -> Fix | None:
    """Persist, in the user's own code, what these forces and others read again; None if nothing is."""
    return persist_before(evidence) if evidence.at_user else None


def present(*fixes: Fix | None) -> tuple[Fix, ...]:
    """Those that there are."""
    return tuple(fix for fix in fixes if fix is not None)
