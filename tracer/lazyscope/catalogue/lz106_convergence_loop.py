"""A loop that runs until its result is good enough computes everything again in every turn.

When it occurs
    ``while float(change) > tol:`` or ``if err < tol: break`` around ``x = step(x)``: each turn makes the
    graph longer, and asking whether to go on executes it from the beginning. n turns cost n (n + 1) / 2.
    So it is with a loop over time steps that asks for a number of each: ``log.append(x.var().compute())``.

Fixes
    ``persist``: ``x = x.persist()`` in every turn: the graph begins anew with what is in memory. There are
    as many forces as before, or more, but no work is repeated. What the loop reads and does not change
    should be persisted once before it.

    ``compute-once``: of a library's loop, call it with NumPy arrays.

    ``vectorise``: a fixed number of turns, without asking. They are all made, and the graph is as long.

    ``batch-compute``: where the numbers are only collected, collect them lazily, and ask for all of them
    after the loop, in one ``dask.compute(*numbers)``. The graph then holds all turns.

    ``reorder``: ask only in every tenth turn. Up to nine turns are made for nothing.
"""

from __future__ import annotations

import re

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.reading import Reading, read
from lazyscope.analysis.savings import if_persisted
from lazyscope.analysis.syntax.loops import Loop
from lazyscope.catalogue.advice import author, caller_fixes, held, names, persist_before, short, times
from lazyscope.catalogue.deciding import SCALARS
from lazyscope.catalogue.finding import Match
from lazyscope.catalogue.rewriting import present
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.fixes.persist import estimate_of
from lazyscope.fixes.persist_in_turn import hold_turns
from lazyscope.fixes.placement import file_at

CODE = "LZ106"
TITLE = "A convergence loop computes everything again in every turn"

EXAMPLE = """
import dask.array as da

A = da.full((4, 4), 0.1, chunks=2)
x = da.ones(4, chunks=2)
for _ in range(5):
    x_new = A @ x + 1
    if float(abs(x_new - x).max()) < 1e-9:
        break
    x = x_new
"""

REPAIRED = """
import dask.array as da

A = da.full((4, 4), 0.1, chunks=2).persist()
x = da.ones(4, chunks=2).persist()
for _ in range(5):
    x_new = (A @ x + 1).persist()
    if float(abs(x_new - x).max()) < 1e-9:
        break
    x = x_new
"""

_FEWEST = 2


def match_force(evidence: ForceEvidence) -> Match | None:
    """Values that decide whether a loop goes on which carries arrays from turn to turn."""
    found = _deciding_loop(evidence)
    if found is None:
        return _of_steps(evidence)
    _, loop, position = found
    if evidence.at_user and not evidence.tasks_repeated:
        return None
    constants = _constants(evidence, loop, position)
    only_constants = bool(constants) and evidence.loop is not None and not evidence.loop.grows
    own = _hold_constants(evidence) if only_constants else None
    return Match(
        why=_why(evidence, loop, constants if only_constants else ()),
        fixes=present(
            *caller_fixes(evidence),
            own or _hold_state(evidence, position),
            _fixed_turns(evidence),
            _seldom(evidence),
        ),
        title="A convergence loop reads the same data in every turn" if only_constants else None,
    )


def _of_steps(evidence: ForceEvidence) -> Match | None:
    """A loop whose turns build upon each other, and that asks for a value of each, whatever that is for."""
    reading, position, forced = evidence.reading, evidence.site, evidence.loop
    explicit = evidence.at_user and evidence.trigger in ("compute", *SCALARS)
    if not explicit or reading is None or position is None or not evidence.tasks_repeated:
        return None
    if forced is None or not forced.grows or not reading.loops:
        return None
    loop = reading.loops[-1]
    again = {array.variable for one in evidence.reread for array in one.user_arrays}
    if loop.decides or again.isdisjoint(loop.carried):
        return None
    carried = names([f"`{name}`" for name in loop.carried if name in again])
    told = (
        f"`{short(evidence.expression)}` is asked for in every turn of `{short(loop.header)}`, and {carried} "
        f"is made of that of the turn before: each of {len(evidence.forces)} executions repeats all turns "
        f"before it, {evidence.tasks_repeated:,} of {evidence.tasks:,} tasks."
    )
    return Match(
        why=told,
        fixes=present(
            _hold_state(evidence, position),
            _collected(evidence, reading, loop),
            _not_every_turn(evidence),
        ),
        title="Every step of a loop computes all before it",
    )


def _not_every_turn(evidence: ForceEvidence) -> Fix:
    summary = "ask only in every tenth turn"
    return Fix("reorder", summary, "nine of ten values are not known; the graph grows for ten turns")


def _collected(evidence: ForceEvidence, reading: Reading, loop: Loop) -> Fix | None:
    """One request after the loop; None where a turn may need the value."""
    appended = any(one.function.endswith((".append", ".extend")) for one in reading.passed_to)
    if not appended and reading.outcome not in ("element", "stored"):
        return None
    return Fix(
        "batch-compute",
        "collect the arrays as they are, and ask for all of them once, after the loop",
        "the graph holds all turns, and each is made once",
    )


def _deciding_loop(evidence: ForceEvidence) -> tuple[Reading, Loop, int] | None:
    """The loop around the site, or around what the site returns its value to."""
    if evidence.trigger not in ("__bool__", *SCALARS, "compute") or len(evidence.forces) < _FEWEST:
        return None
    if evidence.trigger == "compute" and evidence.at_user and not _grows(evidence):
        return None
    for position in reversed(evidence.way):
        reading = read(evidence.trace, position)
        if reading is None:
            return None
        for loop in reversed(reading.loops):
            if loop.decides and _carries(evidence, loop, position):
                return reading, loop, position
        if reading.loops or reading.outcome != "returned":
            return None
    return None


def _grows(evidence: ForceEvidence) -> bool:
    return evidence.loop is not None and evidence.loop.grows


def _carries(evidence: ForceEvidence, loop: Loop, position: int) -> bool:
    """Whether the value depends on more than a counter from the turn before."""
    if loop.carried and evidence.loop is not None and evidence.loop.grows:
        return True
    return any(name not in _counters(evidence, loop, position) for name in loop.carried)


_COUNTING = re.compile(r"\s*(\w+)\s*[+-]=\s*\d+\s*(?:#.*)?$")
_COUNTING_OUT = re.compile(r"\s*(\w+)\s*=\s*(?:\1\s*[+-]\s*\d+|True|False|None|[\d.]+)\s*(?:#.*)?$")
_MOST_LINES = 200


def _counters(evidence: ForceEvidence, loop: Loop, position: int) -> set[str]:
    """Variables that the body of a loop only counts with."""
    found: set[str] = set()
    for line in _body(evidence, loop, position):
        counting = _COUNTING.match(line) or _COUNTING_OUT.match(line)
        if counting:
            found.add(counting[1])
    return found


def _body(evidence: ForceEvidence, loop: Loop, position: int) -> list[str]:
    lines = evidence.trace.source_lines(file_at(evidence.trace, position))
    body: list[str] = []
    for line in lines[loop.line : loop.line + _MOST_LINES]:
        indent = line[: len(line) - len(line.lstrip())]
        if line.strip() and len(indent) <= len(loop.indent) and not line.lstrip().startswith((")", "#")):
            break
        body.append(line)
    return body


def _why(evidence: ForceEvidence, loop: Loop, constants: tuple[str, ...]) -> str:
    forced = evidence.loop
    executed = f"the graph was executed {times(len(evidence.forces))}"
    told = f"`{short(evidence.expression)}` decides whether `{short(loop.header)}` goes on: {executed}"
    if forced is not None and forced.grows:
        told += ", each time with all turns before it"
    if constants:
        told += f", each time with {names([f'`{name}`' for name in constants])}"
    if evidence.tasks_repeated:
        return f"{told}; {evidence.tasks_repeated:,} of {evidence.tasks:,} tasks were repeated."
    return f"{told}."


# What to do


_HOLD = "hold in every turn what the loop carries on, and before the loop what all turns read"


def _hold_state(evidence: ForceEvidence, position: int) -> Fix:
    """Persist what the loop carries on, in every turn; and before it what it only reads."""
    size, estimate = _saving(evidence)
    found = hold_turns(evidence, position) if evidence.at_user or position == evidence.site else None
    price = "holds the state in memory" if size is None else held(size)
    return Fix(
        "persist",
        found[1] if found else _HOLD,
        f"{price}, anew in every turn",
        author(evidence),
        estimate=estimate,
        edit=found[0] if found else None,
        sketch=_HOLD,
    )


def _hold_constants(evidence: ForceEvidence) -> Fix | None:
    """Persist what every turn reads, where what the loop carries on is held already."""
    return persist_before(evidence)


def _constants(evidence: ForceEvidence, loop: Loop, position: int) -> tuple[str, ...]:
    """Arrays of the user's that every turn reads and none assigns."""
    made = {name for line in _body(evidence, loop, position) for name in _assigned(line)}
    arrays = [array for one in evidence.reread for array in one.user_arrays]
    found = dict.fromkeys(array.variable for array in arrays if array.variable and array.variable not in made)
    return tuple(found)[:3] if evidence.at_user else ()


_ASSIGNMENT = re.compile(r"\s*((?:\w+\s*,\s*)*\w+)\s*=(?!=)")


def _assigned(line: str) -> list[str]:
    found = _ASSIGNMENT.match(line)
    return [name.strip() for name in found[1].split(",")] if found else []


def _saving(evidence: ForceEvidence) -> tuple[int | None, Estimate]:
    layers = [a.layer for one in evidence.reread for a in one.user_arrays if a.layer is not None]
    if not layers:
        return None, Estimate(tasks_repeated=(0, evidence.tasks_repeated))
    saving = if_persisted(evidence.trace, dict.fromkeys(layers))
    return None, estimate_of(saving)


def _fixed_turns(evidence: ForceEvidence) -> Fix:
    return Fix(
        "vectorise",
        "make a fixed number of turns instead of asking in each",
        "all turns are made, and the graph holds them all",
        author(evidence),
    )


def _seldom(evidence: ForceEvidence) -> Fix:
    return Fix(
        "reorder",
        "ask only in every tenth turn",
        "up to nine turns are made for nothing",
        author(evidence),
    )
