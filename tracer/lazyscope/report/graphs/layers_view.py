"""The layers view: the graph of one force, layer by layer, however many tasks it has."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from lazyscope import figures
from lazyscope.catalogue.finding import Diagnosis
from lazyscope.errors import LazyscopeError
from lazyscope.model.events import Layer, Wanted
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.findings_list import worth_a_look
from lazyscope.report.graphs.labels import Labels, layout_of, operation, shortened, wrapped
from lazyscope.report.graphs.picture import SHARES, Edge, Line, Node, NodeKind, Picture, cost_step

MOST = 40
"""Nodes of layers in a picture."""

_SEVERAL = 3
"""Layers of one operation on the same layers that are drawn as one."""


def layers_view(trace: TraceData, diagnosis: Diagnosis, labels: Labels, force: int | None = None) -> Picture:
    """Draw the layers that a force asked for.

    Parameters
    ----------
    trace, diagnosis, labels
        What is drawn.
    force
        Id of the force; None for `telling_force`.

    Raises
    ------
    LazyscopeError
        If there is no force of that id.
    """
    chosen = telling_force(trace, diagnosis) if force is None else _force_of(trace, force)
    if chosen is None:
        nothing = Node("layers-nothing", "program", (Line("Nothing was forced: no graph was executed."),))
        return Picture("layers", _title(trace, None), "", (nothing,), (), SHARES, "")
    return _Drawer(trace, diagnosis, labels, chosen).picture()


def telling_force(trace: TraceData, diagnosis: Diagnosis) -> Force | None:
    """The force that a reader wants to see first: of the worst finding that with the most tasks."""
    ids = next((set(one.forces) for one in worth_a_look(diagnosis) if one.forces), None)
    forces = [force for force in trace.forces if ids is None or force.id in ids]
    return max(forces, key=lambda force: (force.begin.tasks, force.self_seconds), default=None)


def _force_of(trace: TraceData, number: int) -> Force:
    for force in trace.forces:
        if force.id == number:
            return force
    known = f"its forces are {trace.forces[0].id} to {trace.forces[-1].id}" if trace.forces else "it has none"
    raise LazyscopeError(
        f"the trace has no force {number}: {known}; `lazyscope report TRACE -o FILE.html` lists them"
    )


def _title(trace: TraceData, force: Force | None) -> str:
    program = shortened(" ".join(trace.header.argv) or "The traced block", 70)
    return program if force is None else f"{program}: force {force.id}"


@dataclass
class _Kin:
    """Layers that are drawn as one."""

    layers: list[int] = field(default_factory=list)
    tasks: int = 0
    repeated: int = 0
    last: int | None = None
    """The latest earlier force that asked for some of it."""

    def add(self, wanted: Wanted) -> None:
        self.layers.append(wanted.layer)
        self.tasks += wanted.tasks
        self.repeated += wanted.repeated
        if wanted.last is not None:
            self.last = max(self.last or 0, wanted.last)


class _Drawer:
    def __init__(self, trace: TraceData, diagnosis: Diagnosis, labels: Labels, force: Force) -> None:
        self.trace = trace
        self.diagnosis = diagnosis
        self.labels = labels
        self.force = force
        self.wanted = [one for one in force.begin.wanted if one.tasks]

    def picture(self) -> Picture:
        kin_of = self.families()
        kin: dict[Hashable, _Kin] = {}
        for one in self.wanted:
            kin.setdefault(kin_of[one.layer], _Kin()).add(one)
        kept = dict(sorted(kin.items(), key=lambda item: -item[1].tasks)[:MOST])
        ids = {key: f"layers-n{number}" for number, key in enumerate(kept)}
        node_of = {layer: ids.get(key, "layers-rest") for layer, key in kin_of.items()}
        content = [self.node(ids[key], one) for key, one in kept.items()]
        rest = [one for key, one in kin.items() if key not in kept]
        content += [self.rest(rest)] if rest else []
        content.append(self.gate())
        return Picture(
            "layers",
            _title(self.trace, self.force),
            "Layers of the graph that it asked for, from what they read to the result.",
            tuple(content),
            tuple(self.edges(node_of)),
            SHARES,
            "from that share of its tasks on",
            self.left_out(kin, rest),
        )

    # Which layers are drawn as one

    def families(self) -> dict[int, Hashable]:
        """By layer, what it shares with those that it is drawn together with."""
        for ways in (self.by_source, self.by_ancestry):
            found = ways()
            if len(set(found.values())) <= MOST:
                return found
        return self.by_neighbours()

    def by_source(self) -> dict[int, Hashable]:
        """Layers of one operation on the very same layers, where there are several; every other alone."""
        alike: dict[Hashable, list[int]] = {}
        for one in self.wanted:
            layer = self.trace.layers[one.layer]
            alike.setdefault((layer.operation, tuple(sorted(layer.reads)), layer.tasks), []).append(one.layer)
        found: dict[int, Hashable] = {}
        for layers in alike.values():
            together = len(layers) >= _SEVERAL and self.trace.layers[layers[0]].reads
            found.update((layer, layers[0] if together else layer) for layer in layers)
        return found

    def by_ancestry(self) -> dict[int, Hashable]:
        """Layers of one operation on layers that are alike themselves: parallel branches become one."""
        numbers: dict[Hashable, int] = {}
        found: dict[int, Hashable] = {}
        for layer in sorted(one.layer for one in self.wanted):
            described = self.trace.layers[layer]
            reads = frozenset(found[read] for read in described.reads if read in found)
            found[layer] = numbers.setdefault((described.operation, reads), len(numbers))
        return found

    def by_neighbours(self) -> dict[int, Hashable]:
        """Layers of one operation that read the same operations: steps of a long chain become one."""
        layers = self.trace.layers
        within = {one.layer for one in self.wanted}
        return {
            layer: (
                layers[layer].operation,
                frozenset(layers[read].operation for read in layers[layer].reads if read in within),
            )
            for layer in within
        }

    def left_out(self, kin: dict[Hashable, _Kin], rest: Sequence[_Kin]) -> str:
        if len(kin) == len(self.wanted):
            return ""
        more = (
            f"; {figures.plural(sum(len(one.layers) for one in rest), 'layer')} in the dotted box"
            if rest
            else ""
        )
        drawn = min(len(kin), MOST)
        return f"{len(self.wanted):,} layers, those that are alike drawn as one: {drawn} boxes{more}."

    # Nodes and edges

    def node(self, name: str, kin: _Kin) -> Node:
        first = self.trace.layers[kin.layers[0]]
        times = f" {len(kin.layers):,}×" if len(kin.layers) > 1 else ""
        lines = [
            Line(operation(self.trace.texts[first.operation]) + times, "strong"),
            *self.extent(kin, first),
        ]
        if kin.repeated:
            since = f", last in force {kin.last}" if kin.last is not None else ""
            lines.append(Line(f"{figures.count(kin.repeated)} had run before{since}", "plain"))
        return Node(
            name,
            "source" if first.source else "layer",
            tuple(lines),
            cost_step(kin.tasks / max(self.force.begin.tasks, 1)),
            kin.repeated / kin.tasks or None,
            tooltip="\n".join(
                shortened(self.trace.texts[self.trace.layers[n].name], 120) for n in kin.layers[:6]
            ),
        )

    def extent(self, kin: _Kin, first: Layer) -> list[Line]:
        """Tasks, blocks and their size."""
        whole = sum(self.trace.layers[layer].tasks for layer in kin.layers)
        of_all = f"{figures.count(kin.tasks)} of {figures.plural(whole, 'task')}"
        lines = [Line(of_all if kin.tasks < whole else figures.plural(kin.tasks, "task"))]
        if first.blocks:
            lines.append(Line(f"blocks {layout_of(first.blocks)}", "quiet"))
        if first.chunk is not None:
            size = f", {figures.size(first.chunk_bytes)}" if first.chunk_bytes is not None else ""
            lines.append(Line(f"chunk {layout_of(first.chunk)}{size}", "quiet"))
        return lines

    def rest(self, kin: Iterable[_Kin]) -> Node:
        every = list(kin)
        tasks, repeated = sum(one.tasks for one in every), sum(one.repeated for one in every)
        layers = sum(len(one.layers) for one in every)
        lines = (
            Line(f"{figures.plural(layers, 'more layer')}", "strong"),
            Line(figures.plural(tasks, "task")),
        )
        share = cost_step(tasks / max(self.force.begin.tasks, 1))
        return Node("layers-rest", "rest", lines, share, repeated / tasks or None if tasks else None)

    def gate(self) -> Node:
        begin = self.force.begin
        found = self.diagnosis.of_force.get(self.force.id)
        named = f"{found.id}  " if found is not None else ""
        tasks = (
            figures.plural(begin.tasks, "task") if begin.tasks else "no tasks: what it wanted was in memory"
        )
        again = f", {figures.count(begin.tasks_repeated)} again" if begin.tasks_repeated else ""
        at_most = "" if begin.tasks_exact else "at most "
        lines = [Line(f"{named}{shortened(begin.trigger, 30)}, force {begin.id}", "strong")]
        lines += [Line(text, "code") for text in [self.labels.expression(begin.site)] if text]
        lines.append(Line(self.labels.place(begin.site), "quiet"))
        lines.append(Line(f"{at_most}{tasks}{again}"))
        if self.force.end is None:
            lines += [Line(text) for text in wrapped("it was running when the program was killed", 2)]
        else:
            lines.append(Line(figures.duration(self.force.seconds)))
        kind: NodeKind = "running" if self.force.end is None else "force"
        whole = begin.tasks_repeated / begin.tasks or None if begin.tasks else None
        tooltip = self.labels.tooltip(begin.site, begin.user_site)
        finding = None if found is None else found.id
        follows = found is not None and found.follows is not None
        return Node("layers-force", kind, tuple(lines), 0, whole, finding, follows, tooltip)

    def edges(self, node_of: dict[int, str]) -> list[Edge]:
        """What is read by what; what nothing reads is the result."""
        drawn: dict[tuple[str, str], None] = {}
        read: set[int] = set()
        for layer in node_of:
            for source in self.trace.layers[layer].reads:
                if source in node_of:
                    read.add(source)
                    drawn[node_of[source], node_of[layer]] = None
        edges = [Edge(tail, head, "data") for tail, head in drawn]
        results = dict.fromkeys(node_of[layer] for layer in node_of if layer not in read)
        return edges + [Edge(tail, "layers-force", "forced") for tail in results]
