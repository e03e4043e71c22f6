"""Which arrays to hold in memory so that nothing is read again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lazyscope.analysis.arrays import Array, array_of
from lazyscope.analysis.asked import force_of, readers
from lazyscope.analysis.evidence import all_rereadings
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.places import place_of
from lazyscope.analysis.reading import assigned_before, read
from lazyscope.analysis.rereading import Rereading
from lazyscope.analysis.savings import Saving, if_persisted
from lazyscope.analysis.source import locate
from lazyscope.model.trace import TraceData

_HOLDERS = ("DataArray", "Variable", "from_dask_array", "asarray", "asanyarray")
"""Functions whose result holds the array that they are given, and can be persisted like it."""

_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)?")
"""A variable, or an attribute of one: ``self.data``."""

CONSTANT_BYTES = 1024
"""A source no larger than this is not worth holding: reading it again is as quick."""


@dataclass(frozen=True)
class Held:
    """An array that is worth holding, by the name that the user's code has for it."""

    variable: str
    array: Array
    assigned: Assigned | None = None
    """Where it got that name, if not where it was made: a function of the program's made it."""
    is_named: bool = True
    """If not, `variable` is the expression that made it: it can be held there only."""


@dataclass(frozen=True)
class Assigned:
    """An assignment: its line, in the file of a position."""

    position: int
    line: int


@dataclass(frozen=True)
class Holding:
    """Something that was read again, and the arrays to hold so that it is not."""

    rereading: Rereading
    held: tuple[Held, ...]
    forces: tuple[int, ...]
    """Of the forces that read it, those that are not explained by themselves."""

    @property
    def arrays(self) -> tuple[Array, ...]:
        return tuple(one.array for one in self.held)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.variable for one in self.held))

    @property
    def layers(self) -> frozenset[int]:
        return frozenset(one.array.layer for one in self.held if one.array.layer is not None)


def holdings(trace: TraceData) -> list[Holding]:
    """Everything that was read again and can be held, as far as the user has a name for it."""
    known: list[Holding] | None = vars(trace).get("_holdings")
    if known is None:
        found = [_holding(trace, one) for one in all_rereadings(trace)]
        known = vars(trace)["_holdings"] = [one for one in found if one is not None]
    return known


def _holding(trace: TraceData, one: Rereading) -> Holding | None:
    forces = tuple(number for number in one.forces if stands_for_itself(trace, number))
    if len(forces) < 2 or not one.user_arrays:
        return None
    if one.bytes is not None and one.bytes <= CONSTANT_BYTES and _only_sources(trace, one):
        return None
    if _is_for_lengths(trace, one, forces):
        return None
    began = force_of(trace, one.forces[0]).begin.at
    held = [_held(trace, array, began) or _given_back(trace, array, forces) for array in one.user_arrays]
    named = tuple(array for array in held if array is not None)
    if len(named) < len(held):
        named = (
            _made_of(trace, one.user_arrays, began)
            or _behind(trace, one.user_arrays, began)
            or _anonymous(trace, one.user_arrays, began)
        )
    return Holding(one, named, forces) if named else None


def _held(trace: TraceData, array: Array, began: float) -> Held | None:
    """An array by its name; None if it has none, or was made after the first force that read it."""
    variable = holder_of(trace, array)
    late = array.made_by is not None and array.made_by.at > began
    if variable is None or array.layer is None or late or is_made_again(trace, array):
        return None
    return Held(variable, array)


def _given_back(trace: TraceData, array: Array, forces: Sequence[int]) -> Held | None:
    """An array that a function of the program made, by the variable that got what this returned."""
    if array.position is None or array.layer is None or holder_of(trace, array) is not None:
        return None
    maker = trace.codes[trace.positions[array.position].code].function.rpartition(".")[2]
    sites = dict.fromkeys(force_of(trace, number).begin.user_site for number in forces)
    for site in [site for site in sites if site is not None][:_SITES]:
        reading = read(trace, site)
        found = {}
        for name in reading.names if reading is not None else ():
            definition = assigned_before(trace, site, name)
            if definition is not None and re.match(rf"(\w+\.)*{re.escape(maker)}\(", definition.value):
                found[definition.name] = definition.line
        if len(found) == 1:
            ((variable, line),) = found.items()
            return Held(variable, array, Assigned(site, line))
    return None


_SITES = 8
"""Lines that are looked at for the name of an array."""


def _made_of(trace: TraceData, arrays: Sequence[Array], began: float) -> tuple[Held, ...]:
    """What the user made of just these arrays, if that has a name: ``kept`` of ``kept = x[x > 0]``."""
    taken = {array.text for array in arrays}
    for number in _takers(trace).get(min(taken), ()):
        call = trace.calls[number]
        if set(call.inputs) != taken or call.at > began:
            continue
        for name in {output[0] for output in call.outputs}.difference(taken):
            found = with_layer(trace, array_of(trace, name, number))
            held = _held(trace, found, began)
            if held is not None:
                return (held,)
    return ()


def _behind(trace: TraceData, arrays: Sequence[Array], began: float) -> tuple[Held, ...]:
    """The nearest arrays with a name that all of these were made from; none if any has another origin."""
    pending = [(array, 0) for array in arrays]
    found: dict[str, Held] = {}
    while pending:
        array, steps = pending.pop()
        held = _held(trace, with_layer(trace, array), began) if steps else None
        if held is not None:
            found[held.variable] = held
            continue
        maker = lineage(trace).makers.get(array.text)
        inputs = lineage(trace).inputs[maker] if maker is not None and steps < _MOST_STEPS else ()
        if not inputs:
            return ()
        pending += [(array_of(trace, *one), steps + 1) for one in inputs]
    return tuple(found.values())


_MOST_STEPS = 4
"""Calls that are followed back from what is read again."""


def _anonymous(trace: TraceData, arrays: Sequence[Array], began: float) -> tuple[Held, ...]:
    """Arrays by the expressions of the user's that made them, each once; none unless all have one.

    What is made by two expressions cannot be held at one of them: the other makes it anew.
    """
    found: list[Held] = []
    for array in arrays:
        call, position = array.made_by, array.position
        if call is None or position is None or call.site != call.user_site or array.layer is None:
            return ()
        text = locate(trace, position).expression
        if text is None or call.at > began or len(_makings(trace).get(array.text, ())) > 1:
            return ()
        found.append(Held(text, array, is_named=False))
    return tuple(found)


def is_made_again(trace: TraceData, array: Array) -> bool:
    """Whether the same array is made at its place more than once: what is held there is held for nothing."""
    if array.made_by is None or array.position is None:
        return False
    place = place_of(trace, array.position)
    return [place_of(trace, site) for site in _makings(trace).get(array.text, ())].count(place) > 1


def _makings(trace: TraceData) -> dict[int, list[int]]:
    """By name of an array, the user's positions at which it was made, each as often as it was."""
    known: dict[int, list[int]] | None = vars(trace).get("_positions_of_makings")
    if known is None:
        known = vars(trace)["_positions_of_makings"] = {}
        for call in trace.calls:
            if call.user_site is not None:
                for name in {output[0] for output in call.outputs}.difference(call.inputs):
                    known.setdefault(name, []).append(call.user_site)
    return known


def _takers(trace: TraceData) -> dict[int, list[int]]:
    """By name of an array, the calls that took it."""
    known: dict[int, list[int]] | None = vars(trace).get("_takers")
    if known is None:
        known = vars(trace)["_takers"] = {}
        for number, call in enumerate(trace.calls):
            for name in call.inputs:
                known.setdefault(name, []).append(number)
    return known


def with_layer(trace: TraceData, array: Array) -> Array:
    """An array with the layer that stands for it.

    What a mask selects has no tasks of its own name: its blocks are those of a layer that reads just
    what the call took.
    """
    if array.layer is not None or array.made_by is None:
        return array
    known = lineage(trace).layers
    taken = [known.get(name) for name in dict.fromkeys(array.made_by.inputs)]
    if not taken or None in taken:
        return array
    same = [layer for layer in readers(trace, taken[0] or 0) if set(trace.layers[layer].reads) == set(taken)]
    return replace(array, layer=same[0], bytes=None) if len(same) == 1 else array


def _is_for_lengths(trace: TraceData, one: Rereading, forces: Sequence[int]) -> bool:
    """Whether it was read again because its sizes were computed: LZ109 speaks of that."""
    unknown = {shape.array for shape in trace.unknown_shapes}
    others = [n for n in forces if force_of(trace, n).begin.trigger != "compute_chunk_sizes"]
    if len(others) >= 2:
        return False
    arrays = [array.text for array in one.user_arrays]
    made = {n for taker in _takers(trace).get(arrays[0], ()) for n, _, _ in trace.calls[taker].outputs}
    return unknown.issuperset(arrays) or (len(others) < len(forces) and not unknown.isdisjoint(made))


def _only_sources(trace: TraceData, one: Rereading) -> bool:
    tasks = sum(trace.layers[layer].tasks for layer in one.layers)
    return set(one.sources) >= {n for n in one.layers if trace.layers[n].tasks} and tasks <= 1


def stands_for_itself(trace: TraceData, number: int) -> bool:
    """Whether a force is no part of another, and not made by what other entries explain anyway."""
    begin = force_of(trace, number).begin
    if begin.parent is not None or begin.inferring:
        return False
    reading = read(trace, begin.site) if begin.site is not None else None
    thrown_away = begin.trigger == "persist" and reading is not None and reading.outcome == "discarded"
    return not thrown_away


def holder_of(trace: TraceData, array: Array) -> str | None:
    """The variable in the user's code that holds an array: itself, or the object made of it."""
    if array.variable is not None or array.position is None:
        return array.variable
    reading = read(trace, array.position)
    if reading is None or len(reading.targets) != 1 or not _PATH.fullmatch(reading.targets[0]):
        return None
    if not reading.passed_to and "." in reading.targets[0]:
        return reading.targets[0]
    around = [callee.function.rpartition(".")[2] for callee in reading.passed_to[:1]]
    return reading.targets[0] if around and around[0] in _HOLDERS else None


def common_line(trace: TraceData, forces: Iterable[int]) -> int | None:
    """The user's position that forces come from, if that is one; the first of its positions."""
    positions = [force_of(trace, number).begin.user_site for number in forces]
    known = [position for position in positions if position is not None]
    if not known or len(known) != len(positions):
        return None
    return known[0] if len({place_of(trace, position) for position in known}) == 1 else None


def best(trace: TraceData, found: Sequence[Holding], most: int = 8) -> list[tuple[Holding, Saving]]:
    """Of several things to hold those that save most, each by what it saves beyond the ones before.

    Parameters
    ----------
    trace
        The trace.
    found
        What could be held.
    most
        How many of them are looked at, those that were read again most.
    """
    pending, held, chosen = list(found[:most]), frozenset[int](), list[tuple[Holding, Saving]]()
    while pending:
        priced = [(one, _beyond(trace, one, held)) for one in pending]
        priced = [(one, worth) for one, worth in priced if worth > 0]
        if not priced:
            break
        winner, worth = max(priced, key=lambda pair: (pair[1], -pair[0].forces[0]))
        if held and worth < _WORTH_SAYING * max(sum(if_persisted(trace, winner.layers).tasks) / 2, 1):
            pending.remove(winner)
            continue
        chosen.append((winner, if_persisted(trace, winner.layers)))
        held |= winner.layers
        pending = [one for one, _ in priced if one is not winner]
    return chosen


_WORTH_SAYING = 0.5
"""A second array is worth holding if that much of what it saves is not saved by the first."""


def _beyond(trace: TraceData, one: Holding, held: frozenset[int]) -> float:
    """Tasks that holding it saves when others are held already: between the least and the most."""
    with_it = if_persisted(trace, held | one.layers).tasks
    without = if_persisted(trace, held).tasks if held else (0, 0)
    if with_it[1] - without[1] <= 0:
        return 0.0
    return max((with_it[0] - without[0] + with_it[1] - without[1]) / 2, 0.0)
