"""A check of values that only raises or warns computes the array.

When it occurs
    ``if xp.any(x < 0): raise ValueError`` or ``if norm < tiny: warnings.warn(...)``: the code looks at the
    values to refuse or to warn, and needs nothing of them for its result. Python wants True or False, so
    dask executes the graph.

Fixes
    ``reorder``: where a cheap condition stands behind the check, ask it first. Nothing is lost.

    ``remove-check``: where the function has a parameter that turns its check off. Bad values are not
    refused any more.

    ``guard-lazy``: ``if not is_lazy_array(x) and cond(x)``. Arrays in memory are checked as before; lazy
    ones are not. The direction matters: only a body that does nothing but raise or warn may be left out.

    ``propagate-nan``: for lazy arrays put NaN where a value is bad. An exception becomes NaN in the result:
    that changes behaviour.

    ``batch-compute``: join several checks and compute them at once.

    An ``assert`` of a test, or of the outermost lines of a program, is what these are there for: it is
    ``info`` where nothing is computed twice for it; else hold the data, or ask for all at once.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.syntax.branches import Branch
from lazyscope.catalogue.advice import author, caller_fixes, leave_it, short, times, without_check
from lazyscope.catalogue.asserting import match_assertion
from lazyscope.catalogue.deciding import checks_value, same_function, test_of
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import present
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.guard_lazy import guarded
from lazyscope.fixes.propagate_nan import as_nan
from lazyscope.fixes.reorder import cheap_first
from lazyscope.fixes.tested import returned_to, tested

CODE = "LZ102"
TITLE = "A value check computes the array"
_ASSERTED = "An assertion computes the array"

EXAMPLE = """
import dask.array as da


def scaled(x):
    if (x < 0).any():
        raise ValueError("negative values")
    return x / 2


x = da.arange(12, chunks=4)
y = scaled(x)
"""

REPAIRED = """
import dask.array as da
from array_api_compat import is_lazy_array


def scaled(x):
    if not is_lazy_array(x) and (x < 0).any():
        raise ValueError("negative values")
    return x / 2


x = da.arange(12, chunks=4)
y = scaled(x)
"""


def match_force(evidence: ForceEvidence) -> Match | None:
    """Truth values that only raise or warn."""
    reading = checks_value(evidence)
    test = None if reading is None else test_of(reading)
    if reading is None or test is None:
        return None
    if (asserted := match_assertion(evidence)) is not None:
        return replace(asserted, title=_ASSERTED)
    return Match(
        why=_why(evidence, test),
        fixes=present(*_for_caller(evidence), *_for_author(evidence), leave_it(evidence)),
    )


def _why(evidence: ForceEvidence, test: Branch) -> str:
    what = f"`{short(evidence.expression)}` computed the array {times(len(evidence.forces))}"
    does = _consequence(test)
    where = "" if evidence.at_user else f" in `{evidence.function}`"
    return f"{what}{where}. The value only decides whether the code {does}: the result does not need it."


def _consequence(test: Branch) -> str:
    arms = [
        test.body,
        *([test.otherwise] if test.otherwise else []),
        *([test.following] if test.following else []),
    ]
    exception = next((arm.exception for arm in arms if arm.exception), None)
    raises, warns = any(arm.raises for arm in arms), any(arm.warns for arm in arms)
    raising = f"raises `{exception}`" if exception else "raises"
    if raises and warns:
        return f"{raising} or warns"
    return raising if raises else "warns" if warns else "goes on checking"


def _for_caller(evidence: ForceEvidence) -> list[Fix]:
    without = without_check(evidence)
    return [*([without] if without else []), *caller_fixes(evidence)]


def _for_author(evidence: ForceEvidence) -> tuple[Fix, ...]:
    found = tested(evidence) or returned_to(evidence)
    raising = (
        found is not None and isinstance(found.node, ast.If) and isinstance(found.node.body[-1], ast.Raise)
    )
    return present(
        cheap_first(evidence),
        guarded(evidence, found),
        as_nan(evidence, found) if found is not None and raising else None,
        _together(evidence),
    )


def _together(evidence: ForceEvidence) -> Fix | None:
    """One compute for several checks of the function."""
    if not same_function(evidence):
        return None
    return Fix(
        "batch-compute",
        "ask what the checks of this function want in one `dask.compute`",
        "the graph is still executed, once instead of once for each check",
        author(evidence),
    )
