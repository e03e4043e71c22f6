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

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading, is_scalar_conversion
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, caller_fixes, leave_it, short, times
from lazyscope.catalogue.asking import asks_by_method
from lazyscope.catalogue.asserting import match_assertion
from lazyscope.catalogue.deciding import SCALARS, asked_for_once, steers_without_repeating
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import hold_at_user, present
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.keep_0d import keep_0d, scaled_range
from lazyscope.fixes.take_along_axis import lazy_index

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
        return present(*caller_fixes(evidence), keep_0d(evidence), leave_it(evidence))
    own = _bounds(evidence, reading) or _index(evidence) or _plain(evidence, reading)
    return present(*caller_fixes(evidence), *own, leave_it(evidence))


def _plain(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    held, together = hold_at_user(evidence), _together(evidence)
    if reading.outcome in ("formatted", "discarded") or _is_shown(reading):
        return present(together, held, keep_0d(evidence))
    return present(keep_0d(evidence), held, together)


def _is_shown(reading: Reading) -> bool:
    return any(one.function == "print" for one in reading.passed_to)


def _together(evidence: ForceEvidence) -> Fix:
    summary = "ask for the number together with the other results, in one `dask.compute`"
    return Fix("batch-compute", summary, "the graph is still executed, once for all", author(evidence))


def _index(evidence: ForceEvidence) -> tuple[Fix, ...]:
    """``x[int(i)]``, ``rows[i]`` with a lazy ``i``."""
    fix = lazy_index(evidence) if evidence.trigger != "__float__" else None
    return () if fix is None else present(fix, hold_at_user(evidence), _together(evidence))


def _bounds(evidence: ForceEvidence, reading: Reading) -> tuple[Fix, ...]:
    """Lazy bounds of ``linspace``, ``range`` and the like."""
    call = reading.call
    around = [one.function.rpartition(".")[2] for one in reading.passed_to]
    called = call.name if call is not None and not is_scalar_conversion(reading) else next(iter(around), "")
    if called in _RANGES:
        return present(scaled_range(evidence), hold_at_user(evidence), _together(evidence))
    if called not in _LENGTHS:
        return ()
    summary = "take a length that is known from shapes, and mask what lies behind the lazy one with `where`"
    price = "work is done for what is masked"
    fixed = Fix("vectorise", summary, price, author(evidence))
    return present(_together(evidence), hold_at_user(evidence), fixed)
