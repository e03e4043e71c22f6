"""Forces that come again and again from the same line: convergence loops, loops over rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from lazyscope.analysis.places import place_of, way_of
from lazyscope.analysis.reading import read
from lazyscope.analysis.syntax.loops import Loop
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

FEWEST = 3
"""Forces of one line that make a loop."""


@dataclass(frozen=True)
class ForcedLoop:
    """Forces of one trigger at one site, reached by the same calls every time."""

    site: int | None
    """Number of the position, of the first force."""
    user_site: int | None
    trigger: str
    entry: str | None
    forces: tuple[int, ...]
    """Their ids, in the order of time."""
    loop: Loop | None
    """The innermost loop around the calls that led to the site; None if no source shows one."""
    position: int | None
    """Number of the position inside `loop`: of the site, or of a call on the way to it."""
    at_user: bool
    """Whether `loop` is the user's."""
    tasks: int
    tasks_repeated: int
    tasks_first: int
    """Of the first force."""
    tasks_again: int
    """Repeated tasks of the others."""
    grows: bool
    """Whether each asks for more than the one before, as where every step builds upon the last."""
    self_seconds: float

    @property
    def repeats(self) -> Literal["all", "some", "none"]:
        """``none``: each has tasks of its own; ``all``: nothing after the first is new; else ``some``."""
        if not self.tasks_again:
            return "none"
        return "all" if self.tasks_again == self.tasks - self.tasks_first else "some"


def loops(trace: TraceData) -> list[ForcedLoop]:
    """Lines that forced at least `FEWEST` times on the same way; the dearest first."""
    groups: dict[object, list[Force]] = {}
    for force in trace.forces:
        groups.setdefault(_way(trace, force.begin), []).append(force)
    found = [_forced_loop(trace, forces) for forces in groups.values() if len(forces) >= FEWEST]
    return sorted(found, key=lambda loop: (-loop.self_seconds, loop.forces))


def _way(trace: TraceData, begin: events.ForceBegin) -> object:
    """What the forces of a loop have in common."""
    sites = [site if site is None else place_of(trace, site) for site in (begin.site, begin.user_site)]
    return *sites, way_of(trace, begin.stack), begin.trigger, begin.entry


def _forced_loop(trace: TraceData, forces: list[Force]) -> ForcedLoop:
    begin = forces[0].begin
    position, loop = _loop_around(trace, forces[0])
    return ForcedLoop(
        site=begin.site,
        user_site=begin.user_site,
        trigger=begin.trigger,
        entry=None if begin.entry is None else trace.texts[begin.entry],
        forces=tuple(force.id for force in forces),
        loop=loop,
        position=position,
        at_user=position is not None and trace.file_of(position).role == "user",
        tasks=sum(force.begin.tasks for force in forces),
        tasks_repeated=sum(force.begin.tasks_repeated for force in forces),
        tasks_first=begin.tasks,
        tasks_again=sum(force.begin.tasks_repeated for force in forces[1:]),
        grows=all(one.begin.tasks < later.begin.tasks for one, later in pairwise(forces)),
        self_seconds=sum(force.self_seconds for force in forces),
    )


def _loop_around(trace: TraceData, force: Force) -> tuple[int | None, Loop | None]:
    """The first position that lies in a loop, from the site outwards."""
    for position in _innermost_first(trace, force):
        reading = read(trace, position)
        if reading is not None and reading.loops:
            return position, reading.loops[-1]
    return None, None


def _innermost_first(trace: TraceData, force: Force) -> list[int]:
    begin = force.begin
    if begin.stack is not None:
        return trace.stacks[begin.stack].positions[::-1]
    return [position for position in (begin.site, begin.user_site) if position is not None]
