"""Statements that are there to look at values: assertions of a test, and what a program prints about them.

Such a statement is no check on the way to a result: left out for lazy arrays it would be of no use.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading
from lazyscope.analysis.syntax.branches import Branch
from lazyscope.catalogue.advice import leave_it, persist_before, short, times
from lazyscope.catalogue.deciding import test_of
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import hold_at_user, present
from lazyscope.fixes.fix import Fix
from lazyscope.fixes.reorder import cheap_first

_ASSERTING = re.compile(r"_*([a-z0-9]+_)*assert(_\w*|[A-Z]\w*)?")
"""``assert_``, ``assert_allclose``, ``xp_assert_equal``, ``assertTrue``."""

_COMPARING = ("numpy.testing.", "pandas.testing.", "xarray.testing.", "dask.array.utils.assert_eq")

_TEST_FILE = re.compile(r"(test_\w+|\w+_test|tests?|conftest)\.py")


def match_assertion(evidence: ForceEvidence) -> Match | None:
    """What a test asserts by a function, or the user's ``assert``; None if it is no such statement."""
    reading = evidence.reading
    if reading is None or not (_by_function(evidence, reading) or _by_statement(evidence, reading)):
        return None
    what, often = short(evidence.expression), times(len(evidence.forces))
    called = reading.call is not None and _ASSERTING.fullmatch(reading.call.name) is not None
    does = "compares values" if called else "is asserted"
    return _match(evidence, f"`{what}` {does}: that needs the values, so the graph was executed {often}.")


def match_printing(evidence: ForceEvidence) -> Match | None:
    """``if x.any(): print(...)`` in the user's code; None if it does more."""
    reading = evidence.reading
    test = reading.test if reading is not None else None
    if not evidence.at_user or test is None or test.kind != "if" or not _only_prints(test):
        return None
    what = short(evidence.expression)
    printing = _match(
        evidence,
        f"`{what}` decides what is printed: that needs the value, so the graph was executed "
        f"{times(len(evidence.forces))}.",
    )
    cheap = cheap_first(evidence)
    return printing if cheap is None else replace(printing, fixes=(cheap, *printing.fixes))


def _by_function(evidence: ForceEvidence, reading: Reading) -> bool:
    """Whether a function that compares or asserts wanted it: at the site, or reached by the user's line."""
    call = reading.call
    if call is not None and (call.resolved or "").startswith(_COMPARING):
        return True
    if not evidence.at_user:
        return _ASSERTING.fullmatch(evidence.function) is not None and _is_direct(evidence)
    around = [one.function.rpartition(".")[2] for one in reading.passed_to]
    own = call.name if call is not None else ""
    return _ASSERTING.fullmatch(own) is not None or _is_argument(reading, around)


def _is_argument(reading: Reading, around: list[str]) -> bool:
    """Whether the expression stands in a call of an asserting function: ``assert_(a != b)``."""
    called = re.match(r"(?:\w+\.)*(\w+)\(", reading.code)
    return called is not None and called[1] in around and _ASSERTING.fullmatch(called[1]) is not None


def _is_direct(evidence: ForceEvidence) -> bool:
    """Whether the asserting function, or a comparison that it calls, wanted the values itself."""
    reading = evidence.reading
    function = reading.function if reading is not None else None
    return function is not None and _ASSERTING.fullmatch(function.name) is not None


def _by_statement(evidence: ForceEvidence, reading: Reading) -> bool:
    """Whether a plain ``assert`` of a test, or of a program's outermost lines, asks it."""
    test = test_of(reading)
    asserted = test.kind == "assert" if test is not None else reading.statement == "Assert"
    if not evidence.at_user or not asserted:
        return False
    where, function = evidence.where, reading.function
    file = where.file.replace("\\", "/").rpartition("/")[2] if where is not None else ""
    return function is None or function.name.startswith("test") or _TEST_FILE.fullmatch(file) is not None


def _only_prints(test: Branch) -> bool:
    return test.body.prints and (test.otherwise is None or test.otherwise.prints)


def _match(evidence: ForceEvidence, why: str) -> Match:
    again = evidence.tasks_repeated or any(one.user_arrays for one in evidence.reread)
    if not again:
        wanted = Fix(
            "none", "leave it: the values are wanted here, and nothing is computed twice", "nothing changes"
        )
        return Match(why=why, fixes=(wanted,), actionability="inherent", expected=True)
    if evidence.tasks_repeated:
        why += f" {evidence.tasks_repeated:,} of {evidence.tasks:,} tasks had run before."
    else:
        why += " Other lines compute the same again."
    fixes = present(
        None if evidence.at_user else persist_before(evidence),
        hold_at_user(evidence),
        _together(),
        leave_it(evidence),
    )
    return Match(why=why, fixes=fixes)


def _together() -> Fix:
    """One compute for what a test looks at."""
    summary = "ask for all that is looked at in one `dask.compute`, and look at what comes back"
    return Fix("batch-compute", summary, "the graph is still executed, once; the values are NumPy's then")
