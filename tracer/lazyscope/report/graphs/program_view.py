"""The program view: the run from top to bottom, forces as gates between lazy stretches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import TypeAlias, TypeVar

from lazyscope import figures
from lazyscope.analysis.course import Moment, Operations, Stretch, courses
from lazyscope.analysis.folding import Folded, Turns
from lazyscope.analysis.places import place_of
from lazyscope.analysis.reading import call_at
from lazyscope.analysis.unknown_shapes import path_of_unknown
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.findings_list import worth_a_look
from lazyscope.report.graphs.labels import CODE, Labels, listed, shortened, title, wrapped
from lazyscope.report.graphs.picture import (
    SHARES,
    Content,
    Edge,
    EdgeKind,
    Group,
    Line,
    Node,
    Picture,
    cost_step,
)
from lazyscope.report.graphs.shortening import Shortened, leaves, shorten
from lazyscope.report.headline import how_it_ended

_ROWS = 4
"""Lines of calls in one node."""
_TOOLTIP_ROWS = 12

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


_T = TypeVar("_T")

_START = _Chain(first="program-start", last="program-start")
_END = _Chain(first="program-end", last="program-end")


@dataclass
class _Drawer:
    trace: TraceData
    diagnosis: Diagnosis
    labels: Labels
    edges: list[Edge] = field(default_factory=list)
    number: int = 0
    of_force: dict[int, str] = field(default_factory=dict)
    """Node of each force, by id; negative for failures."""
    of_shape: dict[int, str] = field(default_factory=dict)
    advised: set[str] = field(default_factory=set)
    """Findings whose fix is in the picture."""

    def picture(self) -> Picture:
        trace = self.trace
        forced = sum(force.self_seconds for force in trace.forces)
        self.forced = forced
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

    def chain(self, items: Sequence[Folded[Moment]], line: _UserLine | None) -> _Chain:
        """Draw what follows each other; `line` is the user's line whose box this is in."""
        whole = _Chain()
        for here, group in groupby(items, self.line_of):
            parts = list(group)
            if here is None or here == line:
                for part in parts:
                    self.append(
                        whole, self.loop(part, line) if isinstance(part, Turns) else self.moment(part, line)
                    )
            else:
                self.append(whole, self.outside(parts))
                self.append(whole, self.boxed(parts, here))
        return whole

    def append(self, whole: _Chain, part: _Chain) -> None:
        if part.first is None:
            return
        if whole.last is not None:
            self.order(whole, part)
        else:
            whole.first, whole.first_box = part.first, part.first_box
        whole.content += part.content
        whole.last, whole.last_box = part.last, part.last_box

    def line_of(self, item: Folded[Moment]) -> _UserLine | None:
        """The user's line that all of it was reached from."""
        if isinstance(item, Turns):
            lines = {self.line_of(part) for part in item.body}
            return lines.pop() if len(lines) == 1 else None
        return self.user_line(item.user_site)

    def user_line(self, position: int | None) -> _UserLine | None:
        if position is None:
            return None
        code, line, *_ = place_of(self.trace, position)
        return self.trace.codes[code].file, line

    def outside(self, parts: Sequence[Folded[Moment]]) -> _Chain:
        """The calls of other lines before the first moment of a line."""
        first = parts[0]
        if isinstance(first, Turns):
            return _Chain()
        here = self.user_line(first.user_site)
        return self.stretch(first.before, self.by_line, lambda user_site: self.user_line(user_site) != here)

    def boxed(self, parts: Sequence[Folded[Moment]], line: _UserLine) -> _Chain:
        """Everything that one line of the user's led to."""
        box = self.new_id()
        inner = self.chain(parts, line)
        user_site = next(moment.user_site for moment in leaves(parts))
        heading = title(self.labels.whole_place(user_site), self.labels.code(user_site, 60))
        return _Chain([Group(box, "line", heading, tuple(inner.content))], inner.first, inner.last, box, box)

    def loop(self, turns: Turns[Moment], line: _UserLine | None) -> _Chain:
        box, inner = self.new_id(), self.chain(turns.body, line)
        count = f"{turns.fewest} to {turns.most}" if turns.fewest < turns.most else figures.count(turns.most)
        heading = (Line(f"{count} turns", "strong"),)
        if inner.first != inner.last and inner.first and inner.last:
            self.edge(inner.last, inner.first, "again", f"{count}×")
        return _Chain([Group(box, "loop", heading, tuple(inner.content))], inner.first, inner.last, box, box)

    def moment(self, moment: Moment, line: _UserLine | None) -> _Chain:
        """The calls before it, then what happened."""
        whole = _Chain()
        if line is None:
            self.append(whole, self.stretch(moment.before, self.by_line, lambda _: True))
        else:
            self.append(
                whole, self.stretch(moment.before, self.by_caller, lambda site: self.user_line(site) == line)
            )
        if moment.kind != "end":
            self.append(whole, self.happened(moment))
        return whole

    def happened(self, moment: Moment) -> _Chain:
        draw = {"force": self.gate, "failure": self.failure, "shape": self.shape, "rest": self.rest}[
            moment.kind
        ]
        node = draw(moment)
        if moment.kind == "rest":
            return _Chain([node], node.id, node.id)
        advice = [self.advice(found, node) for found in self.to_advise(moment)]
        nested = self.nested(moment.forces, node) if moment.forces else []
        return _Chain([node, *advice, *nested], node.id, node.id)

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

    def stretch(self, stretch: Stretch, rows_of: _Rows, wanted: _Chooses) -> _Chain:
        """A node for the calls of the lines that are wanted."""
        lines = {site: sites for site, sites in stretch.lines.items() if wanted(site)}
        calls = sum(_number(operations) for sites in lines.values() for operations in sites.values())
        if not calls:
            return _Chain()
        rows, number = rows_of(lines)
        shown = [Line(row, "code") for row in rows[:_ROWS]]
        if number > _ROWS:
            shown.append(Line(f"and {figures.plural(number - _ROWS, 'more line')}", "quiet"))
        head = Line(f"{figures.plural(calls, 'call')}, lazy", "strong")
        node = Node(self.new_id(), "calls", (head, *shown), tooltip="\n".join(rows))
        return _Chain([node], node.id, node.id)

    def by_caller(self, lines: _Lines) -> tuple[list[str], int]:
        """``_vq_impl.py:153  mean, sum 2×``: one row for each line of the code that called."""
        counted: dict[_UserLine | None, tuple[int, Operations]] = {}
        for sites in lines.values():
            for site, operations in sites.items():
                _count(counted.setdefault(self.user_line(site), (site, {}))[1], operations)
        rows = [self.own_row(site, operations) for site, operations in _first(counted.values())]
        return rows, len(counted)

    def by_line(self, lines: _Lines) -> tuple[list[str], int]:
        """One row for each line of the user's: its own operations, or what it called in a library."""
        own: dict[_UserLine | None, tuple[int, Operations]] = {}
        reached: dict[int, int] = {}
        for user_site, sites in lines.items():
            for site, operations in sites.items():
                here = self.user_line(site)
                if user_site is None or here == self.user_line(user_site):
                    _count(own.setdefault(here, (site, {}))[1], operations)
                else:
                    reached[user_site] = reached.get(user_site, 0) + _number(operations)
        rows = [self.own_row(site, operations) for site, operations in _first(own.values())]
        rows += [self.library_row(site, calls) for site, calls in _first(reached.items())]
        return rows[:_TOOLTIP_ROWS], len(own) + len(reached)

    def own_row(self, site: int, operations: Operations) -> str:
        return f"{self.labels.place(site)}  {self.labels.operations(operations, CODE - 10)}"

    def library_row(self, user_site: int, calls: int) -> str:
        line = f"{self.labels.place(user_site)}  {self.called(user_site)}".rstrip()
        return f"{line} {figures.plural(calls, 'call')} inside"

    def called(self, user_site: int) -> str:
        """The function of a library that the user's line called; empty where that cannot be told."""
        found = call_at(self.trace, user_site) if self.labels.source else None
        return "" if found is None or not found.function else f"{shortened(found.function, CODE // 2)}:"

    def gate(self, moment: Moment) -> Node:
        forces = moment.forces
        finding = self.finding_of(moment)
        begin = forces[0].begin
        running = any(force.end is None for force in forces)
        times = f" {figures.count(len(forces))}×" if len(forces) > 1 else ""
        named = f"{finding.id}  " if finding is not None else ""
        lines = [Line(f"{named}{shortened(begin.trigger, 30)}{times}", "strong")]
        lines += [Line(text, "code") for text in [self.labels.expression(moment.site)] if text]
        lines += [Line(self.whereabouts(moment), "quiet")] if moment.site != moment.user_site else []
        lines += [Line(self.cost_of(forces)), *self.reads_of(forces)]
        node = Node(
            self.new_id(),
            "running" if running else "force",
            tuple(lines),
            cost_step(self.share(forces)),
            self.repeated(forces),
            None if finding is None else finding.id,
            finding is not None and finding.follows is not None,
            self.tooltip_of(moment, finding),
        )
        self.of_force.update((force.id, node.id) for force in forces)
        return node

    def whereabouts(self, moment: Moment) -> str:
        inside = self.labels.function(moment.site)
        return self.labels.place(moment.site) + (f", in {inside}" if inside else "")

    def cost_of(self, forces: Sequence[Force]) -> str:
        tasks = sum(force.begin.tasks for force in forces)
        again = sum(force.begin.tasks_repeated for force in forces)
        at_most = "" if all(force.begin.tasks_exact for force in forces) else "at most "
        seconds = figures.duration(sum(force.self_seconds for force in forces))
        repeats = f", {figures.count(again)} again" if again else ""
        return f"{seconds}, {at_most}{figures.plural(tasks, 'task')}{repeats}"

    def reads_of(self, forces: Sequence[Force]) -> list[Line]:
        """Partitions of files that were read."""
        reads = sum(force.partition_reads for force in forces)
        again = sum(force.partition_reads_repeated for force in forces)
        repeats = f", {figures.count(again)} again" if again else ""
        return [Line(f"{figures.plural(reads, 'partition read')}{repeats}")] if reads else []

    def share(self, forces: Sequence[Force]) -> float | None:
        return sum(force.self_seconds for force in forces) / self.forced if self.forced > 0 else None

    def repeated(self, forces: Sequence[Force]) -> float | None:
        tasks = sum(force.begin.tasks for force in forces)
        return sum(force.begin.tasks_repeated for force in forces) / tasks or None if tasks else None

    def tooltip_of(self, moment: Moment, finding: Finding | None) -> str:
        why = "" if finding is None else self.labels.sentence(finding.why)
        return "\n".join(text for text in (self.labels.tooltip(moment.site, moment.user_site), why) if text)

    def failure(self, moment: Moment) -> Node:
        finding, first = self.finding_of(moment), moment.failures[0]
        times = f" {len(moment.failures):,}×" if len(moment.failures) > 1 else ""
        named = f"{finding.id}  " if finding is not None else ""
        lines = [Line(f"{named}{shortened(first.type, 40)}{times}", "strong")]
        lines += [Line(text) for text in wrapped(first.message, 3)]
        lines.append(Line(self.whereabouts(moment), "quiet"))
        lines.append(Line("it left the program" if first.escaped else "it was caught", "quiet"))
        node = Node(
            self.new_id(),
            "failure",
            tuple(lines),
            finding=None if finding is None else finding.id,
            follow_on=finding is not None and finding.follows is not None,
            tooltip=self.tooltip_of(moment, finding),
        )
        self.of_force.update((-failure.id, node.id) for failure in moment.failures)
        return node

    def shape(self, moment: Moment) -> Node:
        finding = self.finding_of(moment)
        first = self.trace.unknown_shapes[moment.shapes[0]]
        times = f" {len(moment.shapes):,}×" if len(moment.shapes) > 1 else ""
        named = f"{finding.id}  " if finding is not None else ""
        lines = [Line(f"{named}length becomes unknown{times}", "strong")]
        lines += [Line(text, "code") for text in [self.labels.expression(moment.site)] if text]
        lines.append(Line(f"{self.labels.place(moment.site)}, {shortened(first.operation, 30)}", "quiet"))
        node = Node(
            self.new_id(),
            "shape",
            tuple(lines),
            finding=None if finding is None else finding.id,
            follow_on=finding is not None and finding.follows is not None,
            tooltip=self.tooltip_of(moment, finding),
        )
        self.of_shape.update((index, node.id) for index in moment.shapes)
        return node

    def rest(self, moment: Moment) -> Node:
        """What is not drawn one by one."""
        parts = [figures.plural(len(moment.forces), "force")] if moment.forces else []
        parts += [figures.plural(len(moment.failures), "exception")] if moment.failures else []
        parts += [figures.plural(len(moment.shapes), "unknown shape")] if moment.shapes else []
        lines = [Line(f"{', '.join(parts)}, folded", "strong")]
        lines += [Line(self.cost_of(moment.forces))] if moment.forces else []
        named = {
            found.id: None for force in moment.forces if (found := self.diagnosis.of_force.get(force.id))
        }
        lines += [Line(listed(list(named), CODE), "quiet")] if named else []
        share, repeated = self.share(moment.forces), self.repeated(moment.forces)
        return Node(
            self.new_id(), "rest", tuple(lines), cost_step(share) if moment.forces else None, repeated
        )

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
            node = self.gate(moment)
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

    def finding_of(self, moment: Moment) -> Finding | None:
        known = self.diagnosis
        found = [known.of_force.get(force.id) for force in moment.forces[:1]]
        found += [known.of_failure.get(failure.id) for failure in moment.failures[:1]]
        found += [known.of_unknown_shape.get(shape) for shape in moment.shapes[:1]]
        return found[0] if found else None

    def to_advise(self, moment: Moment) -> list[Finding]:
        """Findings whose fix belongs here: at the first of their moments."""
        ids = {force.id for force in moment.forces}
        here = self.finding_of(moment)
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

    def advice(self, finding: Finding, node: Node) -> Node:
        """What to do, beside the place that it is about."""
        fix = finding.fixes[0]
        lines = [Line(f"{finding.id}  {fix.technique}", "strong")]
        lines += [Line(text) for text in wrapped(self.labels.sentence(fix.summary), 4)]
        note = Node(
            self.new_id(),
            "fix",
            tuple(lines),
            finding=finding.id,
            tooltip=f"{self.labels.sentence(finding.title)}\n{self.labels.sentence(fix.price)}",
            beside=node.id,
        )
        self.edge(node.id, note.id, "fix")
        return note

    def add_harm(self) -> None:
        """Arrows from where a length became unknown to where that hurt."""
        drawn: dict[tuple[str, str], None] = {}
        for index, origin in self.of_shape.items():
            for harm in path_of_unknown(self.trace, self.trace.unknown_shapes[index]).harms:
                event = harm.force if harm.failure is None else -harm.failure.id
                if event in self.of_force:
                    drawn[origin, self.of_force[event]] = None
        self.edges += [Edge(tail, head, "harm") for tail, head in drawn]


_UserLine: TypeAlias = tuple[int, int]
"""Number of the file, and of the line."""

_Lines: TypeAlias = dict[int | None, dict[int, Operations]]
"""As `Stretch.lines`."""

_Rows: TypeAlias = Callable[[_Lines], tuple[list[str], int]]
"""The first rows for some calls, and how many there are."""

_Chooses: TypeAlias = Callable[[int | None], bool]
"""Whether the calls from a user's position are wanted."""


def descendants(forces: Iterable[Force]) -> Iterator[Force]:
    """Forces nested in others, however deep."""
    waiting = [child for force in forces for child in force.children]
    while waiting:
        force = waiting.pop(0)
        yield force
        waiting += force.children


def _first(rows: Iterable[_T]) -> Iterator[_T]:
    return islice(rows, _TOOLTIP_ROWS)


def _number(operations: Operations) -> int:
    return sum(operations.values())


def _count(counted: Operations, more: Operations) -> None:
    for operation, times in more.items():
        counted[operation] = counted.get(operation, 0) + times
