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

import ast

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading, is_scalar_conversion
from lazyscope.analysis.syntax.branches import Branch
from lazyscope.catalogue.advice import author, caller_fixes, leave_it, names, short, times
from lazyscope.catalogue.asserting import match_assertion, match_printing
from lazyscope.catalogue.deciding import asked_for_once, deciding, steers_without_repeating, test_of
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.labelled_arrays import with_labels
from lazyscope.catalogue.rewriting import hold_at_user, present
from lazyscope.fixes.clip import limit, python_limits
from lazyscope.fixes.fix import Fix, Technique
from lazyscope.fixes.keep_0d import keep_0d
from lazyscope.fixes.native_logic import kept_logic
from lazyscope.fixes.reorder import cheap_first
from lazyscope.fixes.tested import Tested, returned_to, tested
from lazyscope.fixes.unconditional import without_test
from lazyscope.fixes.vectorise import over_array
from lazyscope.fixes.where import choice

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
    found = tested(evidence) or returned_to(evidence)
    own = tuple(fix for fix in _own(evidence, reading, found) if fix is not None)
    return present(
        *caller_fixes(evidence),
        cheap_first(evidence),
        *own,
        hold_at_user(evidence),
        *([] if own else [_anyhow(evidence)]),
        leave_it(evidence),
    )


def _own(evidence: ForceEvidence, reading: Reading, found: Tested | None) -> list[Fix | None]:
    """What can be written instead of asking."""
    if found is None:
        own = over_array(evidence) or python_limits(evidence) or kept_logic(evidence)
        return [own or _kept(evidence, reading)]
    node = found.node
    if isinstance(node, ast.While):
        return [_turns(evidence, "`while`")]
    if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Break):
        return [_computed(evidence), _turns(evidence, "`break`")]
    fixes = [advise(evidence, found) for advise in (limit, without_test, choice)]
    said = [fix for fix in fixes if fix is not None]
    return [
        next((fix for fix in said if not fix.is_sketch), said[0] if said else _sketched(evidence, reading))
    ]


def _anyhow(evidence: ForceEvidence) -> Fix:
    """What can be said without knowing what the value decides."""
    return _fix(
        evidence, "where", "compute both ways and choose for each element instead of branching", _BOTH_SIDES
    )


def _fix(evidence: ForceEvidence, technique: Technique, summary: str, price: str = "nothing changes") -> Fix:
    return Fix(technique, summary, price, author(evidence))


def _kept(evidence: ForceEvidence, reading: Reading) -> Fix | None:
    """``bool(x.any())`` that nothing tests."""
    return keep_0d(evidence) if is_scalar_conversion(reading) else None


def _sketched(evidence: ForceEvidence, reading: Reading) -> Fix:
    """What is to be done where no edit is sure to give the same."""
    test = reading.test
    values = [test.body.value, test.otherwise.value if test.otherwise else None] if test else []
    if any(value is not None and _is_text(value) for value in values):
        return _computed(evidence)
    arms = [arm for arm in (test.body, test.otherwise) if arm is not None] if test else []
    if any(arm.does_more or any(_is_text(made.value) for made in arm.assignments) for arm in arms):
        return _computed(evidence)
    return _anyhow(evidence)


def _is_text(value: str) -> bool:
    return value.startswith(("'", '"', "f'", 'f"', "lambda"))


def _computed(evidence: ForceEvidence) -> Fix:
    summary = "compute what the test reads once, and go on with that"
    return _fix(evidence, "compute-once", summary, "holds it in memory; what follows is no longer lazy")


def _turns(evidence: ForceEvidence, what: str) -> Fix:
    return _fix(
        evidence, "vectorise", f"make a fixed number of turns instead of the {what} that asks", _TURNS
    )
