"""Arrays of unknown shape, from the call that first made them so to where it hurts."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.provenance import Chain, chain
from lazyscope.model import events
from lazyscope.model.trace import TraceData

MOST_ORIGINS = 16
"""Origins that are remembered of one array."""

_RESOLVING = ("compute_chunk_sizes", "__len__")
"""What computes only because lengths are unknown."""

_SPEAKS = re.compile(
    r"\bunknown\b.*\b(chunk|shape|size|length|dimension)|\b(chunk|shape|size|length|dimension)s?\b.*\bunknown\b"
    r"|\bnan\b.*\b(chunk|shape|size|integer|axis)|\b(chunk|shape|size|broadcast|convert)\w*\b.*\bnan\b",
    re.IGNORECASE | re.DOTALL,
)
"""Messages of exceptions that say that a length was unknown."""


@dataclass(frozen=True)
class Harm:
    """A place where an unknown shape cost a force or an exception."""

    force: int | None
    """Id of the force that computed lengths."""
    failure: events.Failure | None
    """The exception."""
    call: events.Call | None
    """The call that took the array; None if the exception passed through none."""
    through: Chain
    """The calls that carried the unknown shape there from its origin, the nearest to the harm first."""
    says_so: bool
    """Whether the exception's message speaks of it; a force always does."""


@dataclass(frozen=True)
class UnknownPath:
    """Where an unknown shape came from and where it went."""

    origin: events.UnknownShape
    made_by: events.Call | None
    """The call that first made the shape unknown."""
    uses: int
    """Calls that took an array whose shape was unknown because of it."""
    carried: Chain
    """These calls, the latest first."""
    harms: tuple[Harm, ...]
    """In the order of time."""
    settled_by: events.Call | None
    """The first call after which the array's shape was known."""


def path_of_unknown(trace: TraceData, unknown_shape: events.UnknownShape) -> UnknownPath:
    """Follow an unknown shape from its origin to the harm it did."""
    spread = _spread(trace)
    origin = spread.number[unknown_shape]
    made_by = spread.made_by.get(origin, lineage(trace).makers.get(unknown_shape.array))
    settled_by = spread.settled_by.get(origin)
    uses = spread.uses.get(origin, [])
    return UnknownPath(
        origin=unknown_shape,
        made_by=None if made_by is None else trace.calls[made_by],
        uses=len(uses),
        carried=chain(trace, uses[:-6:-1], frozenset(uses)),
        harms=tuple(_harm(trace, spread, origin, event) for event in spread.harms_of(origin)),
        settled_by=None if settled_by is None else trace.calls[settled_by],
    )


def origins_of_force(trace: TraceData, force: int) -> tuple[events.UnknownShape, ...]:
    """The unknown shapes because of which a force computed lengths; none if it did not do that."""
    return tuple(trace.unknown_shapes[n] for n in _spread(trace).behind_force.get(force, ()))


def origins_of_failure(trace: TraceData, failure: events.Failure) -> tuple[events.UnknownShape, ...]:
    """The unknown shapes that an exception comes from, as far as its call or its message tell."""
    return tuple(trace.unknown_shapes[n] for n in _spread(trace).behind_failure.get(failure.id, ()))


_Event: TypeAlias = events.ForceBegin | events.Failure


class _Spread:
    """Which arrays and calls each origin reached. Origins and calls are known by index."""

    def __init__(self, trace: TraceData) -> None:
        self._trace = trace
        self.number = {shape: number for number, shape in enumerate(trace.unknown_shapes)}
        self.made_by: dict[int, int] = {}
        self.settled_by: dict[int, int] = {}
        self.uses: dict[int, list[int]] = {}
        self.through: dict[int, tuple[int, ...]] = {}
        """By call, the origins of what it took."""
        self.behind_force: dict[int, tuple[int, ...]] = {}
        self.behind_failure: dict[int, tuple[int, ...]] = {}
        self.call_of_failure: dict[int, int] = {}
        self._began: dict[int, tuple[int, ...]] = {}
        """By call, the origins that were noted while it ran."""
        self._harms: dict[int, list[_Event]] = {}
        if trace.unknown_shapes:
            self._sweep()
            self._add_forces()
            self._add_failures()

    def _sweep(self) -> None:
        trace, unknown = self._trace, self._trace.unknown_shapes
        began: dict[tuple[int | None, int], list[int]] = {}
        named = {shape.array: number for number, shape in enumerate(unknown)}
        for number, shape in enumerate(unknown):
            began.setdefault((shape.site, shape.thread), []).append(number)
        carried: dict[int, tuple[int, ...]] = {}
        for number, call in enumerate(trace.calls):
            taken = self._taken(call, carried)
            if taken:
                self.through[number] = taken
                for origin in taken:
                    self.uses.setdefault(origin, []).append(number)
            own = self._began_in(number, began.get((call.site, call.thread)))
            for name, _, layout in call.outputs:
                if None in trace.layouts[layout].shape:
                    same = (named[name],) if name in named else ()
                    carried[name] = taken or own or same
                elif carried.pop(name, None) is not None:
                    for origin in taken:
                        self.settled_by.setdefault(origin, number)

    def _taken(self, call: events.Call, carried: dict[int, tuple[int, ...]]) -> tuple[int, ...]:
        found: dict[int, None] = {}
        for name in call.inputs:
            if name in carried:
                found.update(dict.fromkeys(carried[name]))
        return tuple(found)[:MOST_ORIGINS] if found else ()

    def _began_in(self, number: int, origins: list[int] | None) -> tuple[int, ...]:
        """Origins that were noted while a call ran."""
        if not origins:
            return ()
        call, unknown = self._trace.calls[number], self._trace.unknown_shapes
        start = bisect_right(origins, call.at, key=lambda origin: unknown[origin].at)
        found = []
        for origin in islice(origins, start, None):
            if unknown[origin].at > call.at + call.seconds:
                break
            self.made_by[origin] = number
            found.append(origin)
        if found:
            self._began[number] = tuple(found)
        return tuple(found)

    def _add_forces(self) -> None:
        around = lineage(self._trace).around
        for force in self._trace.forces:
            number = around.get(force.id)
            if number is None or force.begin.trigger not in _RESOLVING:
                continue
            if number in self.through:
                self.behind_force[force.id] = self.through[number]
                self._add_harm(force.begin, self.through[number])

    def _add_failures(self) -> None:
        calls = self._trace.calls
        places: dict[tuple[int | None, int, int], list[int]] = {}
        for number, call in enumerate(calls):
            places.setdefault((call.site, call.thread, call.operation), []).append(number)
        concerned = self._concerned()
        for failure in self._trace.failures:
            origins: tuple[int, ...] = ()
            if failure.operation is not None:
                same = places.get((failure.site, failure.thread, failure.operation))
                raising = self._latest(same, failure)
                if raising is not None and raising in self.through:
                    self.call_of_failure[failure.id] = raising
                    origins = self.through[raising]
            elif _SPEAKS.search(failure.message):
                last = self._latest(concerned.get(failure.thread), failure)
                origins = () if last is None else self.through.get(last) or self._began[last]
            self.behind_failure[failure.id] = origins
            self._add_harm(failure, origins)

    def _concerned(self) -> dict[int, list[int]]:
        """By thread, calls that took or made an array of unknown shape."""
        found: dict[int, list[int]] = {}
        for number in sorted(self.through.keys() | self._began.keys()):
            found.setdefault(self._trace.calls[number].thread, []).append(number)
        return found

    def _latest(self, calls: list[int] | None, failure: events.Failure) -> int | None:
        """The last of these calls that had begun when an exception was raised."""
        if not calls:
            return None
        index = bisect_right(calls, failure.at, key=lambda number: self._trace.calls[number].at)
        return calls[index - 1] if index else None

    def _add_harm(self, event: _Event, origins: tuple[int, ...]) -> None:
        for origin in origins:
            self._harms.setdefault(origin, []).append(event)

    def harms_of(self, origin: int) -> list[_Event]:
        """Forces and exceptions because of an origin, in the order of time."""
        return sorted(self._harms.get(origin, []), key=lambda event: event.at)


def _spread(trace: TraceData) -> _Spread:
    found: _Spread | None = vars(trace).get("_analysed_unknown_shapes")
    if found is None:
        found = vars(trace)["_analysed_unknown_shapes"] = _Spread(trace)
    return found


def _harm(trace: TraceData, spread: _Spread, origin: int, event: _Event) -> Harm:
    failure = event if isinstance(event, events.Failure) else None
    number = lineage(trace).around.get(event.id) if failure is None else spread.call_of_failure.get(event.id)
    return Harm(
        force=event.id if failure is None else None,
        failure=failure,
        call=None if number is None else trace.calls[number],
        through=_carriers(trace, spread, origin, number),
        says_so=failure is None or _SPEAKS.search(failure.message) is not None,
    )


def _carriers(trace: TraceData, spread: _Spread, origin: int, number: int | None) -> Chain:
    """Calls between the origin and a call that took what came of it."""
    within = frozenset(spread.uses.get(origin, ()))
    makers = lineage(trace).inputs[number] if number is not None else ()
    return chain(trace, [maker for _, maker in makers if maker is not None and maker in within], within)
