"""What happened over time, arranged so that any part of it is quickly drawn in any number of columns."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lazyscope.analysis.cost import site_at
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.html.excerpts import place
from lazyscope.report.html.markup import cut
from lazyscope.report.html.timeline import lane_names, lanes_of, placed_in

_SHORTEST = 1e-9
"""Seconds that something without a duration is taken to last, so that it is somewhere."""


@dataclass
class Stretches:
    """Stretches of time in the order in which they begin."""

    starts: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    """When each, and every one before it, had ended: never falling."""

    def stretch(self, start: float, end: float) -> None:
        """Add the next."""
        self.starts.append(start)
        end = max(end, start + _SHORTEST)
        self.ends.append(max(end, self.ends[-1]) if self.ends else end)

    def among(self, start: float, end: float) -> range:
        """Indices of those that lasted at some time from `start` up to `end`."""
        return range(bisect_right(self.ends, start), bisect_left(self.starts, end))


@dataclass
class Row(Stretches):
    """Forces of a lane at one depth."""

    forces: list[Force] = field(default_factory=list)
    tasks: list[int] = field(default_factory=lambda: [0])
    """Sums of tasks before each force; likewise those below."""
    repeated: list[int] = field(default_factory=lambda: [0])

    def add(self, force: Force) -> None:
        """Add the next force."""
        self.forces.append(force)
        self.stretch(force.begin.at, force.ran_until)
        self.tasks.append(self.tasks[-1] + force.begin.tasks)
        self.repeated.append(self.repeated[-1] + force.begin.tasks_repeated)

    def share_repeated(self, among: range) -> float:
        """Part of the tasks of these forces that had run before."""
        tasks = self.tasks[among.stop] - self.tasks[among.start]
        return (self.repeated[among.stop] - self.repeated[among.start]) / tasks if tasks else 0.0

    def longest(self, among: range) -> Force:
        """The longest of these forces."""
        return max((self.forces[index] for index in among), key=lambda force: force.seconds)


@dataclass
class Places(Stretches):
    """Lines or functions that a thread was at, as far as its calls and forces tell.

    A stretch is one line or function without another between: it lasts from the beginning of its first call
    or force to the end of its last. What a thread did between two calls at one line is not known.
    """

    words: list[str] = field(default_factory=list)
    """What each is called."""


@dataclass
class Lane:
    """A thread, or all for which there is no lane of their own."""

    name: str
    calls: list[float] = field(default_factory=list)
    """When they were made, in order."""
    operations: list[int] = field(default_factory=list)
    """What each did: Text."""
    rows: list[Row] = field(default_factory=list)
    lines: Places = field(default_factory=Places)
    """The user's lines."""
    functions: Places = field(default_factory=Places)
    """Functions of libraries."""

    def calls_between(self, start: float, end: float) -> int:
        """How many calls were made from `start` up to `end`."""
        return bisect_left(self.calls, end) - bisect_left(self.calls, start)


@dataclass(frozen=True)
class Strips:
    """All of it."""

    lanes: Sequence[Lane]
    seconds: float
    """Of the whole trace; more than none."""
    forces: Sequence[Force]
    """In the order of time."""
    place: Mapping[int, tuple[int, int]]
    """Lane and depth of each force, by its id."""
    operations: Mapping[int, str]
    """What calls are named, by Text."""
    recorded: tuple[float, float]
    """From the beginning of the first call or force to the end of the last."""


class _Event(NamedTuple):
    """A call or a force of a lane."""

    start: float
    end: float
    user_site: int | None
    site: int | None
    is_force: bool


def strips(trace: TraceData) -> Strips:
    """Arrange a trace by thread and depth, as the report's timeline does."""
    forces = sorted(trace.forces, key=lambda force: force.begin.at)
    lane_of = lanes_of(trace, forces)
    lanes = [Lane(name) for name in lane_names(trace, lane_of)]
    found: list[list[_Event]] = [[] for _ in lanes]
    for call in sorted(trace.calls, key=lambda call: call.at):
        if math.isfinite(call.at):
            number = lane_of[call.thread]
            lanes[number].calls.append(call.at)
            lanes[number].operations.append(call.operation)
            found[number].append(_Event(call.at, call.at + call.seconds, call.user_site, call.site, False))
    placed = {}
    for force, (number, depth) in zip(forces, placed_in(forces, lane_of), strict=True):
        rows = lanes[number].rows
        while len(rows) <= depth:
            rows.append(Row())
        rows[depth].add(force)
        placed[force.id] = number, depth
        begin = force.begin
        found[number].append(_Event(begin.at, force.ran_until, begin.user_site, begin.site, True))
    places = _PlacesOf(trace)
    for lane, events in zip(lanes, found, strict=True):
        own = _outermost(events)
        lane.lines = _places(own, lambda event: event.user_site, places.line)
        lane.functions = _places(own, lambda event: event.site, places.function)
    seconds = max(trace.seconds, max((force.ran_until for force in forces), default=0.0), 1e-6)
    texts = {call.operation for call in trace.calls}
    operations = {number: cut(trace.texts[number].rpartition("dask.array.")[2], 40) for number in texts}
    starts = [event.start for events in found for event in events]
    ends = [event.end for events in found for event in events]
    recorded = (min(starts), max(ends)) if starts else (0.0, seconds)
    return Strips(lanes, seconds, forces, placed, operations, recorded)


def _outermost(events: Iterable[_Event]) -> list[_Event]:
    """Those that did not happen while a force of the thread ran, in the order of time."""
    found, until = [], -math.inf
    for event in sorted(events, key=lambda event: (event.start, -event.end)):
        if event.start >= until:
            found.append(event)
            if event.is_force:
                until = event.end
    return found


def _places(
    events: Iterable[_Event],
    position_of: Callable[[_Event], int | None],
    known: Callable[[int | None], tuple[object, str] | None],
) -> Places:
    """Stretches of events at one place."""
    made, open_key, start, end, words = Places(), None, 0.0, 0.0, ""
    for event in events:
        here = known(position_of(event))
        if here is not None and here[0] == open_key:
            end = max(end, event.end)
            continue
        if open_key is not None:
            made.stretch(start, end)
            made.words.append(words)
        open_key, words = (None, "") if here is None else here
        start, end = event.start, event.end
    if open_key is not None:
        made.stretch(start, end)
        made.words.append(words)
    return made


class _PlacesOf:
    """What positions are called, and which are the same place."""

    def __init__(self, trace: TraceData) -> None:
        self._trace = trace
        self._lines: dict[int | None, tuple[object, str] | None] = {None: None}
        self._functions: dict[int | None, tuple[object, str] | None] = {None: None}

    def line(self, position: int | None) -> tuple[object, str] | None:
        """A line and its text."""
        if position not in self._lines:
            assert position is not None
            here, site = self._trace.positions[position], site_at(self._trace, position)
            assert site is not None
            words = f"{place(site)}  {cut(site.code, 120)}"
            self._lines[position] = (self._trace.codes[here.code].file, here.line), words
        return self._lines[position]

    def function(self, position: int | None) -> tuple[object, str] | None:
        """A library's function; None for the user's own."""
        if position not in self._functions:
            assert position is not None
            code = self._trace.codes[self._trace.positions[position].code]
            file = self._trace.files[code.file]
            words = f"{cut(code.function, 60)}  {cut(file.distribution or file.path, 60)}"
            own = file.role == "user"
            self._functions[position] = None if own else (self._trace.positions[position].code, words)
        return self._functions[position]
