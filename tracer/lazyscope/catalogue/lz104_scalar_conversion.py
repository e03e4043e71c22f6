"""A conversion to a Python number computes the array.

When it occurs
    ``float(x.mean())``, ``int(n)``, ``x.item()``, a lazy number as an index, as the bound of ``range`` or
    ``linspace``: Python wants a number, so dask executes the graph. What is made of the number later
    computes the same data again.

Fixes
    ``keep-0d``: leave the conversion out: an array of one element takes part in arithmetic, ``where``,
    ``clip`` and indexing like a number.

    ``take-along-axis``: index with the lazy integer itself, ``x[i]``, instead of ``x[int(i)]``.

    ``batch-compute``: ask for several numbers in one ``dask.compute``.

    ``persist``: hold the data that the number and what follows are made of.

    ``vectorise``: a range whose length is known, and ``where`` for what lies behind the lazy bound.
"""

from __future__ import annotations

import re

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading, is_scalar_conversion
from lazyscope.analysis.syntax.dependents import dependent_lines
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, caller_fixes, file_at, leave_it, names, short, times
from lazyscope.catalogue.asking import asks_by_method
from lazyscope.catalogue.asserting import match_assertion
from lazyscope.catalogue.deciding import (
    SCALARS,
    asked_for_once,
    same_function,
    steers_without_repeating,
)
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import hold_at_user, namespace, present
from lazyscope.fixes.fix import Fix

CODE = "LZ104"
TITLE = "A conversion to a Python number computes the array"

EXAMPLE = """
import dask.array as da


def scaled(x):
    return x / float(x.max())


x = da.arange(1, 13, chunks=4)
y = scaled(x)
"""

REPAIRED = """
import dask.array as da


def scaled(x):
    return x / x.max()


x = da.arange(1, 13, chunks=4)
y = scaled(x)
"""

_RANGES = words("linspace geomspace logspace")
_LENGTHS = words("zeros ones empty full arange range reshape tile repeat eye")


def match_force(evidence: ForceEvidence) -> Match | None:
    """Whatever asked for a Python number."""
    reading = evidence.reading
    item = reading is not None and evidence.trigger == "compute" and _is_item(reading)
    if evidence.trigger not in SCALARS and not item:
        return None
    if steers_without_repeating(evidence) or asked_for_once(evidence) or asks_by_method(evidence):
        return Match(
            why=f"`{short(evidence.expression)}` is where a number is wanted; nothing runs twice for it.",
            fixes=(Fix("none", "leave it: this is what the program wants", "nothing changes"),),
            actionability="inherent",
            expected=True,
        )
    if (asserted := match_assertion(evidence)) is not None:
        return asserted
    return Match(why=_why(evidence), fixes=_fixes(evidence, reading))


def _is_item(reading: Reading) -> bool:
    return reading.call is not None and reading.call.name == "item"


def _why(evidence: ForceEvidence) -> str:
    kind = {"__float__": "float", "__complex__": "complex"}.get(evidence.trigger, "int")
    what = short(evidence.expression) or "the line"
    told = f"`{what}` needs a Python {kind}, so the graph was executed {times(len(evidence.forces))}."
    if evidence.tasks_repeated:
        return f"{told} {evidence.tasks_repeated:,} of its {evidence.tasks:,} tasks had run before."
    return f"{told} What is made of the number later computes the data again." if evidence.reread else told


def _fixes(evidence: ForceEvidence, reading: Reading | None) -> tuple[Fix, ...]:
    if reading is None:
        return present(*caller_fixes(evidence), _kept(evidence, None), leave_it(evidence))
    own = _bounds(evidence, reading) or _index(evidence, reading) or _plain(evidence, reading)
    return present(*caller_fixes(evidence), *own, leave_it(evidence))


def _plain(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    held, together = hold_at_user(evidence), _together(evidence)
    if reading.outcome in ("formatted", "discarded") or _is_shown(reading):
        return present(together, held, _kept(evidence, reading))
    return present(_kept(evidence, reading), held, together)


def _is_shown(reading: Reading) -> bool:
    return any(one.function == "print" for one in reading.passed_to)


def _kept(evidence: ForceEvidence, reading: Reading | None) -> Fix:
    converted = reading.converted[0] if reading is not None and reading.converted else "the array"
    if reading is not None and is_scalar_conversion(reading):
        enough = ": an array of one element will do"
        if reading.outcome == "returned":
            enough = ", if an array of one element will do for the callers"
        summary = f"`{short(converted)}` instead of `{short(evidence.expression)}`{enough}"
    else:
        summary = "leave the array as it is: one element takes part in arithmetic like a number"
    return Fix("keep-0d", summary, "who uses the value gets an array, not a Python number", author(evidence))


def _together(evidence: ForceEvidence) -> Fix:
    others = same_function(evidence)
    if others:
        listed = names([f"`{short(text, 40)}`" for text in (evidence.expression, *others)[:4]])
        summary = f"ask for {listed} in one `dask.compute(...)`"
    else:
        summary = "ask for the number together with the other results, in one `dask.compute(...)`"
    return Fix("batch-compute", summary, "the graph is still executed, once for all", author(evidence))


def _index(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """``x[int(i)]``, ``rows[i]`` with a lazy ``i``."""
    if evidence.trigger == "__float__":
        return ()
    if reading.outcome != "index" and reading.role != "index" and not _is_index_later(evidence, reading):
        return ()
    index = short(reading.converted[0]) if reading.converted else "i"
    summary = f"index with the lazy integer itself: `array[{index}]`, or `take` along the axis"
    price = "a list must be made an array with `stack`; a bad index shows only when it is computed"
    return (Fix("take-along-axis", summary, price, author(evidence)), _together(evidence))


def _is_index_later(evidence: ForceEvidence, reading: Reading) -> bool:
    """Whether a variable gets the number, and a later line of the function picks an element by it."""
    if reading.outcome != "assigned" or len(reading.targets) != 1 or evidence.site is None:
        return False
    lines = evidence.trace.source_lines(file_at(evidence.trace, evidence.site))
    picks = re.compile(rf"[\w)\]]\[\s*{re.escape(reading.targets[0])}\s*\]")
    later = dependent_lines(evidence.trace, evidence.site)
    return any(picks.search(lines[number - 1]) for number in later if number <= len(lines))


def _bounds(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """Lazy bounds of ``linspace``, ``range`` and the like."""
    call = reading.call
    around = [one.function.rpartition(".")[2] for one in reading.passed_to]
    called = call.name if call is not None and not is_scalar_conversion(reading) else next(iter(around), "")
    if called in _RANGES:
        text = f"low + (high - low) * {namespace(evidence)}.linspace(0, 1, num)"
        summary = f"`{text}` takes lazy bounds, `{called}` does not"
        kept = Fix("keep-0d", summary, "the last bits may differ", author(evidence))
        return present(kept, hold_at_user(evidence), _together(evidence))
    if called not in _LENGTHS:
        return ()
    summary = f"give `{called}` a bound known from shapes, and mask what lies behind the lazy one by `where`"
    price = "work is done for what is masked"
    fixed = Fix("vectorise", summary, price, author(evidence))
    return present(_together(evidence), hold_at_user(evidence), fixed)
