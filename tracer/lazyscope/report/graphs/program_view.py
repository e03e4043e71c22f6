"""The program view: the run from top to bottom, forces as gates between lazy stretches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lazyscope import figures
from lazyscope.analysis.course import Moment, Stretch, courses
from lazyscope.analysis.folding import Folded, Turns
from lazyscope.analysis.unknown_shapes import path_of_unknown
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.findings_list import worth_a_look
from lazyscope.report.graphs.call_rows import CallRows, UserLine
from lazyscope.report.graphs.labels import Labels, shortened, title, wrapped
from lazyscope.report.graphs.moment_nodes import MomentNodes, finding_of
from lazyscope.report.graphs.picture import (
    SHARES,
    Content,
    Edge,
    EdgeKind,
    Group,
    Line,
    Node,
    Picture,
)
from lazyscope.report.graphs.shortening import Shortened, leaves, shorten
from lazyscope.report.headline import how_it_ended

_NESTED = 3
"""Places of nested forces that are drawn at a gate."""


def program_view(trace: TraceData, diagnosis: Diagnosis, labels: Labels) -> Picture:
    """Draw the course of a program."""
    return _Drawer(trace, diagnosis, labels).picture()


@dataclass
class _Chain:
    """Parts that follow each other: what is drawn, and the first and last node of it."""

    content: list[Content] = field(default_factory=list)
    first: str | None = None
    last: str | None = None
    first_box: str = ""
    """Id of the box that it begins with; empty if it begins with a node."""
    last_box: str = ""


_START = _Chain(first="program-start", last="program-start")
_END = _Chain(first="program-end", last="program-end")


@dataclass
class _Drawer:
    trace: TraceData
    diagnosis: Diagnosis
    labels: Labels
    edges: list[Edge] = field(default_factory=list)
    number: int = 0
    of_event: dict[int, str] = field(default_factory=dict)
    """Node of each force, by id, and of each failure, by its id below 0."""
    of_shape: dict[int, str] = field(default_factory=dict)
    advised: set[str] = field(default_factory=set)
    """Findings whose fix is in the picture."""

    def __post_init__(self) -> None:
        self.nodes = MomentNodes(self.trace, self.diagnosis, self.labels)
        self.rows = CallRows(self.trace, self.labels)

    def picture(self) -> Picture:
        trace = self.trace
        threads, left_out = shorten(trace, self.diagnosis, courses(trace))
        content = [self.start(), *self.threads(threads), self.end()]
        self.add_harm()
        return Picture(
            "program",
            shortened(" ".join(trace.header.argv) or "The traced block", 90),
            "From top to bottom: lazy stretches, and the forces between them.",
            tuple(content),
            tuple(self.edges),
            SHARES,
            "from that share of the time forced on",
            left_out,
        )

    # Threads

    def start(self) -> Node:
        count = figures.plural(len(self.trace.calls), "array call")
        forces = figures.plural(len(self.trace.forces), "force")
        return Node(
            "program-start", "program", (Line("start", "strong"), Line(f"{count}, {forces}", "quiet"))
        )

    def end(self) -> Node:
        ended = how_it_ended(self.trace, lambda name: shortened(name, 40))
        return Node("program-end", "program", tuple(Line(line) for line in wrapped(ended, 3)))

    def threads(self, threads: Sequence[Shortened]) -> Iterator[Content]:
        for thread in threads:
            chain = self.chain(thread.moments, None)
            self.order(_START, chain)
            self.order(chain, _END)
            if len(threads) == 1:
                yield from chain.content
            elif chain.content:
                name = Line(f"thread {shortened(thread.thread, 40)}", "strong")
                yield Group(self.new_id(), "thread", (name,), tuple(chain.content))
        if not threads:
            self.order(_START, _END)

    # Moments, loops, lines

    def chain(self, items: Sequence[Folded[Moment]], line: UserLine | None) -> _Chain:
        """Draw what follows each other; `line` is the user's line whose box this is in."""
        whole = _Chain()
        for here, parts in self.by_line(items):
            if here is None or here == line:
                for part in parts:
                    drawn = self.loop(part, line) if isinstance(part, Turns) else self.moment(part, line)
                    self.append(whole, drawn)
            else:
                self.append(whole, self.outside(parts[0], here))
                self.append(whole, self.boxed(parts, here))
        return whole

    def by_line(
        self, items: Sequence[Folded[Moment]]
    ) -> Iterator[tuple[UserLine | None, list[Folded[Moment]]]]:
        """Neighbours that one line of the user's led to, with no call of another line between them."""
        parts: list[Folded[Moment]] = []
        before: UserLine | None = None
        for item in items:
            here = self.line_of(item)
            apart = isinstance(item, Moment) and self.rows.has_calls_of_others(item)
            if parts and (here != before or apart):
                yield before, parts
                parts = []
            parts.append(item)
            before = here
        if parts:
            yield before, parts

    def append(self, whole: _Chain, part: _Chain) -> None:
        if part.first is None:
            return
        if whole.last is not None:
            self.order(whole, part)
        else:
            whole.first, whole.first_box = part.first, part.first_box
        whole.content += part.content
        whole.last, whole.last_box = part.last, part.last_box

    def line_of(self, item: Folded[Moment]) -> UserLine | None:
        """The user's line that all of it was reached from; None for a loop with calls of other lines."""
        if isinstance(item, Moment):
            return self.rows.user_line(item.user_site)
        lines = {self.line_of(part) for part in item.body}
        mixed = any(isinstance(part, Moment) and self.rows.has_calls_of_others(part) for part in item.body)
        return lines.pop() if len(lines) == 1 and not mixed else None

    def outside(self, first: Folded[Moment], line: UserLine) -> _Chain:
        """The calls of other lines before what a line led to."""
        return self.stretch(first.before, line, others=True) if isinstance(first, Moment) else _Chain()

    def boxed(self, parts: Sequence[Folded[Moment]], line: UserLine) -> _Chain:
        """Everything that one line of the user's led to."""
        box = self.new_id()
        inner = self.chain(parts, line)
        user_site = next(moment.user_site for moment in leaves(parts))
        heading = title(self.labels.whole_place(user_site), self.labels.code(user_site, 60))
        return _Chain([Group(box, "line", heading, tuple(inner.content))], inner.first, inner.last, box, box)

    def loop(self, turns: Turns[Moment], line: UserLine | None) -> _Chain:
        box, inner = self.new_id(), self.chain(turns.body, line)
        count = f"{turns.fewest} to {turns.most}" if turns.fewest < turns.most else figures.count(turns.most)
        heading = (Line(f"{count} turns", "strong"),)
        if inner.first != inner.last and inner.first and inner.last:
            self.edge(inner.last, inner.first, "again", f"{count}×")
        return _Chain([Group(box, "loop", heading, tuple(inner.content))], inner.first, inner.last, box, box)

    def moment(self, moment: Moment, line: UserLine | None) -> _Chain:
        """The calls before it, then what happened."""
        whole = _Chain()
        self.append(whole, self.stretch(moment.before, line))
        if moment.kind != "end":
            self.append(whole, self.happened(moment))
        return whole

    def happened(self, moment: Moment) -> _Chain:
        node = self.drawn(moment)
        if moment.kind == "rest":
            return _Chain([node], node.id, node.id)
        advice = [self.advice(found, node) for found in self.to_advise(moment)]
        return _Chain([node, *advice, *self.nested(moment.forces, node)], node.id, node.id)

    def drawn(self, moment: Moment) -> Node:
        """Its node; forces, exceptions and shapes that are drawn can be pointed at."""
        node = self.nodes.node(self.new_id(), moment)
        if moment.kind != "rest":
            self.of_event.update((force.id, node.id) for force in moment.forces)
            self.of_event.update((-failure.id, node.id) for failure in moment.failures)
            self.of_shape.update((index, node.id) for index in moment.shapes)
        return node

    def advice(self, finding: Finding, node: Node) -> Node:
        note = self.nodes.advice(self.new_id(), finding, node)
        self.edge(node.id, note.id, "fix")
        return note

    # Nodes

    def new_id(self) -> str:
        self.number += 1
        return f"program-n{self.number}"

    def order(self, before: _Chain, after: _Chain) -> None:
        """An arrow from the end of one part to the beginning of another."""
        if before.last is not None and after.first is not None:
            boxes = {"tail_box": before.last_box, "head_box": after.first_box}
            self.edges.append(Edge(before.last, after.first, "order", **boxes))

    def edge(self, tail: str, head: str, kind: EdgeKind, label: str = "") -> None:
        self.edges.append(Edge(tail, head, kind, label))

    def stretch(self, stretch: Stretch, line: UserLine | None, *, others: bool = False) -> _Chain:
        """A node for calls: those of a line of the user's, or with `others` those of all others."""
        inside = line is not None and not others
        wanted = {
            user_site: sites
            for user_site, sites in stretch.lines.items()
            if line is None or (self.rows.user_line(user_site) == line) is inside
        }
        if not wanted:
            return _Chain()
        node = self.rows.node(self.new_id(), wanted, inside=inside)
        return _Chain([node], node.id, node.id)

    def nested(self, forces: Sequence[Force], gate: Node) -> list[Content]:
        """Forces that happened inside the tasks of others, by place."""
        groups: dict[object, list[Force]] = {}
        for force in descendants(forces):
            groups.setdefault((force.begin.site, force.begin.trigger), []).append(force)
        dearest = sorted(groups.values(), key=lambda group: -sum(force.self_seconds for force in group))
        drawn: list[Content] = []
        for group in dearest[:_NESTED]:
            begin = group[0].begin
            moment = Moment("force", begin.site, begin.user_site, Stretch(), tuple(group))
            node = self.drawn(moment)
            self.edge(gate.id, node.id, "inside", "inside its tasks")
            drawn.append(node)
        if dearest[_NESTED:]:
            more = sum(len(group) for group in dearest[_NESTED:])
            node = Node(
                self.new_id(), "rest", (Line(f"{figures.plural(more, 'more force')} inside its tasks"),)
            )
            self.edge(gate.id, node.id, "inside")
            drawn.append(node)
        return drawn

    # Findings

    def to_advise(self, moment: Moment) -> list[Finding]:
        """Findings whose fix belongs here: at the first of their moments."""
        ids = {force.id for force in moment.forces}
        here = finding_of(self.diagnosis, moment)
        found = [
            one
            for one in worth_a_look(self.diagnosis)
            if one.follows is None
            and one.id not in self.advised
            and one.fixes
            and (one is here or not ids.isdisjoint(one.forces))
        ]
        self.advised.update(one.id for one in found)
        return found

    def add_harm(self) -> None:
        """Arrows from where a length became unknown to where that hurt."""
        drawn: dict[tuple[str, str], None] = {}
        for index, origin in self.of_shape.items():
            for harm in path_of_unknown(self.trace, self.trace.unknown_shapes[index]).harms:
                event = harm.force if harm.failure is None else -harm.failure.id
                if event in self.of_event:
                    drawn[origin, self.of_event[event]] = None
        self.edges += [Edge(tail, head, "harm") for tail, head in drawn]


def descendants(forces: Iterable[Force]) -> Iterator[Force]:
    """Forces nested in others, however deep."""
    waiting = [child for force in forces for child in force.children]
    while waiting:
        force = waiting.pop(0)
        yield force
        waiting += force.children
