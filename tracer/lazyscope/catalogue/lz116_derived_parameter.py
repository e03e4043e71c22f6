"""A parameter that was not given is derived from the data.

When it occurs
    ``histogram(x, bins)`` without ``range``, ``one_hot(y)`` without ``n_classes``: the function finds the
    value itself, ``if range is None: range = float(x.min()), float(x.max())``, and executes the graph.

Fixes
    ``choose-parameter``: give the value. It must be right for the data.

    ``persist``: hold the data that the function reads once to derive the value and again to work with it.

    ``keep-0d``: for the author: leave the derived value a lazy array.
"""

from __future__ import annotations

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading, call_at, read
from lazyscope.analysis.syntax.calls import WrittenCall
from lazyscope.analysis.syntax.functions import Function
from lazyscope.analysis.syntax.terms import words
from lazyscope.catalogue.advice import author, caller_fixes, leave_it, short, times
from lazyscope.catalogue.deciding import SCALARS, checks_value
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import hold_at_user, present
from lazyscope.fixes.fix import Fix

CODE = "LZ116"
TITLE = "A parameter that was not given is derived from the data"

EXAMPLE = """
import dask.array as da


def binned(x, top=None):
    if top is None:
        top = float(x.max())
    return da.histogram(x, bins=4, range=(0, top))[0]


x = da.arange(12, chunks=4)
counts = binned(x)
"""

REPAIRED = """
import dask.array as da


def binned(x, top=None):
    if top is None:
        top = float(x.max())
    return da.histogram(x, bins=4, range=(0, top))[0]


x = da.arange(12, chunks=4)
counts = binned(x, top=11.0)
"""

_NO_VALUE = words(
    "axis out dtype where weights sample_weight mask random_state rng seed device order copy xp keepdims "
    "callback logger name method mode kind func function key self cls"
)
"""Parameters that say how to work: deriving them is not why the array is asked."""


def match_force(evidence: ForceEvidence) -> Match | None:
    """Forces on the way that a function takes only because a parameter was not given."""
    if evidence.trigger not in ("__bool__", "__array__", "compute", "__len__", *SCALARS):
        return None
    found = _derived(evidence)
    if found is None or checks_value(evidence) is not None:
        return None
    function, parameter, position = found
    return Match(
        why=(
            f"`{function.name}` was called without `{parameter}`, so it derives it from the data: "
            f"`{short(evidence.expression)}` executed the graph {times(len(evidence.forces))}."
        ),
        fixes=present(
            _give(evidence, function, parameter, position),
            *caller_fixes(evidence),
            hold_at_user(evidence),
            _lazily(evidence, parameter),
            leave_it(evidence),
        ),
    )


def _derived(evidence: ForceEvidence) -> tuple[Function, str, int | None] | None:
    """The function that was called without a parameter, the parameter, and where it was called.

    Of a library only the function that the user called counts: others' parameters the user cannot give.
    """
    way = evidence.way
    for number in range(len(way) - 1, -1, -1):
        reading = read(evidence.trace, way[number])
        name = None if reading is None else _absent(reading)
        if reading is None or reading.function is None or name is None:
            continue
        caller = way[number - 1] if number else None
        if _can_be_given(evidence, reading.function, name, way[number], caller):
            return reading.function, name, caller
    return None


def _absent(reading: Reading) -> str | None:
    """The parameter that the innermost condition on the way finds not given, if it is made there."""
    guard = reading.guards[-1] if reading.guards else None
    if guard is None or not guard.not_given or reading.function is None or reading.loops:
        return None
    derived = {one.name for one in reading.function.parameters if one.derived or one.name in reading.targets}
    absent = [name for name in guard.not_given if name in derived and name not in _NO_VALUE]
    return absent[0] if absent else None


def _can_be_given(
    evidence: ForceEvidence, function: Function, name: str, position: int, caller: int | None
) -> bool:
    """Whether the user's line calls the function, and without the parameter."""
    trace = evidence.trace
    if caller is None:
        return False
    library = trace.file_of(position).role == "library"
    if trace.file_of(caller).role == "library" or (library and function.name != evidence.function):
        return False
    if name.startswith("_") or (not library and trace.file_of(caller).role != "user"):
        return False
    call = call_at(trace, caller)
    return call is not None and not _gives(call, function, name)


def _gives(call: WrittenCall, function: Function, name: str) -> bool:
    if any(word in (name, "**") for word, _ in call.keywords) or any(
        a.startswith("*") for a in call.positional
    ):
        return True
    placed = [one.name for one in function.parameters if one.name not in ("self", "cls")]
    return placed.index(name) < len(call.positional)


def _give(evidence: ForceEvidence, function: Function, parameter: str, position: int | None) -> Fix:
    call = None if position is None else call_at(evidence.trace, position)
    called = call.function.rpartition(".")[2] if call is not None else function.name
    return Fix(
        "choose-parameter",
        f"pass `{parameter}=...` to `{called}`, if you know it",
        "the value must be right for the data: nothing checks it",
    )


def _lazily(evidence: ForceEvidence, parameter: str) -> Fix | None:
    reading = evidence.reading
    if evidence.trigger not in SCALARS or reading is None or not reading.converted:
        return None
    return Fix(
        "keep-0d",
        f"derive `{parameter}` as the array `{short(reading.converted[0])}`, without making a number of it",
        "what uses it must take an array of one element",
        author(evidence),
    )
