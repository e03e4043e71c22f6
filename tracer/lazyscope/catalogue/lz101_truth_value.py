"""A truth value that chooses or computes something executes the graph.

When it occurs
    ``if x.max() > 3:``, ``while err > tol:``, ``a if up > down else b``, ``min(1.0, x.sum())``,
    ``not x.any()``, ``x.max() in (3, 4)``: Python decides with True or False, so dask executes the graph
    to have it. What depends on the decision comes after, and mostly computes the same data again.

Fixes
    ``reorder``: where a cheap condition stands behind the array in an ``and`` or ``or``, ask it first.

    ``where``: compute both ways and choose by the mask. Both sides are evaluated, so values outside of the
    mask may need to be made harmless first.

    ``clip``: limits with ``minimum``, ``maximum`` or ``clip`` in place of a branch or of Python's own
    functions.

    ``guard-lazy``: where the body changes nothing if the mask selects nothing, run it for every lazy array:
    ``if is_lazy_array(m) or xp.any(m)``. The other direction would leave the work out.

    ``native-function``: an operator or function of arrays that means the same: ``~x``, ``a & b``, ``isin``.

    ``keep-0d``: keep the array of one element where no Python value is needed.

    ``persist``, ``compute-once``: hold or compute the data before it is asked, if a branch it must be.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading, is_scalar_conversion
from lazyscope.analysis.syntax.arms import Assignment
from lazyscope.analysis.syntax.branches import Branch
from lazyscope.analysis.syntax.updates import Update
from lazyscope.catalogue.advice import author, caller_fixes, leave_it, names, short, times
from lazyscope.catalogue.asserting import match_assertion, match_printing
from lazyscope.catalogue.deciding import asked_for_once, deciding, steers_without_repeating, test_of
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.labelled_arrays import with_labels
from lazyscope.catalogue.rewriting import (
    as_array,
    asked_array,
    can_be_chosen,
    cheap_first,
    choice_lines,
    choice_replacement,
    hold_at_user,
    limit,
    line_with,
    mask_text,
    namespace,
    parenthesised,
    present,
    whole_test,
)
from lazyscope.fixes.fix import Fix, Technique

CODE = "LZ101"
TITLE = "A truth value computes the array"

EXAMPLE = """
import dask.array as da

x = da.arange(12, chunks=4)
up, down = x.max(), x.min()
if up > down:
    d = up
else:
    d = down
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4)
up, down = x.max(), x.min()
d = da.where(up > down, up, down)
"""

_BOTH_SIDES = "both sides are computed; values outside of the mask may need to be made harmless first"
_TURNS = "turns that were not needed are made, or too few; `where` can hold what is done"


def match_force(evidence: ForceEvidence) -> Match | None:
    """Whatever asked for a truth value."""
    if evidence.trigger != "__bool__":
        return None
    reading = deciding(evidence)
    if reading is None:
        return Match(why=_why(evidence, None), fixes=(*caller_fixes(evidence), _anyhow(evidence)))
    looked_at = match_assertion(evidence) or match_printing(evidence)
    if looked_at is not None:
        return looked_at
    harmless = steers_without_repeating(evidence) or asked_for_once(evidence)
    return Match(
        why=_why(evidence, reading),
        fixes=(_wanted(),) if harmless else with_labels(evidence, _fixes(evidence, reading)),
        actionability="inherent" if harmless else None,
        expected=harmless,
    )


def _wanted() -> Fix:
    return Fix(
        "none", "leave it: the program needs the value here, and nothing is computed twice", "nothing changes"
    )


def _why(evidence: ForceEvidence, reading: Reading | None) -> str:
    what = (
        f"Python needed True or False of `{short(evidence.expression)}`"
        if evidence.expression
        else ("Python needed True or False of an array")
    )
    told = f"{what}, so the graph was executed {times(len(evidence.forces))}."
    test = None if reading is None else test_of(reading)
    return f"{told} {_decided(test)}" if test is not None else told


def _decided(test: Branch) -> str:
    """What a test decides, in a sentence."""
    if test.in_both:
        return f"It chooses between two values of {names([f'`{name}`' for name in test.in_both])}."
    if test.kind == "conditional expression":
        return f"It chooses between `{short(test.body.value or '')}` and `{_else_value(test)}`."
    if test.body.does == "masked update":
        told = " and warns about it" if test.body.warns else ""
        return f"What it guards only changes what `{short(test.mask or test.text)}` selects{told}."
    if test.body.does == "returns":
        return "It decides on an early return."
    return f"It decides the `{test.kind}` in line {test.line}."


def _else_value(test: Branch) -> str:
    return short((test.otherwise.value if test.otherwise else None) or "")


def _fixes(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    own = next(filter(None, (advise(evidence, reading) for advise in _ADVICE)), ())
    return present(
        *caller_fixes(evidence),
        cheap_first(evidence, reading),
        *own,
        hold_at_user(evidence),
        *([] if own else [_anyhow(evidence)]),
        leave_it(evidence),
    )


def _anyhow(evidence: ForceEvidence) -> Fix:
    """What can be said without knowing what the value decides."""
    return Fix(
        "where",
        "choose with `where(condition, a, b)` instead of a branch",
        _BOTH_SIDES,
        author(evidence),
    )


def _fix(evidence: ForceEvidence, technique: Technique, summary: str, price: str = "nothing changes") -> Fix:
    return Fix(technique, summary, price, author(evidence))


# Outside of tests


def _python_limits(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``min(1.0, xp.sum(p))``."""
    call = reading.call
    if call is None or call.receiver or call.name not in ("min", "max") or reading.role != "argument":
        return ()
    xp, function = namespace(evidence), f"{call.name}imum"
    given = call.positional or ("a", "b")
    if len(given) == 2:
        text = f"{xp}.{function}({', '.join(_array_first(given))})"
        price = "nothing changes; the result is an array of one element"
    else:
        stacked = given[0] if len(given) == 1 else f"[{', '.join(given)}]"
        text = f"{xp}.{call.name}({xp}.stack({stacked}))"
        price = "the result is an array of one element; plain numbers among them must be made arrays"
    return (
        Fix(
            "clip",
            f"`{text}` instead of Python's `{call.name}`",
            price,
            author(evidence),
            edit=line_with(evidence, reading.expression or "", text),
        ),
    )


def _array_first(given: tuple[str, ...]) -> list[str]:
    """Arguments with plain numbers last: a function of arrays may want an array first."""
    return sorted(given, key=_is_number)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _membership(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``x.max() in (3, 4)``."""
    left, found, right = (reading.expression or "").partition(" in ")
    negated = left.endswith(" not")
    if not found or not right.startswith(("[", "(", "{")):
        return ()
    xp, element = namespace(evidence), left.removesuffix(" not")
    listed = f"[{right[1:-1]}]"
    text = f"{'~' if negated else ''}{xp}.isin({element}, {listed})"
    return (_fix(evidence, "native-function", f"`{short(text)}`: one array of booleans, still lazy"),)


def _python_logic(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``not x``, ``a and b``, ``0 < x < 1`` whose value is kept."""
    if reading.test is not None:
        return ()
    asked = parenthesised(short(reading.converted[0] if reading.converted else evidence.expression))
    if reading.role == "not":
        return (
            _fix(evidence, "native-function", f"`~{asked}`, or `logical_not({asked})`, instead of `not`"),
        )
    sign = {"and": "&", "or": "|"}.get(reading.role)
    if sign is not None and reading.combination is not None:
        text = f" {sign} ".join(f"({part.text})" for part in reading.combination.operands)
        return (_fix(evidence, "native-function", f"`{short(text)}` if both sides are arrays of booleans"),)
    if reading.role == "comparison" and _is_chain(evidence):
        summary = f"write the chain `{asked}` as two comparisons joined by `&`"
        return (_fix(evidence, "native-function", summary),)
    return ()


def _is_chain(evidence: ForceEvidence) -> bool:
    """Whether Python asks one link of a chain, and not what ``a != b`` of objects gives."""
    trace, site = evidence.trace, evidence.site
    return site is not None and trace.positions[site].opcode != "COMPARE_OP"


def _kept(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``bool(x.any())`` that nothing tests."""
    if reading.test is not None or not is_scalar_conversion(reading) or not reading.converted:
        return ()
    kept = short(reading.converted[0])
    summary = f"keep `{kept}`, an array of one element, instead of `{short(evidence.expression)}`"
    price = "who uses the value gets an array, not a Python bool"
    return (_fix(evidence, "keep-0d", summary, price), _later(evidence))


def _later(evidence: ForceEvidence) -> Fix:
    summary = "ask for it together with the other results, in one `dask.compute(...)`"
    return _fix(evidence, "batch-compute", summary, "the value is known later")


# Tests


def _limit(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``if x > top: x = top``."""
    text = limit(reading.test, namespace(evidence)) if reading.test else None
    if text is None:
        return ()
    summary, replacement = f"`{text}` instead of the `if`", whole_test(evidence, reading, (text,))
    return (Fix("clip", summary, "nothing changes", author(evidence), edit=replacement),)


def _choice(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """Both ways assign the same variables."""
    test = reading.test
    lines = choice_lines(test, namespace(evidence)) if test is not None else ()
    if test is not None and test.in_both and not lines:
        return _no_arrays(evidence)
    if test is None or not lines:
        return ()
    replacement = choice_replacement(evidence, reading, test, lines)
    summary = f"`{'; '.join(lines)}` instead of choosing by `if` and `else`"
    return (Fix("where", summary, _BOTH_SIDES, author(evidence), edit=replacement),)


def _no_arrays(evidence: ForceEvidence) -> tuple[Fix, ...]:
    """A choice between texts and the like needs the value."""
    held_first = hold_at_user(evidence)
    return present(_later(evidence), None if held_first else _computed(evidence))


def _computed(evidence: ForceEvidence) -> Fix:
    summary = f"compute what `{short(evidence.expression)}` reads once, and go on with that"
    return _fix(evidence, "compute-once", summary, "holds it in memory; what follows is no longer lazy")


def _expression(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``a if up > down else b``."""
    test = reading.test
    if test is None or test.kind != "conditional expression":
        return ()
    other = (test.otherwise.value if test.otherwise else None) or ""
    if not can_be_chosen(test.body.value or "", other):
        return _no_arrays(evidence)
    chosen = f"{as_array(test.body.value or '')}, {as_array(other)}"
    text = f"{namespace(evidence)}.where({mask_text(test.text)}, {chosen})"
    old = f"{test.body.value} if {test.text} else {other}"
    return (
        Fix(
            "where",
            f"`{short(text, 80)}`",
            _BOTH_SIDES,
            author(evidence),
            edit=line_with(evidence, old, text),
        ),
    )


def _masked(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``if any(m): x = where(m, c, x)``."""
    test = reading.test
    if test is None or test.body.does != "masked update":
        return ()
    lines = [_update_text(namespace(evidence), update) for update in test.body.updates]
    mask, written = short(test.mask or test.text), names([f"`{line}`" for line in dict.fromkeys(lines)])
    summary = f"without the test: {written}; it changes nothing where `{mask}` selects nothing"
    telling = _telling_guarded(evidence, reading, test) if test.body.warns or test.body.raises else None
    gathers = any(update.gathers for update in test.body.updates)
    return present(
        _fix(
            evidence, "where", summary, _BOTH_SIDES if gathers else "computed even where nothing is selected"
        ),
        telling or _run_if_lazy(evidence, reading, test),
    )


def _update_text(xp: str, update: Update) -> str:
    if update.form != "subscript":
        kept = (update.array, update.value) if update.inverted else (update.value, update.array)
        if update.form == "where":
            return short(f"{update.target} = {xp}.where({update.index}, {kept[0]}, {kept[1]})", 80)
        return short(f"xpx.at({update.array})[{update.index}].{update.operator}({update.value})", 80)
    if update.gathers:
        return f"{update.array} = {xp}.where({update.index}, ..., {update.array})"
    if update.operator == "=":
        return short(f"{update.array} = {xp}.where({update.index}, {update.value}, {update.array})", 80)
    changed = f"{update.array} {update.operator[:-1]} {parenthesised(update.value)}"
    return short(f"{update.array} = {xp}.where({update.index}, {changed}, {update.array})", 80)


def _telling_guarded(evidence: ForceEvidence, reading: Reading, test: Branch) -> Fix:
    """The warning that stands beside the work, for arrays in memory only."""
    asked = asked_array(reading, test)
    what = "warning" if test.body.warns else "exception"
    guard = f"if not is_lazy_array({asked}) and {parenthesised(short(test.text))}:"
    return _fix(
        evidence,
        "guard-lazy",
        f"keep the {what} behind `{guard}`, and the work outside of it",
        f"no {what} for lazy arrays",
    )


def _run_if_lazy(evidence: ForceEvidence, reading: Reading, test: Branch) -> Fix:
    guard = f"if is_lazy_array({asked_array(reading, test)}) or {parenthesised(short(test.text))}:"
    return _fix(
        evidence,
        "guard-lazy",
        f"`{guard}` runs the body for every lazy array",
        "the work is done for lazy arrays even where nothing is selected",
    )


def _early_return(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``if x.any(): return a`` before ``return b``."""
    test = reading.test
    if test is None or test.body.does != "returns":
        return ()
    other = test.otherwise or test.following
    if not can_be_chosen(*filter(None, (test.body.value, other.value if other else None))):
        return _no_arrays(evidence)
    if test.body.value and other is not None and other.value:
        chosen = f"{as_array(test.body.value)}, {as_array(other.value)}"
        text = f"return {namespace(evidence)}.where({mask_text(test.text)}, {chosen})"
        summary = f"`{short(text, 80)}`, with what the rest computes computed in any case"
    elif test.body.value:
        choice = f"where({short(mask_text(test.text))}, {short(as_array(test.body.value))}, ...)"
        summary = f"compute the rest in any case, and choose by `{choice}` at the end"
    else:
        summary = f"go on in any case; `where` with `{short(mask_text(test.text))}` undoes what is not meant"
    return (_fix(evidence, "where", summary, _BOTH_SIDES),)


def _assigning(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """A body without ``else`` that only assigns: the old value is the other choice."""
    test = reading.test
    if test is None or test.otherwise is not None or test.body.does != "assigns" or test.kind == "while":
        return ()
    xp = namespace(evidence)
    assigned = [one for one in test.body.assignments if not one.function]
    made = [one for one in assigned if can_be_chosen(one.value)]
    if assigned and not made:
        return _no_arrays(evidence)
    if not made:
        return ()
    mask = mask_text(test.text)
    if test.reduction == "any" and all(map(_fills, made)):
        lines = [f"{one.name} = {one.value}" for one in made]
        written = names([f"`{line}`" for line in lines])
        summary = f"without the test: {written}; it changes nothing where nothing is missing"
        return (_fix(evidence, "where", summary, "done in any case"),)
    lines = [_chosen_line(one, mask, xp) for one in made[:2]]
    unset = [f"`{one.name}`" for one in made[:2] if one.fresh and not one.private]
    needed = f"; {names(unset)} must have a value before" if unset else ""
    summary = f"`{short('; '.join(lines), 100)}` instead of the `if`{needed}"
    return (_fix(evidence, "where", summary, _BOTH_SIDES),)


def _fills(made: Assignment) -> bool:
    """Whether a variable is given its own values, with others in place of missing ones only."""
    found = _FILLING.fullmatch(made.value)
    return found is not None and made.name in (found["object"], found["argument"])


_FILLING = re.compile(r"(?P<object>\w+)\.fillna\([^()]*\)|(\w+\.)*nan_to_num\((?P<argument>\w+)\b[^()]*\)")


def _chosen_line(made: Assignment, mask: str, xp: str) -> str:
    """What only the body reads is computed in any case: it may have no value before."""
    if made.private:
        return f"{made.name} = {made.value}"
    return f"{made.name} = {xp}.where({mask}, {made.value}, {made.name})"


def _loop_test(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    test = reading.test
    if test is None or test.kind != "while":
        return ()
    summary = f"a fixed number of turns in place of `while {short(test.text)}`"
    return (_fix(evidence, "vectorise", summary, _TURNS),)


def _loop_left(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``if done: break``: no array can say how many turns a loop makes."""
    test = reading.test
    if test is None or test.body.does != "breaks":
        return ()
    summary = f"a fixed number of turns in place of the `break` that `{short(test.text)}` decides on"
    return _computed(evidence), _fix(evidence, "vectorise", summary, _TURNS)


def _working(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """Arms that compute."""
    test = reading.test
    if test is None or test.kind == "while":
        return ()
    text = short(test.mask if test.reduction == "any" and test.mask else mask_text(test.text))
    whole = f"compute both ways and choose with `{namespace(evidence)}.where({text}, ..., ...)`"
    masked = test.reduction == "any" and test.otherwise is None and not test.negated
    arms = [arm for arm in (test.body, test.otherwise) if arm is not None]
    return present(
        _computed(evidence) if not masked and any(arm.does_more for arm in arms) else None,
        _fix(evidence, "where", whole, _BOTH_SIDES),
        _run_if_lazy(evidence, reading, test) if masked else _later(evidence),
    )


_ADVICE: tuple[Callable[[ForceEvidence, Reading], tuple[Fix, ...]], ...] = (
    _python_limits,
    _membership,
    _python_logic,
    _kept,
    _limit,
    _choice,
    _expression,
    _masked,
    _early_return,
    _assigning,
    _loop_test,
    _loop_left,
    _working,
)
"""The first that has something to say says it."""
