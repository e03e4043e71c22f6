"""Which call made which array, and which arrays the user has in hand.

An array's name is the name of its last layer, so a call that hands its input back unchanged makes
nothing. The same name may come again, in a loop or because a program gives names of its own: the maker is
the latest call before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeAlias

from lazyscope.analysis.bindings import bound_arrays
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData

MOST = 16
"""Arrays that are remembered of those behind a call."""

_LOOK_BACK = 16
"""Calls of a thread among which the one is sought that a force lies in."""

Made: TypeAlias = tuple[int, int | None]
"""Name of an array (a text), and index of the call that made it; None if it existed before the trace, or
nothing was seen of its making."""


class Lineage:
    """Makers of all arrays of a trace. A call is known by its index in `TraceData.calls`.

    Attributes
    ----------
    inputs : list
        By call, the arrays it took.
    asked : dict
        By id of a force, the arrays it was asked for; where those are inside a call, what that took.
    around : dict
        By id of a force, the call it happened in.
    makers : dict
        By name, the last call that made it.
    derived : set
        Names of arrays that were made from others, or in a way that was not seen.
    layers : dict
        By name, the layer.
    """

    def __init__(self, trace: TraceData) -> None:
        self._trace = trace
        self.inputs: list[tuple[Made, ...]] = []
        self.asked: dict[int, tuple[Made, ...]] = {}
        self.around: dict[int, int] = {}
        self.makers: dict[int, int] = {}
        self.derived: set[int] = set()
        self.layers = {layer.name: number for number, layer in enumerate(trace.layers)}
        self._persisted: dict[int, int] = {}
        self._threads: dict[int, list[int]] = {}
        self._sweep()

    def _sweep(self) -> None:
        """Go through calls and forces in the order of time."""
        forces = sorted(self._trace.forces, key=lambda force: force.begin.at)
        following = 0
        for number, call in enumerate(self._trace.calls):
            while following < len(forces) and forces[following].begin.at < call.at:
                self._add_force(forces[following])
                following += 1
            self._add_call(number, call)
        for force in forces[following:]:
            self._add_force(force)

    def _add_call(self, number: int, call: events.Call) -> None:
        makers, taken = self.makers, call.inputs
        self.inputs.append(tuple([(name, makers.get(name)) for name in dict.fromkeys(taken)]))
        self._threads.setdefault(call.thread, []).append(number)
        for name, _, _ in call.outputs:
            if name not in taken:
                makers[name] = number
                if taken or call.via is not None:
                    self.derived.add(name)

    def _add_force(self, force: Force) -> None:
        asked = tuple([(name, self.makers.get(name)) for name in dict.fromkeys(force.begin.results)])
        around = self._call_around(force)
        if around is not None:
            self.around[force.id] = around
            if all(maker is None for _, maker in asked):
                asked = self.inputs[around]
        self.asked[force.id] = asked
        if force.begin.trigger == "persist":
            for name in force.begin.results:
                self._persisted.setdefault(name, force.id)

    def _call_around(self, force: Force) -> int | None:
        for number in reversed(self._threads.get(force.begin.thread, ())[-_LOOK_BACK:]):
            call = self._trace.calls[number]
            if force.begin.at <= call.at + call.seconds:
                return number
        return None

    def is_held(self, name: int, force: int) -> bool:
        """Whether an array was persisted before the force of this id."""
        return self._persisted.get(name, force) < force

    @cached_property
    def at_user(self) -> frozenset[int]:
        """Names of the arrays that the user has in hand: a user's line made, took or forced them.

        Of arrays that existed before the trace, those too that a variable of the user's was bound to.
        """
        found: set[int] = set()
        for call in self._trace.calls:
            if call.site == call.user_site:
                found.update(call.inputs)
                found.update([output[0] for output in call.outputs])
        for force in self._trace.forces:
            if force.begin.site is not None and force.begin.site == force.begin.user_site:
                found.update(force.begin.results)
        found.update(array for array in bound_arrays(self._trace) if array not in self.makers)
        return frozenset(found)

    def nearest_at_user(self, force: int) -> tuple[Made, ...]:
        """The nearest arrays behind a force that the user has in hand."""
        return _reached(self.asked.get(force, ()), self._is_at_user, self._nearest)

    def farthest(self, force: int) -> tuple[Made, ...]:
        """The arrays behind a force that were made from no other."""
        return _reached(self.asked.get(force, ()), self._is_beginning, self._farthest)

    def _is_at_user(self, name: int, _: int | None) -> bool:
        return name in self.at_user

    def _is_beginning(self, _: int, maker: int | None) -> bool:
        return maker is None or not self.inputs[maker]

    @cached_property
    def _nearest(self) -> list[tuple[Made, ...]]:
        return self._reached_by_call(self._is_at_user)

    @cached_property
    def _farthest(self) -> list[tuple[Made, ...]]:
        return self._reached_by_call(self._is_beginning)

    def _reached_by_call(self, ends: _Ends) -> list[tuple[Made, ...]]:
        found: list[tuple[Made, ...]] = []
        for inputs in self.inputs:
            found.append(_reached(inputs, ends, found))
        return found


_Ends: TypeAlias = Callable[[int, int | None], bool]


def _reached(arrays: Sequence[Made], ends: _Ends, by_call: list[tuple[Made, ...]]) -> tuple[Made, ...]:
    """Follow arrays back to where the way `ends`; what is behind their makers is known by call."""
    if len(arrays) == 1:
        maker = arrays[0][1]
        return tuple(arrays) if maker is None or ends(*arrays[0]) else by_call[maker]
    found: dict[Made, None] = {}
    for array in arrays:
        if array[1] is None or ends(*array):
            found[array] = None
        else:
            found.update(dict.fromkeys(by_call[array[1]]))
    return tuple(found)[:MOST]


def lineage(trace: TraceData) -> Lineage:
    """Makers of the arrays of `trace`; what was found is kept with it."""
    found: Lineage | None = vars(trace).get("_analysed_lineage")
    if found is None:
        found = vars(trace)["_analysed_lineage"] = Lineage(trace)
    return found
