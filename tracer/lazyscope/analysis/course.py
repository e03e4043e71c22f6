"""The course of a program: lazy stretches between the moments at which something happened.

A moment is a force, an exception, or a length that became unknown; before it lies a stretch of calls that
only built graphs. Moments that are the same in every turn of a loop are folded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Literal, TypeAlias

from lazyscope.analysis.folding import Folded, fold
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.places import Place, place_of
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

Operations: TypeAlias = dict[int, int]
"""How often each operation (a text) was called."""

Called: TypeAlias = tuple[int | None, int, int]
"""User's position, position of the caller, operation; one position stands for all of its place."""


@dataclass
class Stretch:
    """Calls between two moments, none of which executed a graph."""

    counted: Counter[Called] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        return self.counted.total()

    @property
    def lines(self) -> dict[int | None, dict[int, Operations]]:
        """How often what was called, by user's position and position of the caller."""
        found: dict[int | None, dict[int, Operations]] = {}
        for (user_site, site, operation), times in self.counted.items():
            found.setdefault(user_site, {}).setdefault(site, {})[operation] = times
        return found


@dataclass(frozen=True)
class Moment:
    """Forces, exceptions or unknown shapes that are alike, each with the lazy stretch before it."""

    kind: Literal["force", "failure", "shape", "rest", "end"]
    """``rest`` is what a report puts together for want of room; ``end``, calls after everything else."""
    site: int | None
    """Number of the position, of the first; like `user_site`."""
    user_site: int | None
    before: Stretch
    forces: tuple[Force, ...] = ()
    failures: tuple[events.Failure, ...] = ()
    shapes: tuple[int, ...] = ()
    """Indices of unknown shapes."""
    key: Hashable = None

    @property
    def times(self) -> int:
        return len(self.forces) + len(self.failures) + len(self.shapes)

    @property
    def self_seconds(self) -> float:
        """Wall time of its forces without that of nested ones."""
        return sum(force.self_seconds for force in self.forces)


@dataclass(frozen=True)
class Course:
    """What one thread did, from top to bottom."""

    thread: str
    moments: tuple[Folded[Moment], ...]
    """The last has kind ``end`` where calls came after everything else."""


def courses(trace: TraceData) -> list[Course]:
    """The course of every thread that did more than run tasks; the one with the first event first.

    Nested forces, and calls inside tasks, are not in it, as they happen within a force; nor are calls inside
    which a force happened, as they are that force, and those that made a length unknown.
    """
    threads: dict[int, _Thread] = {}
    places = _Places(trace)
    for thread, event in _events(trace):
        threads.setdefault(thread, _Thread(places)).add(event)
    return [
        Course(trace.texts[thread], tuple(fold(found.ended(), _key, _merged)))
        for thread, found in threads.items()
    ]


_Event: TypeAlias = events.Call | Force | events.Failure | int
"""An unknown shape is known by its index."""


def _events(trace: TraceData) -> Iterable[tuple[int, _Event]]:
    """Threads and events in the order of time; of those at one time, what was raised comes last."""
    made = lineage(trace).makers
    told = set(lineage(trace).around.values())
    told.update(made[shape.array] for shape in trace.unknown_shapes if shape.array in made)
    found: list[tuple[float, int, _Event]] = [
        (call.at, call.thread, call)
        for number, call in enumerate(trace.calls)
        if call.force is None and number not in told
    ]
    found += [(f.begin.at, f.begin.thread, f) for f in trace.forces if f.begin.parent is None]
    shapes = trace.unknown_shapes
    found += [(one.at, one.thread, index) for index, one in enumerate(shapes) if one.force is None]
    found += [(one.at, one.thread, one) for one in trace.failures if one.force is None]
    found.sort(key=itemgetter(0))
    return ((thread, event) for _, thread, event in found)


class _Places:
    """One position for all instructions of a place in the source."""

    def __init__(self, trace: TraceData) -> None:
        self.trace = trace
        first: dict[Place, int] = {}
        self.one: dict[int | None, int | None] = {None: None}
        for position in range(len(trace.positions)):
            self.one[position] = first.setdefault(place_of(trace, position), position)


class _Thread:
    """Collects the moments of a thread."""

    def __init__(self, places: _Places) -> None:
        self.places = places
        self.moments: list[Moment] = []
        self.called: list[Called] = []
        """Since the last moment."""

    def add(self, event: _Event) -> None:
        if isinstance(event, events.Call):
            one = self.places.one
            self.called.append((one[event.user_site], one[event.site], event.operation))  # type: ignore[arg-type]
        elif isinstance(event, Force):
            begin = event.begin
            what = (begin.trigger, begin.entry, begin.allowed, event.end is None)
            self._happened("force", begin, what, forces=(event,))
        elif isinstance(event, events.Failure):
            self._happened("failure", event, (event.type, event.escaped), failures=(event,))
        else:
            shape = self.places.trace.unknown_shapes[event]
            self._happened("shape", shape, (shape.operation,), shapes=(event,))

    def _stretch(self) -> Stretch:
        """The calls since the last moment."""
        called, self.called = self.called, []
        return Stretch(Counter(called))

    def _happened(
        self,
        kind: Literal["force", "failure", "shape"],
        event: events.ForceBegin | events.Failure | events.UnknownShape,
        what: tuple[object, ...],
        **events_of: tuple[object, ...],
    ) -> None:
        site, user_site = self.places.one[event.site], self.places.one[event.user_site]
        key = (kind, site, user_site, *what)
        self.moments.append(Moment(kind, site, user_site, self._stretch(), key=key, **events_of))  # type: ignore[arg-type]

    def ended(self) -> list[Moment]:
        """All moments; calls after the last are those of its end."""
        if not self.called:
            return self.moments
        return [*self.moments, Moment("end", None, None, self._stretch(), key=("end",))]


def _key(moment: Moment) -> Hashable:
    return moment.key


def _merged(same: Sequence[Moment]) -> Moment:
    """Moments of one key as one."""
    first, before = same[0], Stretch()
    for moment in same:
        before.counted.update(moment.before.counted)
    return Moment(
        first.kind,
        first.site,
        first.user_site,
        before,
        tuple(force for moment in same for force in moment.forces),
        tuple(failure for moment in same for failure in moment.failures),
        tuple(shape for moment in same for shape in moment.shapes),
        first.key,
    )
