"""Which test a truth value decides: at the site, or where the function returns it to."""

from __future__ import annotations

from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.places import place_of
from lazyscope.analysis.reading import Reading, is_scalar_conversion, is_value_check, read
from lazyscope.analysis.syntax.branches import Branch
from lazyscope.analysis.syntax.dependents import dependent_lines
from lazyscope.model.trace import TraceData

SCALARS = ("__float__", "__int__", "__index__", "__complex__")
"""Triggers that make a Python number."""

_MOST_RETURNS = 3


def deciding(evidence: ForceEvidence) -> Reading | None:
    """What the source says where the value is tested, following ``return`` outwards; else at the site."""
    reading = evidence.reading
    if reading is None or reading.test is not None or reading.outcome != "returned":
        return reading
    for position in evidence.way[-2 : -2 - _MOST_RETURNS : -1]:
        outer = read(evidence.trace, position)
        if outer is None:
            break
        if outer.test is not None:
            return outer
        if outer.outcome != "returned":
            break
    return reading


def checks_value(evidence: ForceEvidence) -> Reading | None:
    """What the source says of a test that only refuses or warns; None if the value does more."""
    if evidence.trigger not in ("__bool__", *SCALARS, "compute"):
        return None
    if evidence.trigger == "compute" and evidence.at_user:
        return None
    reading = deciding(evidence)
    if reading is None or not is_value_check(reading):
        return None
    if reading.test is not None or (evidence.trigger == "__bool__" and not reading.passed_to):
        return reading
    return None


def test_of(reading: Reading) -> Branch | None:
    """The test that a value decides, at once or by a variable."""
    return reading.test or next(iter(reading.later_tests), None)


def steers_without_repeating(evidence: ForceEvidence) -> bool:
    """Whether a loop of the user's needs the value to know when to end, and repeats no work for it."""
    reading = evidence.reading
    if not evidence.at_user or reading is None or not reading.loops:
        return False
    return reading.loops[-1].decides and not evidence.tasks_repeated


def _goes_on_lazily(evidence: ForceEvidence, reading: Reading) -> bool:
    """Whether the number becomes part of arrays of the same data: to compute these reads it once more."""
    trace, site = evidence.trace, evidence.site
    if reading.outcome != "assigned" or site is None:
        return False
    dependents, code = dependent_lines(trace, site), trace.positions[site].code
    behind = _arrays_behind(trace, evidence.forces[0].id)
    for call in reversed(trace.calls):
        if call.at < evidence.begin.at:
            return False
        place = trace.positions[call.site] if call.site is not None else None
        there = place is not None and place.code == code and place.line in dependents
        if there and not behind.isdisjoint(call.inputs):
            return True
    return False


def _arrays_behind(trace: TraceData, force: int) -> set[int]:
    """Names of arrays that a force computed on its way, without what is held in memory."""
    made = lineage(trace)
    held = {name for one in trace.forces if one.begin.trigger == "persist" for name in one.begin.results}
    pending, found = list(made.asked.get(force, ())), set[int]()
    while pending and len(found) < _FARTHEST:
        name, maker = pending.pop()
        if name in found or name in held:
            continue
        found.add(name)
        if maker is not None:
            pending += made.inputs[maker]
    return found


_FARTHEST = 64


def asked_for_once(evidence: ForceEvidence) -> bool:
    """Whether the user's line plainly asks for a number that costs nothing twice, outside of any loop."""
    reading = evidence.reading
    if not evidence.at_user or reading is None or reading.loops or len(evidence.forces) > 1:
        return False
    if evidence.tasks_repeated or evidence.reread or _goes_on_lazily(evidence, reading):
        return False
    return is_scalar_conversion(reading) and reading.outcome in (
        "formatted",
        "argument",
        "returned",
        "assigned",
    )


def same_function(evidence: ForceEvidence) -> tuple[str, ...]:
    """Expressions of other forces by conversion in the function of the site, in the order of time.

    Without those that use what this one makes, or make what it uses: these cannot be computed together.
    """
    trace = evidence.trace
    if evidence.site is None:
        return ()
    known: dict[int, dict[object, int]] | None = vars(trace).get("_conversions_by_code")
    if known is None:
        known = vars(trace)["_conversions_by_code"] = {}
        for force in trace.forces:
            site = force.begin.site
            if site is not None and force.begin.trigger in ("__bool__", *SCALARS):
                places = known.setdefault(trace.positions[site].code, {})
                places.setdefault(place_of(trace, site), site)
    own = place_of(trace, evidence.site)
    found = known.get(trace.positions[evidence.site].code, {})
    sites = [site for place, site in found.items() if place != own]
    readings = [read(trace, site) for site in sites if not _depend(trace, evidence.site, site)]
    return tuple(dict.fromkeys(r.expression for r in readings if r is not None and r.expression))


def _depend(trace: TraceData, one: int, other: int) -> bool:
    """Whether one of two statements uses what the other makes, as far as the text says."""
    first, second = read(trace, one), read(trace, other)
    if first is None or second is None:
        return False
    return second.line in dependent_lines(trace, one) or first.line in dependent_lines(trace, other)
