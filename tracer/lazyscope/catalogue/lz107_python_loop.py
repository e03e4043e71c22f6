"""A Python loop over elements, rows or labels computes once for each.

When it occurs
    ``for i in range(x.shape[0]): if x[i] > 1: ...``, ``[float(row.sum()) for row in x]``, ``max(x)``,
    ``3 in x``: Python goes over the array and asks for a value in every turn, so dask executes a graph for
    each element.

Fixes
    ``vectorise``: one array expression for all: ``x.max()``, a reduction along an axis, ``where`` in place of
    the branch, a comparison with all labels at once.

    ``batch-compute``: collect the lazy values and ask for all of them in one ``dask.compute(*values)``.

    ``persist``: hold what every turn reads.

    ``compute-once``: compute the array and loop over NumPy.
"""

from __future__ import annotations

from lazyscope import figures
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.provenance import dependencies
from lazyscope.analysis.reading import Reading, is_value_check
from lazyscope.analysis.syntax.loops import Loop
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, caller_fixes, names, short, times
from lazyscope.catalogue.deciding import SCALARS
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import hold_at_user, present
from lazyscope.fixes.batch_compute import batched
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.fixes.tested import tested
from lazyscope.fixes.vectorise import over_array, rows
from lazyscope.fixes.where import choice

CODE = "LZ107"
TITLE = "A Python loop computes once for each element"

EXAMPLE = """
import dask.array as da

x = da.arange(12, chunks=4).reshape(3, 4)
sums = [float(row.sum()) for row in x]
"""

REPAIRED = """
import dask.array as da

x = da.arange(12, chunks=4).reshape(3, 4)
sums = x.sum(axis=1)
"""

_GOING_OVER = words("min max sorted any all sum list tuple set frozenset")
"""Functions of Python that go over what they are given."""

_FEWEST = 2


def match_force(evidence: ForceEvidence) -> Match | None:
    """Forces in a loop that depend on the element at hand, and Python's own functions over an array."""
    reading = evidence.reading
    if reading is None or evidence.trigger not in ("__bool__", "__iter__", "compute", *SCALARS, "__array__"):
        return None
    if evidence.trigger == "compute" and evidence.at_user:
        loop = _loop(evidence, reading) if _asks_little(evidence) else None
        return None if loop is None else _of_loop(evidence, reading, loop)
    if (over := _gone_over(evidence, reading)) is not None:
        return _of_builtin(evidence, over)
    loop = _loop(evidence, reading)
    return None if loop is None else _of_loop(evidence, reading, loop)


def _asks_little(evidence: ForceEvidence) -> bool:
    """Whether each turn asks for a number, and repeats nothing: LZ111 speaks of what repeats work.

    Large parts are asked for one by one on purpose, because all of them together have no room.
    """
    size, turns = evidence.bytes, len(evidence.forces)
    return size is not None and size <= _NUMBER_BYTES * turns and not evidence.tasks_repeated


_NUMBER_BYTES = 64


# Python's own functions


def _gone_over(evidence: ForceEvidence, reading: Reading) -> str | None:
    """The array that Python goes over in the expression."""
    call = reading.call
    if call is not None and call.receiver is None and call.name in _GOING_OVER and reading.role == "argument":
        single = len(call.positional) == 1 and not call.displayed
        resolved = (call.resolved or "").removeprefix("builtins.")
        return call.positional[0] if single and resolved == call.name else None
    _, found, array = (reading.expression or "").partition(" in ")
    if found and call is None and not array.startswith(("[", "(", "{")) and evidence.trigger == "__bool__":
        return array
    if evidence.trigger == "__iter__":
        return reading.converted[0] if reading.converted else evidence.expression
    return None


def _of_builtin(evidence: ForceEvidence, array: str) -> Match:
    number = len(evidence.forces)
    return Match(
        why=(
            f"`{short(evidence.expression)}` goes over `{short(array)}` element by element, and asks for a "
            f"value each time: {figures.plural(number, 'force')}."
        ),
        fixes=present(
            *caller_fixes(evidence),
            over_array(evidence)
            or Fix("vectorise", _ONE_EXPRESSION, "the result is an array, still lazy", author(evidence)),
            _compute_first(evidence),
        ),
    )


_ONE_EXPRESSION = "write one expression of the whole array instead of going over its elements"


def _compute_first(evidence: ForceEvidence) -> Fix | None:
    if not evidence.at_user:
        return None
    return Fix("compute-once", "compute the array once and go over it as NumPy", "holds the array in memory")


# Loops


def _loop(evidence: ForceEvidence, reading: Reading) -> Loop | None:
    """The loop over parts of an array in whose turns another value is forced."""
    if len(evidence.forces) < _FEWEST:
        return None
    own = [loop for loop in reading.loops if loop.uses_variable]
    if not own or (evidence.trigger == "__array__" and not evidence.at_user):
        return None
    loop = own[-1]
    if loop.over in ("display", "items", "condition"):
        return None
    if not _goes_over_chunks(loop) and not _same_data(evidence):
        return None
    if is_value_check(reading) and loop.over not in ("length", "values"):
        return None
    return loop


def _goes_over_chunks(loop: Loop) -> bool:
    """``for block in x.blocks``."""
    return (loop.iterated or "").endswith((".blocks", ".blocks.ravel()", ".partitions"))


def _same_data(evidence: ForceEvidence) -> bool:
    """Whether the turns are about parts of the same arrays, as far as it is known where they come from."""
    found = [
        {array.text for array in dependencies(evidence.trace, force.id).beginnings}
        for force in (evidence.forces[0], evidence.forces[1])
    ]
    if found[0] & found[1] or evidence.tasks_repeated:
        return True
    made = [
        evidence.trace.texts[array.made_by.operation]
        for array in dependencies(evidence.trace, evidence.forces[1].id).beginnings
        if array.made_by is not None
    ]
    return any(operation.endswith("__iter__") for operation in made)


def _of_loop(evidence: ForceEvidence, reading: Reading, loop: Loop) -> Match:
    number = len(evidence.forces)
    repeated = evidence.tasks_repeated
    again = f" {figures.plural(repeated, 'task')} ran again." if repeated else ""
    together = present(rows(evidence), _chosen(evidence), _all_at_once(evidence))
    # With one execution for all turns nothing is read again: holding it would be one more.
    held = hold_at_user(evidence) if all(fix.is_sketch for fix in together) else None
    return Match(
        why=(
            f"`{short(evidence.expression)}` depends on {_variables(loop)} of `{short(loop.header)}`: each "
            f"turn executes a graph of its own: {times(number)} in all.{again}"
        ),
        fixes=present(
            *caller_fixes(evidence),
            *(reversed(together) if _checks_only(evidence, reading) else together),
            held,
        ),
    )


def _checks_only(evidence: ForceEvidence, reading: Reading) -> bool:
    """Whether turns of a library's loop only refuse: what else they do may not fit in one expression."""
    return not evidence.at_user and reading.test is not None and is_value_check(reading)


def _variables(loop: Loop) -> str:
    return names([f"`{name}`" for name in loop.variables])


def _chosen(evidence: ForceEvidence) -> Fix | None:
    """``where`` in place of a branch on each element."""
    found = tested(evidence)
    return choice(evidence, found) if found is not None else None


def _all_at_once(evidence: ForceEvidence) -> Fix:
    return batched(
        evidence.trace,
        [evidence.user_site] if evidence.user_site is not None else [],
        "collect the lazy values of the loop in a list and ask for all of them once",
        Estimate(seconds=(0.0, evidence.self_seconds)),
        author(evidence),
    )
