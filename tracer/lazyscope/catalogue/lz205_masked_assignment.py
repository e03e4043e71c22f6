"""Values picked by a mask are assigned through a mask.

When it occurs
    ``y[m] = f(x[m])``, ``x[m] *= k`` and ``xpx.at(y, m).set(f(x[m]))``: the length of ``x[m]`` is the
    number of true values in ``m``, which dask does not know before the mask is computed. It refuses to
    assign an array of unknown length, as a rule with ``cannot broadcast shape (nan,) to shape (nan,)``.
    What ``xpx.at`` writes still needs the length. Only a scalar can be assigned through a mask.

Fixes
    ``where``: ``y = xp.where(m, f(x), y)`` computes the formula for every element. Outside the mask it may
    divide by zero or take the logarithm of nothing, with warnings or as NaN in gradients; clamp the
    argument there, or use

    ``apply-where``: ``xpx.apply_where(m, x, f, fill_value=y)`` computes it on the selected part of each
    chunk. The function sees NumPy chunks, not dask arrays.

    ``at``: ``x = xpx.at(x)[m].multiply(k)`` for a scalar and a mask of the array's own shape.

    ``guard-lazy``: a test like ``if xp.any(m):`` around it computes the mask; skip it for lazy arrays.

    In a library, its caller can compute first (``compute-once``) or take a function that works on dask
    arrays (``native-function``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lazyscope.analysis import parsing
from lazyscope.analysis.evidence import FailureEvidence, failures_alike
from lazyscope.analysis.reading import Reading, read
from lazyscope.analysis.syntax.updates import Update, inverse, normalised
from lazyscope.catalogue.advice import author, file_at, line_of, short
from lazyscope.catalogue.failing import arrays_taken, for_caller, listed, namespace, told_again
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.masked_formula import (
    Formula,
    for_chunks,
    formula_of,
    index_text,
    parameters_for,
    unwritten,
    with_parameters,
)
from lazyscope.catalogue.unknown_lengths import about, origins
from lazyscope.fixes.edit import Edit, one_change
from lazyscope.fixes.fix import Fix
from lazyscope.model.trace import TraceData

CODE = "LZ205"
TITLE = "Values picked by a mask are assigned through a mask"

EXAMPLE = """
import dask.array as da

x = da.arange(-6.0, 6.0, chunks=4)
y = da.zeros_like(x)
positive = x > 0
y[positive] = da.log(x[positive])
"""

REPAIRED = """
import array_api_extra as xpx
import dask.array as da
import numpy as np

x = da.arange(-6.0, 6.0, chunks=4)
y = xpx.apply_where(x > 0, x, np.log, fill_value=0.0)
"""

_METHODS = {"+=": "add", "-=": "subtract", "*=": "multiply", "/=": "divide", "**=": "power"}
_SIGNS = {method: sign[:-1] for sign, method in _METHODS.items()}
_SIGNS["set"] = "="


@dataclass(frozen=True)
class _Assignment:
    """A masked assignment that failed."""

    evidence: FailureEvidence
    reading: Reading
    update: Update
    formula: Formula
    mask: str
    """As `where` takes it."""
    whole_mask: bool
    """Whether the mask has the shape of the array."""
    xp: str

    @property
    def changes_in_place(self) -> str:
        """Empty, or the operator of ``x[m] *= k``."""
        operator = self.update.operator
        return operator[:-1] if operator in _METHODS else ""


def find(trace: TraceData) -> Iterable[Discovery]:
    """Exceptions at such statements."""
    for evidence in failures_alike(trace) if trace.unknown_shapes else ():
        found = _assignment(evidence) if about(evidence) == "chunks" and not told_again(evidence) else None
        if found is not None:
            yield Discovery(
                match=_match(found),
                site=evidence.site,
                user_site=evidence.user_site,
                entry=evidence.failures[0].entry,
                failures=tuple(failure.id for failure in evidence.failures),
                unknown_shapes=tuple(_led_there(trace, evidence)),
                occurrences=len(evidence.failures),
                leads_to=tuple(_forces_at(trace, evidence)),
            )


def _forces_at(trace: TraceData, evidence: FailureEvidence) -> Iterator[int]:
    """Forces of the same statement: dask computes some of it before it refuses."""
    reading = evidence.reading
    for force in trace.forces:
        if force.begin.site is not None and reading is not None and evidence.site is not None:
            place, here = trace.positions[force.begin.site], trace.positions[evidence.site]
            if place.code == here.code and reading.line <= place.line <= reading.end_line:
                yield force.id


def _led_there(trace: TraceData, evidence: FailureEvidence) -> Iterator[int]:
    """Unknown shapes of the values, and those that the assignment itself made."""
    known = set(origins(evidence))
    here = (evidence.site, evidence.user_site)
    for number, shape in enumerate(trace.unknown_shapes):
        if number in known or (shape.operation == "__setitem__" and (shape.site, shape.user_site) == here):
            yield number


def _assignment(evidence: FailureEvidence) -> _Assignment | None:
    reading = evidence.reading
    if reading is None or evidence.site is None:
        return None
    updates = [one for one in reading.updates if one.form != "where" and one.kind in ("mask", "unknown")]
    found = [(one, formula) for one in updates if (formula := _formula(evidence, one)) is not None]
    if len(found) != 1:
        return None
    update, formula = found[0]
    mask, whole = _mask(evidence, update)
    xp = "da" if _DA.search(f"{formula.text} {update.array_is}") else namespace(evidence)
    return _Assignment(evidence, reading, update, formula, mask, whole, xp)


_DA = re.compile(r"\bda\.")


def _formula(evidence: FailureEvidence, update: Update) -> Formula | None:
    """The new value of the elements, for whole arrays; None unless a selection by the mask is in it."""
    assert evidence.site is not None
    operator = update.operator if update.form == "subscript" else _SIGNS.get(update.operator)
    if operator is None:
        return None
    if operator == "=":
        return formula_of(evidence.trace, evidence.site, update) or _selected_before(evidence, update)
    sign = operator.removesuffix("=")
    value = update.value if update.value.isidentifier() or _is_number(update.value) else f"({update.value})"
    selected = f"({update.array})[{update.index}] {sign} {value}"
    found = formula_of(evidence.trace, evidence.site, replace(update, value=selected))
    # A scalar can be written by `xpx.at`; it is a selection that fails.
    alone = update.form == "at" and found is not None and not _selects(evidence, update)
    return None if alone else found


def _selected_before(evidence: FailureEvidence, update: Update) -> Formula | None:
    """What is known where the value was selected by the same mask in lines before."""
    trace = evidence.trace
    bases = []
    for number in origins(evidence):
        site = trace.unknown_shapes[number].site
        reading = None if site is None else read(trace, site)
        found = reading.subscript if reading else None
        if found is not None and index_text(found.index) == index_text(update.index):
            bases.append(found.base)
    return unwritten(tuple(dict.fromkeys(bases))) if bases else None


def _selects(evidence: FailureEvidence, update: Update) -> bool:
    assert evidence.site is not None
    return formula_of(evidence.trace, evidence.site, update) is not None


def _mask(evidence: FailureEvidence, update: Update) -> tuple[str, bool]:
    """The mask as `where` takes it, and whether it has the shape of the array."""
    tree = _parsed(update.index)
    ndims = [shaped.ndim for shaped in arrays_taken(evidence)]
    most = max(ndims, default=None)
    if isinstance(tree, ast.Tuple):
        place = next((n for n, part in enumerate(tree.elts) if not _is_everything(part)), 0)
        after = (most or len(tree.elts)) - place - 1
        text = ast.unparse(tree.elts[place])
        return _widened(text, after), after == 0 and place == 0
    masks = [shaped.ndim for shaped in arrays_taken(evidence) if shaped.dtype == "bool"]
    missing = most - min(masks) if most is not None and masks else 0
    return _widened(update.index, missing), missing == 0


def _widened(mask: str, axes: int) -> str:
    if axes <= 0:
        return mask
    text = mask if mask.isidentifier() else f"({mask})"
    return f"{text}[:, {', '.join(['None'] * axes)}]"


def _is_everything(node: ast.expr) -> bool:
    empty = isinstance(node, ast.Slice) and node.lower is None and node.upper is None
    return empty or (isinstance(node, ast.Constant) and node.value is ...)


def _parsed(text: str) -> ast.expr | None:
    node = parsing.expression(f"x[{text}]")
    return node.slice if isinstance(node, ast.Subscript) else None


# What is said


def _match(found: _Assignment) -> Match:
    update, evidence = found.update, found.evidence
    picked = _picked(found)
    why = (
        f"`{short(_statement(found))}` at {line_of(evidence.where)} assigns {picked} through the mask "
        f"`{short(update.index)}`. How many values that are is not known before the mask is computed, "
        f"and dask cannot assign an array of unknown length: {_ending(evidence)} with {evidence.type}."
    )
    return Match(why=why, fixes=tuple(_fixes(found)))


def _ending(evidence: FailureEvidence) -> str:
    return "the program ends" if evidence.escaped else "the statement fails"


def _statement(found: _Assignment) -> str:
    if found.update.form == "subscript":
        return f"{found.update.array}[{found.update.index}] {found.update.operator} {found.update.value}"
    return found.evidence.expression


def _picked(found: _Assignment) -> str:
    selections = [f"`{short(text)}[{short(found.update.index)}]`" for text in found.formula.selected[:2]]
    return " and ".join(selections)


def _fixes(found: _Assignment) -> Iterator[Fix]:
    yield from for_caller(found.evidence)
    where, apply = _where(found), _apply_where(found)
    scalar = bool(found.changes_in_place) and _is_number(found.update.value)
    at = _at(found) if scalar and found.whole_mask else None
    ordered = [at, where, apply] if at else [where, apply] if found.formula.safe else [apply, where]
    yield from (fix for fix in ordered if fix is not None)
    guard = _guard(found)
    if guard is not None:
        yield guard


def _where(found: _Assignment) -> Fix:
    update, formula, mask = found.update, found.formula, found.mask
    audience = author(found.evidence)
    new = f"{found.xp}.where({mask}, {formula.text}, {update.array})"
    if formula.text == "...":
        return Fix(
            "where",
            f"`{_assigned(found, new)}` with the formula of `{short(update.value)}` for the whole of "
            f"{listed(formula.selected)}",
            "the formula is computed for every element; right only if it works element by element",
            audience,
        )
    if formula.joins:
        joined = formula.joins[0]
        summary = (
            f"`{_assigned(found, f'{found.xp}.where({mask}, ..., {update.array})')}` with the formula of the "
            f"whole arrays, and in place of `{short(joined)}` the same over "
            f"`{found.xp}.where({update.index}, {formula.selected[0]}, {found.xp}.nan)` that leaves NaN out"
        )
        return Fix("where", summary, "the formula is computed for every element", audience)
    price = "the formula is computed for every element"
    if not formula.safe:
        price += (
            "; outside the mask it may be NaN or infinite with a warning, unless its arguments are clamped"
        )
    price += f"; `{update.array}` is a new array, so that others who hold the old one see no change"
    if not formula.known:
        price += "; right only if its functions work element by element"
    return Fix("where", f"`{_assigned(found, new)}`", price, audience, edit=_replaced(found, new))


def _apply_where(found: _Assignment) -> Fix | None:
    formula, update = found.formula, found.update
    if formula.joins:
        return None
    unsaid = formula.text == "..."
    parameters = parameters_for(formula.selected)
    names = list(parameters.values())
    chunks = "np" if found.xp == "da" else f"array_namespace({names[0]})"
    body = with_parameters(formula.text, parameters)
    body = for_chunks(body, found.xp, "_xp_").replace("_xp_", chunks)
    given = formula.selected[0] if len(names) == 1 else f"({', '.join(formula.selected)})"
    kernel = f"lambda {', '.join(names)}: {body}"
    new = f"xpx.apply_where({found.mask}, {given}, {kernel}, fill_value={update.array})"
    price = "the function gets NumPy chunks, not dask arrays; one more package, array-api-extra"
    told = f" with the formula of `{short(update.value)}`" if unsaid else ""
    return Fix("apply-where", f"`{_assigned(found, new)}`{told}", price, author(found.evidence))


def _at(found: _Assignment) -> Fix | None:
    update = found.update
    method = _METHODS.get(update.operator)
    if method is None or update.form != "subscript":
        return None
    new = f"xpx.at({update.array})[{update.index}].{method}({update.value})"
    price = "lazy for a scalar and a mask of the array's own shape; one more package, array-api-extra"
    return Fix("at", f"`{update.array} = {new}`", price, author(found.evidence))


def _guard(found: _Assignment) -> Fix | None:
    """A test of the mask around the assignment, which computes it."""
    masks = {normalised(found.update.index), inverse(found.update.index)}
    for guard in found.reading.guards:
        asks = guard.holds and guard.laziness is None and _ANY.search(guard.text)
        if asks and any(mask in normalised(guard.text) for mask in masks):
            return Fix(
                "guard-lazy",
                f"`if is_lazy_array({found.update.index}) or {guard.text}:` at line {guard.line}, besides: "
                "the test computes the mask, and with `where` it is not needed",
                "lazy arrays always go through the branch",
                author(found.evidence),
            )
    return None


_ANY = re.compile(r"\b(any|all|sum|count_nonzero)\(")


def _assigned(found: _Assignment, new: str) -> str:
    """The new value with what it is assigned to."""
    update = found.update
    if update.form == "subscript":
        return f"{update.array} = {new}"
    return f"{update.target} = {new}" if update.target else new


def _replaced(found: _Assignment, new: str) -> Edit | None:
    """The whole statement written anew, where it is one line and every function in it is known."""
    reading, evidence = found.reading, found.evidence
    single = reading.line == reading.end_line and reading.statement in ("Assign", "AugAssign")
    sure = found.formula.known and not found.formula.inlined
    if not (single and sure and evidence.at_user and evidence.site is not None):
        return None
    if not _stands_alone(reading, found.update):
        return None
    line = reading.indent + _assigned(found, new)
    return one_change(file_at(evidence.trace, evidence.site), reading.line, reading.line, (line,))


def _stands_alone(reading: Reading, update: Update) -> bool:
    """Whether the line holds this statement and nothing else."""
    body = parsing.statements(reading.code)
    if len(body) != 1 or "#" in reading.code:
        return False
    statement = body[0]
    targets = statement.targets if isinstance(statement, ast.Assign) else [None]
    return len(targets) == 1 and (update.form == "subscript" or update.target is not None)


def _is_number(text: str) -> bool:
    try:
        return isinstance(parsing.literal(text), (int, float, complex))
    except ValueError:
        return False
