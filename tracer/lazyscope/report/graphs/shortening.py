"""Which moments of a course are drawn, where there are more than a picture can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from lazyscope import figures
from lazyscope.analysis.course import Course, Moment, Stretch
from lazyscope.analysis.folding import Folded, Turns
from lazyscope.catalogue.finding import Diagnosis
from lazyscope.catalogue.severity import ORDER
from lazyscope.model.trace import TraceData
from lazyscope.report.graphs.moment_nodes import finding_of

MOST = 24
"""Moments in a picture, threads taken together."""


@dataclass(frozen=True)
class Shortened:
    """A course with moments of kind ``rest`` for what is not drawn one by one."""

    thread: str
    moments: tuple[Folded[Moment], ...]


def shorten(trace: TraceData, diagnosis: Diagnosis, threads: Sequence[Course]) -> tuple[list[Shortened], str]:
    """Keep the moments that matter most, and say what was folded.

    First what belongs to a finding, the severest first, then what cost most time. Neighbours that are not
    kept become one moment.

    Returns
    -------
    list of Shortened
        The courses.
    str
        What was folded, in one sentence; empty if nothing was.
    """
    every = [moment for course in threads for moment in leaves(course.moments) if moment.kind != "end"]
    if len(every) <= MOST:
        return [Shortened(course.thread, course.moments) for course in threads], ""
    every.sort(key=lambda moment: _rank(diagnosis, moment))
    kept = {id(moment) for moment in every[:MOST]}
    folded = every[MOST:]
    courses = [Shortened(course.thread, tuple(_without(course.moments, kept))) for course in threads]
    return courses, _sentence(trace, folded)


def leaves(items: Sequence[Folded[Moment]]) -> Iterator[Moment]:
    """All moments, those inside loops too."""
    waiting = list(items)[::-1]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Turns):
            waiting.extend(item.body[::-1])
        else:
            yield item


def _rank(diagnosis: Diagnosis, moment: Moment) -> tuple[bool, int, float]:
    """The smaller, the more it matters."""
    found = finding_of(diagnosis, moment)
    severity = len(ORDER) if found is None else ORDER.index(found.severity)
    ran_on = any(force.end is None for force in moment.forces) or any(one.escaped for one in moment.failures)
    return not ran_on, severity, -moment.self_seconds


def _without(items: Sequence[Folded[Moment]], kept: set[int]) -> list[Folded[Moment]]:
    """The sequence with neighbours that are not kept put together."""
    parts = [_part(item, kept) for item in items]
    result: list[Folded[Moment]] = []
    for folded, group in groupby(parts, lambda part: _folds(part, kept)):
        neighbours = list(group)
        if folded:
            neighbours = [_rest([one for one in neighbours if isinstance(one, Moment)])]
        result += neighbours
    return result


def _part(item: Folded[Moment], kept: set[int]) -> Folded[Moment]:
    """A loop with its own neighbours put together; of one in which nothing is kept only that is left."""
    if isinstance(item, Moment):
        return item
    body = _without(item.body, kept)
    only = body[0] if len(body) == 1 else None
    return (
        only
        if isinstance(only, Moment) and only.kind == "rest"
        else Turns(tuple(body), item.fewest, item.most)
    )


def _folds(item: Folded[Moment], kept: set[int]) -> bool:
    return isinstance(item, Moment) and item.kind != "end" and id(item) not in kept


def _rest(moments: Sequence[Moment]) -> Moment:
    """Moments of any kind as one."""
    before = Stretch()
    for moment in moments:
        before.counted.update(moment.before.counted)
    user_sites = {moment.user_site for moment in moments}
    return Moment(
        "rest",
        None,
        user_sites.pop() if len(user_sites) == 1 else None,
        before,
        tuple(force for moment in moments for force in moment.forces),
        tuple(failure for moment in moments for failure in moment.failures),
        tuple(shape for moment in moments for shape in moment.shapes),
    )


def _sentence(trace: TraceData, folded: Sequence[Moment]) -> str:
    forces = [force for moment in folded for force in moment.forces]
    failures = sum(len(moment.failures) for moment in folded)
    shapes = sum(len(moment.shapes) for moment in folded)
    parts = []
    if forces:
        places = len({(force.begin.site, force.begin.user_site) for force in forces})
        seconds = figures.duration(sum(force.self_seconds for force in forces))
        parts.append(
            f"{figures.plural(len(forces), 'force')} at {figures.plural(places, 'place')} ({seconds})"
        )
    parts += [figures.plural(failures, "exception")] if failures else []
    parts += [figures.plural(shapes, "unknown shape")] if shapes else []
    of_all = f"of {len(trace.forces):,} forces in all"
    return f"Folded for want of room, in dotted boxes: {', '.join(parts)}; {of_all}."
