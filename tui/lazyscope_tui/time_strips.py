"""Forces and calls over time, arranged so that any part of it is quickly drawn in any number of columns."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from lazyscope.model.trace import Force, TraceData
from lazyscope.report.html.timeline import lane_names, lanes_of, placed_in


@dataclass
class Row:
    """Forces of a lane at one depth, in the order of time."""

    forces: list[Force] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    """When each, and every one before it, had ended: never falling."""
    tasks: list[int] = field(default_factory=lambda: [0])
    """Sums of tasks before each force; likewise those below."""
    repeated: list[int] = field(default_factory=lambda: [0])
    seconds: list[float] = field(default_factory=lambda: [0.0])

    def add(self, force: Force) -> None:
        """Add the next force."""
        self.forces.append(force)
        self.starts.append(force.begin.at)
        end = max(force.ran_until, force.begin.at)
        self.ends.append(max(end, self.ends[-1]) if self.ends else end)
        self.tasks.append(self.tasks[-1] + force.begin.tasks)
        self.repeated.append(self.repeated[-1] + force.begin.tasks_repeated)
        self.seconds.append(self.seconds[-1] + end - force.begin.at)

    def among(self, start: float, end: float) -> range:
        """Indices of the forces that ran at some time from `start` up to `end`."""
        return range(bisect_right(self.ends, start), bisect_left(self.starts, end))

    def share_repeated(self, among: range) -> float:
        """Part of the tasks of these forces that had run before."""
        tasks = self.tasks[among.stop] - self.tasks[among.start]
        return (self.repeated[among.stop] - self.repeated[among.start]) / tasks if tasks else 0.0

    def longest(self, among: range) -> Force:
        """The longest of these forces."""
        return max((self.forces[index] for index in among), key=lambda force: force.seconds)


@dataclass
class Lane:
    """A thread, or all for which there is no lane of their own."""

    name: str
    calls: list[float] = field(default_factory=list)
    """When they were made, in order."""
    rows: list[Row] = field(default_factory=list)

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
    place: dict[int, tuple[int, int]]
    """Lane and depth of each force, by its id."""


def strips(trace: TraceData) -> Strips:
    """Arrange a trace by thread and depth, as the report's timeline does."""
    forces = sorted(trace.forces, key=lambda force: force.begin.at)
    lane_of = lanes_of(trace, forces)
    lanes = [Lane(name) for name in lane_names(trace, lane_of)]
    for call in trace.calls:
        if math.isfinite(call.at):
            lanes[lane_of[call.thread]].calls.append(call.at)
    place = {}
    for force, (lane, depth) in zip(forces, placed_in(forces, lane_of), strict=True):
        rows = lanes[lane].rows
        while len(rows) <= depth:
            rows.append(Row())
        rows[depth].add(force)
        place[force.id] = lane, depth
    seconds = max(trace.seconds, max((force.ran_until for force in forces), default=0.0), 1e-6)
    return Strips(lanes, seconds, forces, place)


@dataclass(frozen=True)
class Window:
    """The part of the time that is seen."""

    start: float
    seconds: float
    columns: int

    @property
    def end(self) -> float:
        return self.start + self.seconds

    def time(self, column: float) -> float:
        """When a column begins."""
        return self.start + column * self.seconds / max(self.columns, 1)

    def column(self, time: float) -> int:
        """The column of a time; may be out of view."""
        return math.floor((time - self.start) / self.seconds * self.columns)

    def within(self, start: float, seconds: float, whole: float) -> Window:
        """Another part, no more than there is and no less than can be told apart."""
        seconds = min(max(seconds, whole * 1e-9, 1e-7), whole)
        return Window(min(max(start, 0.0), whole - seconds), seconds, self.columns)

    def zoomed(self, factor: float, around: float, whole: float) -> Window:
        """So much nearer, with the time `around` where it was."""
        seconds = min(max(self.seconds / factor, whole * 1e-9, 1e-7), whole)
        share = (around - self.start) / self.seconds
        return self.within(around - share * seconds, seconds, whole)


def ticks(window: Window, room: int) -> list[float]:
    """Round times, at least `room` columns apart."""
    least = window.seconds * room / max(window.columns, 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next((power * factor for factor in (1, 2, 5) if power * factor >= least), power * 10)
    first, last = math.ceil(window.start / step), math.floor(window.end / step)
    return [number * step for number in range(first, last + 1)]
