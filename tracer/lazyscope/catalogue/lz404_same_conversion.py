"""The same result is computed several times.

When it occurs
    ``np.asarray(x)``, ``float(x)`` and ``x.compute()`` keep nothing: asked three times for the same array,
    dask computes it three times. It happens in a library where several helpers convert the same argument, and
    where a lazy result is kept and asked whenever it is needed.

    For the user's own arrays LZ110 says what to hold; this entry is ``info`` then, and where what repeats is
    no more than reading the data.

Fixes
    ``compute-once``: convert once, and go on with what came back. As NumPy it stays in memory as long as it
    is used.

    ``persist``: keep it as a dask array that is held in memory, where it must stay one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from lazyscope import figures
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.evidence import ForceEvidence
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.places import place_of
from lazyscope.catalogue.advice import (
    author,
    compute_before,
    held,
    line_of,
    names,
    persist_before,
    short,
    times,
)
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.fixes.fix import Fix
from lazyscope.model.trace import Force, TraceData

CODE = "LZ404"
TITLE = "The same result is computed several times"

EXAMPLE = """
import dask.array as da

x = da.arange(1200, chunks=400).persist()


def total():
    return (x % 7 + 1).sum()


def scaled(part):
    return part / total().compute()


print(scaled(scaled(scaled(0.5))))
"""

REPAIRED = """
import dask.array as da

x = da.arange(1200, chunks=400).persist()
total = (x % 7 + 1).sum().compute()


def scaled(part):
    return part / total


print(scaled(scaled(scaled(0.5))))
"""

_FEWEST = 3
"""Times that a result is asked for."""

_CONVERTING = (
    "__array__", "__bool__", "__float__", "__int__", "__index__", "__complex__", "compute", "array_function",
    "array_ufunc",
)  # fmt: skip


def find(trace: TraceData) -> Iterator[Discovery]:
    """Results that were asked for again and again by the same name."""
    asked: dict[tuple[int, ...], list[Force]] = {}
    for force in trace.forces:
        begin = force.begin
        if begin.trigger in _CONVERTING and begin.parent is None and begin.tasks and begin.results:
            asked.setdefault(tuple(begin.results), []).append(force)
    places: dict[Hashable, list[list[Force]]] = {}
    for forces in asked.values():
        if len(forces) >= _FEWEST and any(force.begin.tasks_repeated for force in forces[1:]):
            sites = (forces[1].begin.site, forces[1].begin.user_site)
            place = tuple(None if site is None else place_of(trace, site) for site in sites)
            places.setdefault(place, []).append(forces)
    for groups in places.values():
        yield _discovery(trace, groups)


def _discovery(trace: TraceData, groups: list[list[Force]]) -> Discovery:
    dearest = max(groups, key=_again)
    evidence = ForceEvidence(trace, dearest)
    begin = dearest[1].begin
    forces = sorted({force.id for group in groups for force in group})
    return Discovery(
        Match(
            _why(trace, dearest),
            tuple(_fixes(evidence)),
            expected=all(_is_known(trace, group) for group in groups),
        ),
        site=begin.site,
        user_site=begin.user_site,
        entry=begin.entry,
        forces=tuple(forces),
        at_stake=sum(map(_again, groups)),
        tasks=sum(force.begin.tasks for group in groups for force in group),
        tasks_repeated=sum(force.begin.tasks_repeated for group in groups for force in group),
    )


def _again(forces: list[Force]) -> float:
    """Seconds of all but the first."""
    return sum(force.self_seconds for force in forces[1:])


def _is_known(trace: TraceData, forces: list[Force]) -> bool:
    """Whether another entry says it: the user has the array in hand, or it is only read again."""
    if all(name in lineage(trace).at_user for name in forces[0].begin.results):
        return True
    wanted = [one for force in forces[1:] for one in force.begin.wanted]
    return not any(one.repeated and not trace.layers[one.layer].source for one in wanted)


def _why(trace: TraceData, forces: list[Force]) -> str:
    sites = list(dict.fromkeys(force.begin.site for force in forces))
    lines = list(dict.fromkeys(line_of(site_at(trace, site)) for site in sites))
    more = f" and {len(lines) - 4} more lines" if len(lines) > 4 else ""
    where = f"at {names(lines[:4])}{more}"
    found = site_at(trace, forces[1].begin.site)
    text = f"`{short(found.expression or found.code)}`" if found else "the program"
    again = figures.duration(_again(forces))
    return (
        f"{text} asks for a result that was computed before: {times(len(forces))} in all, {where}. "
        f"dask keeps nothing of it; all but the first took {again}."
    )


def _by_one_call(evidence: ForceEvidence) -> bool:
    """Whether one call of the user's may have asked for all: a library keeps nothing from call to call."""
    if evidence.at_user or evidence.user_call is None:
        return True
    lines = {force.begin.user_site for force in evidence.forces}
    places = {None if line is None else place_of(evidence.trace, line) for line in lines}
    return len(places) == 1 and not (evidence.user_reading and evidence.user_reading.loops)


def _fixes(evidence: ForceEvidence) -> Iterator[Fix]:
    if not evidence.at_user and evidence.user_call is not None:
        kept = persist_before(evidence)
        if kept is not None:
            yield kept
        yield compute_before(evidence)
    if not _by_one_call(evidence):
        return
    reading = evidence.reading
    converted = next(iter(reading.converted), None) if reading else None
    what = f"`{short(converted)}`" if converted else "it"
    yield Fix(
        "compute-once",
        f"convert {what} once, before it is needed the first time, and go on with what comes back",
        f"{held(evidence.bytes)}, as NumPy",
        audience=author(evidence),
    )
    yield Fix(
        "persist",
        f"persist {what} once, where it must stay a dask array",
        held(evidence.bytes),
        audience=author(evidence),
    )
