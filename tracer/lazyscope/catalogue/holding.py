"""Which arrays to hold in memory so that nothing is read again, and where to do it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lazyscope.analysis.arrays import Array, array_of
from lazyscope.analysis.asked import force_of, readers
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.lineage import lineage
from lazyscope.analysis.places import place_of
from lazyscope.analysis.reading import assigned_before, call_at, read
from lazyscope.analysis.rereading import Rereading
from lazyscope.analysis.savings import Saving, if_persisted
from lazyscope.analysis.source import found_at
from lazyscope.catalogue.advice import (
    file_at,
    is_in_scope,
    line_of,
    lines_before,
    persist_fix,
    persist_lines,
    short,
)
from lazyscope.catalogue.caught_arrays import after_assignment
from lazyscope.catalogue.evidence import all_rereadings
from lazyscope.catalogue.finding import Fix, Replacement
from lazyscope.catalogue.given_arrays import before_first_use
from lazyscope.model.trace import TraceData

_HOLDERS = ("DataArray", "Variable", "from_dask_array", "asarray", "asanyarray")
"""Functions whose result holds the array that they are given, and can be persisted like it."""

CONSTANT_BYTES = 1024
"""A source no larger than this is not worth holding: reading it again is as quick."""


@dataclass(frozen=True)
class Held:
    """An array that is worth holding, by the name that the user's code has for it."""

    variable: str
    array: Array
    assigned: _Assigned | None = None
    """Where it got that name, if not where it was made: a function of the program's made it."""


@dataclass(frozen=True)
class _Assigned:
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
        named = _made_of(trace, one.user_arrays, began)
    return Holding(one, named, forces) if named else None


def _held(trace: TraceData, array: Array, began: float) -> Held | None:
    """An array by its name; None if it has none, or was made after the first force that read it."""
    variable = holder_of(trace, array)
    late = array.made_by is not None and array.made_by.at > began
    if variable is None or array.layer is None or late:
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
            return Held(variable, array, _Assigned(site, line))
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
    if reading is None or len(reading.targets) != 1 or not reading.targets[0].isidentifier():
        return None
    around = [callee.function.rpartition(".")[2] for callee in reading.passed_to[:1]]
    return reading.targets[0] if around and around[0] in _HOLDERS else None


# Where


def common_line(trace: TraceData, forces: Iterable[int]) -> int | None:
    """The user's position that forces come from, if that is one; the first of its positions."""
    positions = [force_of(trace, number).begin.user_site for number in forces]
    known = [position for position in positions if position is not None]
    if not known or len(known) != len(positions):
        return None
    return known[0] if len({place_of(trace, position) for position in known}) == 1 else None


def persisted(trace: TraceData, one: Holding, saving: Saving) -> Fix:
    """The fix that holds the arrays, with the lines for it."""
    where, replacement = _where(trace, one)
    named = tuple(_named(held) for held in one.held)
    return persist_fix(named, saving, where, replacement)


def _named(held: Held) -> Array:
    return replace(held.array, variable=held.variable)


def _where(trace: TraceData, one: Holding) -> tuple[str, Replacement | None]:
    lines = persist_lines(one.variables)
    line = common_line(trace, one.forces)
    call = call_at(trace, line) if line is not None else None
    reading = read(trace, line) if line is not None else None
    # In a loop the line before it would run in every turn.
    visible = reading is not None and not reading.loops
    visible = visible and all(found.assigned or is_in_scope(trace, found.array, line) for found in one.held)
    if line is not None and call is not None and visible and _is_in_library(trace, one.forces):
        text = short(site_text(trace, line))
        return f"before `{text}`", lines_before(trace, line, call.insertion, *lines)
    assigned = [found.assigned for found in one.held if found.assigned is not None]
    if len(assigned) == len(one.held):
        last_assigned = max(assigned, key=lambda found: found.line)
        alone = len(assigned) == 1
        return f"after line {last_assigned.line}", _after_line(
            trace, last_assigned, *lines
        ) if alone else None
    if all(found.array.bound_at is not None for found in one.held):
        return before_first_use(trace, one.arrays, one.forces, *lines)
    last = _last_made(one)
    if last is None or last.position is None:
        return "before it is used", None
    at = line_of(site_at(trace, last.position))
    return f"after {at}", after_assignment(trace, last.position, *lines)


def _after_line(trace: TraceData, assigned: _Assigned, *lines: str) -> Replacement | None:
    """New lines after a simple statement that begins on a line."""
    found = found_at(trace, assigned.position)
    statements = [node for node in ast.walk(found.module) if isinstance(node, ast.Assign)] if found else []
    same = [node for node in statements if node.lineno == assigned.line]
    if found is None or len(same) != 1 or found.line(assigned.line)[: same[0].col_offset].strip():
        return None
    last = same[0].end_lineno or assigned.line
    if ";" in found.line(last):
        return None
    indent = " " * same[0].col_offset
    return Replacement(
        file_at(trace, assigned.position), last + 1, last, tuple(indent + new for new in lines)
    )


def _is_in_library(trace: TraceData, forces: Sequence[int]) -> bool:
    """Whether the user's line reached a library that forced, rather than forcing itself."""
    begins = [force_of(trace, number).begin for number in forces]
    return all(begin.site != begin.user_site for begin in begins)


def _last_made(one: Holding) -> Array | None:
    made = [array for array in one.arrays if array.made_by is not None and array.position is not None]
    return max(made, key=lambda array: array.made_by.at if array.made_by else 0.0, default=None)


def site_text(trace: TraceData, position: int) -> str:
    """What is written at a position."""
    found = site_at(trace, position)
    return "" if found is None else found.expression or found.code


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
