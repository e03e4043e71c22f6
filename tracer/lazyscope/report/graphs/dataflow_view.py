"""The dataflow view: arrays and the calls that connect them, and which forces made them compute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from lazyscope import figures
from lazyscope.analysis.arrays import variable_at
from lazyscope.analysis.course import Operations
from lazyscope.analysis.lineage import Made, lineage
from lazyscope.analysis.places import Place, place_of
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.model.events import Call
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.graphs.labels import CODE, Labels, layout_of, listed, shortened, title
from lazyscope.report.graphs.moment_nodes import heading
from lazyscope.report.graphs.picture import TIMES, Content, Edge, Group, Line, Node, Picture, times_step

MOST = 40
"""Nodes of calls and arrays in a picture."""

_DEAREST = 20
"""Nodes of them where there are more."""

_GATES = 10
"""Places of forces in a picture."""


def dataflow_view(trace: TraceData, diagnosis: Diagnosis, labels: Labels) -> Picture:
    """Draw what was made from what."""
    return _Drawer(trace, diagnosis, labels).picture()


_Key: TypeAlias = tuple[object, ...]
"""What events that are drawn as one have in common; begins with the kind."""


@dataclass
class _Maker:
    """Calls of one place, or arrays from outside, that are drawn as one node."""

    site: int | None = None
    user_site: int | None = None
    calls: int = 0
    operations: Operations = field(default_factory=dict)
    last: tuple[int, int, int] | None = None
    """Name, dtype and layout of the latest array that came out."""
    arrays: set[int] = field(default_factory=set)
    """Names."""


class _Drawer:
    def __init__(self, trace: TraceData, diagnosis: Diagnosis, labels: Labels) -> None:
        self.trace = trace
        self.diagnosis = diagnosis
        self.labels = labels
        self.lineage = lineage(trace)
        self.makers: dict[_Key, _Maker] = {}
        self.of_call: list[_Key] = []
        self.flow: set[tuple[_Key, _Key]] = set()
        self.places: dict[int, Place] = {}

    def picture(self) -> Picture:
        self.collect()
        kept = self.kept()
        ids = {key: f"dataflow-n{number}" for number, key in enumerate(kept)}
        gates = self.gates()
        content = [*self.boxes(kept, ids), *self.rest(ids), *(self.gate(gate) for gate in gates)]
        return Picture(
            "dataflow",
            shortened(" ".join(self.trace.header.argv) or "The traced block", 90),
            "What was made from what, from inputs to results, and the forces that computed it.",
            tuple(content),
            tuple(self.edges(ids, gates)),
            TIMES,
            "computed so many times",
            self.left_out(ids, gates),
        )

    # Calls of one place are one node

    def collect(self) -> None:
        """Put calls together by the line that made them; if these are too many, by the user's line."""
        keys: list[dict[tuple[int, int | None], _Key]] = [{}, {}]
        for call in self.trace.calls:
            pair = call.site, call.user_site
            if pair not in keys[0]:
                keys[0][pair], keys[1][pair] = self.key_of(call, "callers"), self.key_of(call, "lines")
        made = [self.made_by(call) for call in self.trace.calls]
        makers = {
            keys[0][call.site, call.user_site]
            for call, new in zip(self.trace.calls, made, strict=True)
            if new
        }
        chosen = keys[len(makers) > MOST]
        self.of_call = [chosen[call.site, call.user_site] for call in self.trace.calls]
        for number, new in enumerate(made):
            if new:
                self.add(number, new)

    def made_by(self, call: Call) -> list[tuple[int, int, int]]:
        """What flows on from a call: not what it handed back, asked about, or forced."""
        return [output for output in call.outputs if output[0] not in call.inputs]

    def add(self, number: int, new: list[tuple[int, int, int]]) -> None:
        """Count a call."""
        call, key = self.trace.calls[number], self.of_call[number]
        maker = self.makers.get(key)
        if maker is None:
            maker = self.makers[key] = _Maker(call.site, call.user_site)
        maker.calls += 1
        maker.operations[call.operation] = maker.operations.get(call.operation, 0) + 1
        maker.last = new[-1]
        maker.arrays.update([output[0] for output in new])
        for made in self.lineage.inputs[number]:
            source = self.source_of(made)
            if source != key:
                self.flow.add((source, key))

    def source_of(self, made: Made) -> _Key:
        """Who made an array."""
        name, maker = made
        if maker is not None:
            return self.of_call[maker]
        key: _Key = ("input", name)
        self.makers.setdefault(key, _Maker(arrays={name}))
        return key

    def key_of(self, call: Call, detail: Literal["callers", "lines"]) -> _Key:
        user_site = None if call.user_site is None else self.line(call.user_site)
        if user_site is not None and (detail == "lines" or call.site == call.user_site):
            return "line", user_site
        return "caller", user_site, self.line(call.site)

    def line(self, position: int) -> tuple[int, int]:
        """File and line of a position."""
        if position not in self.places:
            self.places[position] = place_of(self.trace, position)
        place = self.places[position]
        return self.trace.codes[place[0]].file, place[1]

    # What is drawn

    def kept(self) -> list[_Key]:
        """The nodes there is room for, in the order of time: first what was computed most often."""
        if len(self.makers) <= MOST:
            return list(self.makers)
        dearest = sorted(
            self.makers, key=lambda key: (-self.times(self.makers[key]), -self.makers[key].calls)
        )
        chosen = set(dearest[:_DEAREST])
        return [key for key in self.makers if key in chosen]

    def most(self, maker: _Maker) -> int:
        """How many forces computed one of the arrays that it made, at most."""
        layers = map(self.lineage.layers.get, maker.arrays)
        return max((len(self.asking.get(layer, ())) for layer in layers if layer is not None), default=0)

    def times(self, maker: _Maker) -> int:
        """How many forces computed what it made."""
        return len(self.forces_of(maker))

    def forces_of(self, maker: _Maker) -> set[int]:
        forces: set[int] = set()
        for name in maker.arrays:
            forces |= self.asking.get(self.lineage.layers.get(name, -1), set())
        return forces

    @cached_property
    def asking(self) -> dict[int, set[int]]:
        """By layer, the ids of the forces that asked for it."""
        found: dict[int, set[int]] = {}
        for force in self.trace.forces:
            for wanted in force.begin.wanted:
                if wanted.tasks:
                    found.setdefault(wanted.layer, set()).add(force.id)
        return found

    def boxes(self, kept: Sequence[_Key], ids: dict[_Key, str]) -> Iterator[Content]:
        """The nodes; what a library did for one line of the user's in a box."""
        boxed: dict[object, list[_Key]] = {}
        for key in kept:
            boxed.setdefault(key[1] if key[0] == "caller" else key, []).append(key)
        for number, (owner, keys) in enumerate(boxed.items()):
            drawn = [self.node(ids[key], key) for key in keys]
            if keys[0][0] != "caller" or owner is None:
                yield from drawn
                continue
            user_site = self.makers[keys[0]].user_site
            heading = title(self.labels.whole_place(user_site), self.labels.code(user_site, 60))
            yield Group(f"dataflow-g{number}", "line", heading, tuple(drawn))

    def node(self, name: str, key: _Key) -> Node:
        maker = self.makers[key]
        if key[0] == "input":
            return self.input(name, maker)
        variable = self.variable(maker) if key[0] == "line" else None
        lines = [Line(variable, "strong")] if variable else []
        lines.append(Line(self.labels.operations(maker.operations), "plain" if variable else "strong"))
        lines += [Line(self.whereabouts(key, maker), "quiet"), *self.outcome(maker)]
        tooltip = self.labels.tooltip(maker.site, maker.user_site)
        return Node(
            name,
            "array" if variable else "calls",
            tuple(lines),
            times_step(self.times(maker)),
            tooltip=tooltip,
        )

    def variable(self, maker: _Maker) -> str | None:
        """What the user's line assigned the array to."""
        if not self.labels.source or maker.user_site is None:
            return None
        found = variable_at(self.trace, maker.user_site)
        return None if found is None else shortened(found, CODE)

    def whereabouts(self, key: _Key, maker: _Maker) -> str:
        if key[0] == "line":
            calls = f", {figures.plural(maker.calls, 'call')}" if maker.calls > 1 else ""
            return self.labels.place(maker.user_site) + calls
        inside = self.labels.function(maker.site)
        return self.labels.place(maker.site) + (f", in {inside}" if inside else "")

    def outcome(self, maker: _Maker) -> list[Line]:
        """Type, shape and chunks of what came out, and how often it was computed."""
        lines = []
        if maker.last is not None:
            _, dtype, layout = maker.last
            found = self.trace.layouts[layout]
            chunks = layout_of(found.numblocks)
            of = f"{shortened(self.trace.texts[dtype], 24)} {layout_of(found.shape)}"
            lines.append(Line(f"{of}, blocks {chunks}" if found.numblocks else of, "quiet"))
        return lines + self.computed(maker)

    def computed(self, maker: _Maker) -> list[Line]:
        forces = self.forces_of(maker)
        if not forces:
            return []
        named = Counter(one.id for force in forces if (one := self.diagnosis.of_force.get(force)) is not None)
        by = f" by {listed([name for name, _ in named.most_common()], 24)}" if named else ""
        return [Line(f"computed {figures.count(len(forces))}×{by}")]

    def input(self, name: str, maker: _Maker) -> Node:
        (array,) = maker.arrays
        layer = self.lineage.layers.get(array)
        lines = [
            Line(
                shortened(self.trace.texts[array].rpartition("-")[0] or self.trace.texts[array], 30), "strong"
            )
        ]
        if layer is not None and (chunk := self.trace.layers[layer].chunk) is not None:
            lines.append(Line(f"chunk {layout_of(chunk)}", "quiet"))
        return Node(name, "input", (*lines, *self.computed(maker)), times_step(self.times(maker)))

    def rest(self, ids: dict[_Key, str]) -> list[Node]:
        left = [maker for key, maker in self.makers.items() if key not in ids]
        if not left:
            return []
        calls = sum(maker.calls for maker in left)
        lines = (
            Line(f"{figures.plural(len(left), 'more place')}", "strong"),
            Line(figures.plural(calls, "call")),
        )
        return [Node("dataflow-rest", "rest", lines, times_step(max(map(self.most, left))))]

    # Forces

    def gates(self) -> list[_Gate]:
        """Forces of one finding together, the dearest first; those for which there is no room as one."""
        groups: dict[object, list[Force]] = {}
        for force in self.trace.forces:
            found = self.diagnosis.of_force.get(force.id)
            key = (
                found.id
                if found is not None
                else (force.begin.site, force.begin.user_site, force.begin.trigger)
            )
            groups.setdefault(key, []).append(force)
        dearest = sorted(groups.values(), key=lambda forces: -sum(force.self_seconds for force in forces))
        gates = [
            _Gate(f"dataflow-f{number}", tuple(forces), self.diagnosis.of_force.get(forces[0].id))
            for number, forces in enumerate(dearest[:_GATES])
        ]
        if rest := [force for forces in dearest[_GATES:] for force in forces]:
            gates.append(_Gate("dataflow-forces", tuple(rest), None, places=len(dearest) - _GATES))
        return gates

    def gate(self, gate: _Gate) -> Node:
        seconds = Line(figures.duration(sum(force.self_seconds for force in gate.forces)))
        if gate.places:
            places = figures.plural(gate.places, "more place")
            head = Line(f"{figures.plural(len(gate.forces), 'force')} at {places}", "strong")
            return Node(gate.id, "rest", (head, seconds))
        begin, found = gate.forces[0].begin, gate.finding
        lines = [heading(found, shortened(begin.trigger, 30), len(gate.forces))]
        lines += [Line(text, "code") for text in [self.labels.expression(begin.site, 36)] if text]
        lines += [Line(self.labels.place(begin.site), "quiet"), seconds]
        running = any(force.end is None for force in gate.forces)
        return Node(
            gate.id,
            "running" if running else "force",
            tuple(lines),
            0,
            finding=None if found is None else found.id,
            follow_on=found is not None and found.follows is not None,
            tooltip=self.labels.tooltip(begin.site, begin.user_site),
        )

    # Edges

    def edges(self, ids: dict[_Key, str], gates: Sequence[_Gate]) -> list[Edge]:
        order = {key: number for number, key in enumerate(self.makers)}
        drawn: dict[tuple[str, str], None] = {}
        for tail, head in sorted(self.flow, key=lambda edge: (order[edge[0]], order[edge[1]])):
            ends = ids.get(tail, "dataflow-rest"), ids.get(head, "dataflow-rest")
            if ends[0] != ends[1]:
                drawn[ends] = None
        edges = [Edge(tail, head, "data") for tail, head in drawn]
        for gate in gates:
            asked = (made for force in gate.forces for made in self.lineage.asked.get(force.id, ()))
            tails = dict.fromkeys(ids.get(self.source_of(made), "dataflow-rest") for made in asked)
            edges += [Edge(tail, gate.id, "follow-on" if gate.follows else "forced") for tail in tails]
        return edges

    def left_out(self, ids: dict[_Key, str], gates: Sequence[_Gate]) -> str:
        more, places = len(self.makers) - len(ids), sum(gate.places for gate in gates)
        parts = [f"{figures.plural(more, 'place')} of {len(self.makers):,} that made calls"] if more else []
        parts += [f"{figures.plural(places, 'place')} that forced"] if places else []
        return f"Folded for want of room, in dotted boxes: {', '.join(parts)}." if parts else ""


@dataclass(frozen=True)
class _Gate:
    """Forces that are drawn as one."""

    id: str
    forces: tuple[Force, ...]
    finding: Finding | None
    places: int = 0
    """Places that it stands for, if it is the rest."""

    @property
    def follows(self) -> bool:
        return self.finding is not None and self.finding.follows is not None
