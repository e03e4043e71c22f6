"""What happened in a program, as nodes: forces, exceptions, lengths that became unknown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from lazyscope import figures
from lazyscope.analysis.course import Moment
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.graphs.labels import CODE, Labels, listed, shortened, wrapped
from lazyscope.report.graphs.picture import Line, Node, cost_step


class MomentNodes:
    """Draws the moments of a trace, one by one."""

    def __init__(self, trace: TraceData, diagnosis: Diagnosis, labels: Labels) -> None:
        self.trace = trace
        self.diagnosis = diagnosis
        self.labels = labels

    def node(self, name: str, moment: Moment) -> Node:
        """A node of this id for a moment that is not of kind ``end``."""
        if moment.kind == "force":
            return self.gate(name, moment)
        if moment.kind == "failure":
            return self.failure(name, moment)
        return self.shape(name, moment) if moment.kind == "shape" else self.rest(name, moment)

    def gate(self, name: str, moment: Moment) -> Node:
        forces = moment.forces
        finding = finding_of(self.diagnosis, moment)
        begin = forces[0].begin
        running = any(force.end is None for force in forces)
        lines = [heading(finding, shortened(begin.trigger, 30), moment.times)]
        lines += [Line(text, "code") for text in [self.labels.expression(moment.site)] if text]
        lines += [Line(self.whereabouts(moment), "quiet")] if moment.site != moment.user_site else []
        lines += [Line(self.cost_of(forces)), *self.reads_of(forces)]
        return Node(
            name,
            "running" if running else "force",
            tuple(lines),
            cost_step(self.share(forces)),
            self.repeated(forces),
            None if finding is None else finding.id,
            finding is not None and finding.follows is not None,
            self.tooltip_of(moment, finding),
        )

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

    def failure(self, name: str, moment: Moment) -> Node:
        finding, first = finding_of(self.diagnosis, moment), moment.failures[0]
        lines = [heading(finding, shortened(first.type, 40), moment.times)]
        lines += [Line(text) for text in wrapped(first.message, 3)]
        lines.append(Line(self.whereabouts(moment), "quiet"))
        lines.append(Line("it left the program" if first.escaped else "it was caught", "quiet"))
        return Node(
            name,
            "failure",
            tuple(lines),
            finding=None if finding is None else finding.id,
            follow_on=finding is not None and finding.follows is not None,
            tooltip=self.tooltip_of(moment, finding),
        )

    def shape(self, name: str, moment: Moment) -> Node:
        finding = finding_of(self.diagnosis, moment)
        first = self.trace.unknown_shapes[moment.shapes[0]]
        lines = [heading(finding, "length becomes unknown", moment.times)]
        lines += [Line(text, "code") for text in [self.labels.expression(moment.site)] if text]
        lines.append(Line(f"{self.labels.place(moment.site)}, {shortened(first.operation, 30)}", "quiet"))
        return Node(
            name,
            "shape",
            tuple(lines),
            finding=None if finding is None else finding.id,
            follow_on=finding is not None and finding.follows is not None,
            tooltip=self.tooltip_of(moment, finding),
        )

    def rest(self, name: str, moment: Moment) -> Node:
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
        return Node(name, "rest", tuple(lines), cost_step(share) if moment.forces else None, repeated)

    def advice(self, name: str, finding: Finding, beside: Node) -> Node:
        """What to do, beside the place that it is about."""
        fix = finding.fixes[0]
        lines = [Line(f"{finding.id}  {fix.technique}", "strong")]
        lines += [Line(text) for text in wrapped(self.labels.sentence(fix.summary), 4)]
        tooltip = f"{self.labels.sentence(finding.title)}\n{self.labels.sentence(fix.price)}"
        return Node(name, "fix", tuple(lines), finding=finding.id, tooltip=tooltip, beside=beside.id)

    @cached_property
    def forced(self) -> float:
        """Seconds of all forces, without those of nested ones."""
        return sum(force.self_seconds for force in self.trace.forces)


def heading(finding: Finding | None, what: str, times: int) -> Line:
    """``F3  __array__ 9×``: the first line of a node."""
    named = f"{finding.id}  " if finding is not None else ""
    return Line(f"{named}{what}{f' {figures.count(times)}×' if times > 1 else ''}", "strong")


def finding_of(diagnosis: Diagnosis, moment: Moment) -> Finding | None:
    """The finding that the first of its events belongs to; None if that belongs to none."""
    found = [diagnosis.of_force.get(force.id) for force in moment.forces[:1]]
    found += [diagnosis.of_failure.get(failure.id) for failure in moment.failures[:1]]
    found += [diagnosis.of_unknown_shape.get(shape) for shape in moment.shapes[:1]]
    return found[0] if found else None
