"""The JSON report: everything a trace says, for other programs.

Its form is published as ``report.schema.json`` beside this module; ``schema_version`` rises only when
a field goes or changes its meaning.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from lazyscope.analysis import cost
from lazyscope.analysis.arrays import Array
from lazyscope.analysis.provenance import Dependencies, Step
from lazyscope.analysis.savings import Saving
from lazyscope.analysis.source import SourceSite
from lazyscope.analysis.stayed_lazy import lazy_lines
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.fixes.diff import unified_diff
from lazyscope.fixes.edit import Change
from lazyscope.fixes.fix import Estimate, Fix
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.unseen import unseen
from lazyscope.report.without_source import without_code

SCHEMA_VERSION = 2

Document = dict[str, Any]


def render(trace: TraceData, *, source: bool = True) -> str:
    """The report as text: plain ASCII, so that no terminal or encoding can be upset by a name in it.

    Parameters
    ----------
    trace : TraceData
        A trace.
    source : bool
        Whether lines of source text are included; if not, ``code`` is empty and ``expression`` null.
    """
    return json.dumps(to_document(trace, source=source), indent=1, allow_nan=False) + "\n"


def to_document(trace: TraceData, *, source: bool = True, explain: bool = True) -> Document:
    """The report as plain Python data. Parameters as for `render`; without `explain` there are no findings.

    Unknown is None, never 0. A force that had not come back when the trace ended has no duration:
    its ``seconds`` and ``self_seconds`` are None, while the totals count it up to the last record.
    """
    return _Writer(trace, source, diagnose(trace) if explain else Diagnosis((), {}, {}, {})).document()


@dataclass(frozen=True)
class _Writer:
    trace: TraceData
    source: bool
    diagnosis: Diagnosis

    def document(self) -> Document:
        trace = self.trace
        return {
            "schema_version": SCHEMA_VERSION,
            "program": _program(trace),
            "totals": _totals(trace),
            "forces": [self.force(force) for force in sorted(trace.forces, key=_began)],
            "unknown_shapes": [
                self.unknown_shape(number, index)
                for number, index in enumerate(self.shapes_in_order(), start=1)
            ],
            "failures": [self.failure(failure) for failure in sorted(trace.failures, key=_at)],
            "findings": [self.finding(found) for found in self.diagnosis.findings],
            "stayed_lazy": [
                {"function": line.function if self.source else None, "calls": line.calls}
                | {"user_site": self.site(line.user_site)}
                for line in lazy_lines(trace)
            ],
            "blind_spots": unseen(trace, self.diagnosis),
        }

    def force(self, force: Force) -> Document:
        begin, end = force.begin, force.end
        return {
            "id": begin.id,
            "parent": begin.parent,
            "started": _seconds(begin.at),
            "completed": force.completed,
            "trigger": begin.trigger,
            **self.whereabouts(begin, inherited=begin.inherited),
            "seconds": _seconds(force.seconds) if end else None,
            "self_seconds": _seconds(force.self_seconds) if end else None,
            "task_seconds": _seconds(end.task_seconds) if end else None,
            "tasks": begin.tasks,
            "tasks_repeated": begin.tasks_repeated,
            "tasks_exact": begin.tasks_exact,
            "repeats": [self.repeat(wanted) for wanted in begin.wanted if wanted.repeated],
            "partition_reads": force.partition_reads,
            "partition_reads_repeated": force.partition_reads_repeated,
            "bytes": end.bytes if end else None,
            "expected_bytes": begin.expected_bytes,
            "peak_bytes": end.peak_bytes if end else None,
            "scheduler": begin.scheduler,
            "thread": self.trace.texts[begin.thread],
            "error": None,
            "waited_seconds": _seconds(force.seconds) if end else None,
            "cluster": None,
            "worker": None,
            "task": None,
            "allowed": begin.allowed,
            "finding": _id(self.diagnosis.of_force.get(begin.id)),
        }

    def repeat(self, wanted: events.Wanted) -> Document:
        layer = self.trace.layers[wanted.layer]
        return {
            "layer": self.trace.texts[layer.name],
            "operation": self.trace.texts[layer.operation],
            "tasks": wanted.repeated,
            "force": wanted.last,
        }

    def shapes_in_order(self) -> list[int]:
        """Indices of the unknown shapes in the order of time."""
        shapes = self.trace.unknown_shapes
        return sorted(range(len(shapes)), key=lambda index: shapes[index].at)

    def unknown_shape(self, number: int, index: int) -> Document:
        shape = self.trace.unknown_shapes[index]
        return {
            "id": number,
            "operation": shape.operation,
            **self.whereabouts(shape),
            "finding": _id(self.diagnosis.of_unknown_shape.get(index)),
        }

    def failure(self, failure: events.Failure) -> Document:
        return {
            "id": failure.id,
            "type": failure.type,
            "message": failure.message,
            "escaped": failure.escaped,
            **self.whereabouts(failure),
            "finding": _id(self.diagnosis.of_failure.get(failure.id)),
        }

    def finding(self, found: Finding) -> Document:
        shapes = {index: number for number, index in enumerate(self.shapes_in_order(), start=1)}
        return {
            "id": found.id,
            "fingerprint": found.fingerprint,
            "code": found.code,
            "title": self.text(found.title),
            "severity": found.severity,
            "actionability": found.actionability,
            "follows": found.follows,
            "entry": None if found.entry is None else self.trace.texts[found.entry],
            "site": self.site(found.site),
            "user_site": self.site(found.user_site),
            "occurrences": found.occurrences,
            "forces": list(found.forces),
            "owns_forces": found.owns_forces,
            "failures": list(found.failures),
            "unknown_shapes": sorted(shapes[index] for index in found.unknown_shapes),
            "cost": _cost(found.cost),
            "if_not_forced": _saving(found.not_forced),
            "at_stake": _seconds(found.at_stake),
            "why": self.text(found.why),
            "depends_on": self.depends_on(found.depends_on),
            "fixes": [self.fix(fix) for fix in found.fixes],
        }

    def text(self, sentence: str) -> str:
        """A sentence; without its code where no source is wanted."""
        return sentence if self.source else without_code(sentence)

    def depends_on(self, found: Dependencies | None) -> list[Document]:
        """The user's arrays, then the calls that made the value, the nearest first."""
        if found is None:
            return []
        arrays = [self.array(array) for array in found.arrays]
        return arrays + [self.step(step) for step in found.calls.shown]

    def array(self, array: Array) -> Document:
        return {
            "kind": "array",
            "name": array.variable if self.source else None,
            "operation": None if array.made_by is None else self.trace.texts[array.made_by.operation],
            "times": 1,
            "bytes": array.bytes,
            "site": self.site(array.position),
        }

    def step(self, step: Step) -> Document:
        return {
            "kind": "call",
            "name": None,
            "operation": self.trace.texts[step.call.operation],
            "times": step.times,
            "bytes": None,
            "site": self.site(step.call.site),
        }

    def fix(self, fix: Fix) -> Document:
        return {
            "technique": fix.technique,
            "audience": fix.audience,
            "summary": self.text(fix.summary),
            "price": self.text(fix.price),
            "sketch": fix.is_sketch,
            "diff": unified_diff(self.trace, fix.edit) if fix.edit and self.source else None,
            "edits": [self.change(one) for one in fix.edit.changes] if fix.edit and self.source else [],
            "estimate": _estimate(fix.estimate),
            "status": "untried",
            "reason": None,
            "proof": None,
        }

    def change(self, found: Change) -> Document:
        return {
            "file": self.trace.files[found.file].path,
            "line": found.line,
            "end_line": found.end_line,
            "old": found.old(self.trace),
            "new": list(found.new),
        }

    def whereabouts(
        self, event: events.ForceBegin | events.UnknownShape | events.Failure, *, inherited: bool = False
    ) -> Document:
        user_site = self.site(event.user_site)
        if user_site is not None and inherited:
            user_site["inherited"] = True
        entry = None if event.entry is None else self.trace.texts[event.entry]
        return {"entry": entry, "site": self.site(event.site), "user_site": user_site}

    def site(self, position: int | None) -> Document | None:
        found = cost.site_at(self.trace, position)
        return None if found is None else _site(found, self.source)


_LONGEST = 4_000
"""Characters of a line or an expression."""


def _id(found: Finding | None) -> str | None:
    return None if found is None else found.id


def _cost(found: cost.GroupCost) -> Document:
    return {
        "seconds": _seconds(found.seconds),
        "self_seconds": _seconds(found.self_seconds),
        "tasks": found.tasks,
        "tasks_repeated": found.tasks_repeated,
        "bytes": found.bytes,
        "share": _seconds(found.share),
    }


def _saving(found: Saving | None) -> Document | None:
    if found is None:
        return None
    return {"tasks": list(found.tasks), "seconds": [_seconds(bound) for bound in found.seconds]}


def _estimate(found: Estimate) -> Document:
    seconds = None if found.seconds is None else [_seconds(bound) for bound in found.seconds]
    return {"tasks_repeated": found.tasks_repeated and list(found.tasks_repeated), "seconds": seconds}


def _program(trace: TraceData) -> Document:
    return {
        "argv": trace.header.argv,
        "seconds": _seconds(trace.seconds),
        "ended": trace.ended,
        "exception": trace.end.exception if trace.end else None,
        "array_api_set": trace.header.array_api_set,
        "versions": trace.header.versions,
    }


def _totals(trace: TraceData) -> Document:
    found = asdict(cost.totals(trace))
    return {**found, "forced_seconds": _seconds(found["forced_seconds"])}


def _site(site: SourceSite, source: bool) -> Document:
    return {
        "file": site.file,
        "distribution": site.distribution,
        "line": site.line if site.line > 0 else None,
        "end_line": site.end_line,
        "column": site.column,
        "end_column": site.end_column,
        "function": site.function,
        "code": _cut(site.code) if source else "",
        "expression": _cut(site.expression) if source and site.expression is not None else None,
    }


def _cut(text: str) -> str:
    """Source of any length: each force may show it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _began(force: Force) -> tuple[float, int]:
    return force.begin.at, force.id


def _at(event: events.UnknownShape | events.Failure) -> float:
    return event.at


def _seconds(value: float | None) -> float | None:
    """To the microsecond; what no clock can have shown (a damaged number) is unknown."""
    return None if value is None or not math.isfinite(value) else round(value, 6)
