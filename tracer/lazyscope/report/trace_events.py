"""The trace as Trace Event JSON: a timeline for Perfetto (ui.perfetto.dev), speedscope and chrome://tracing.

Every recorded call and every force is a complete event (``"ph": "X"``), exceptions and arrays of unknown
shape are instants. Times are whole microseconds since the start of the trace. The events of one row nest:
each lies within another or beside it. Where threads of one name overlap, the later one gets a row of its
own, ``MainThread (2)``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lazyscope.analysis.cost import site_at
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.catalogue.finding import Diagnosis, Finding
from lazyscope.model import events
from lazyscope.model.trace import Force, TraceData
from lazyscope.report.without_source import without_code
from lazyscope.text.harmless import harmless

Event = dict[str, Any]

_PROCESS = 1
_LONGEST = 200
"""Characters of a name or an expression."""
_SLACK = 100
"""Microseconds by which a clock that was read twice may set the end of an event behind that of the one
around it."""


def render(trace: TraceData, *, source: bool = True) -> str:
    """The timeline as text, in ASCII.

    Parameters
    ----------
    trace : TraceData
        A trace.
    source : bool
        Whether expressions of the source text are included.
    """
    return json.dumps(to_document(trace, source=source), separators=(",", ":"), allow_nan=False) + "\n"


def to_document(trace: TraceData, *, source: bool = True) -> dict[str, Any]:
    """The timeline as plain Python data. Parameters as for `render`."""
    return {
        "traceEvents": _Writer(trace, source, diagnose(trace)).all_events(),
        "displayTimeUnit": "ms",
        "otherData": {"recorder": f"lazyscope {_shown(trace.header.lazyscope)}"},
    }


@dataclass(frozen=True)
class _Span:
    """A call or a force on its thread, in microseconds."""

    begin: int
    end: int
    what: events.Call | Force


@dataclass
class _Row:
    """A line of the timeline."""

    number: int
    name: str
    open: list[int] = field(default_factory=list)
    """Ends of the events that are open, the innermost last."""

    def place(self, span: _Span) -> int | None:
        """Where a span ends if it is put here; None if it would cross the end of another."""
        while self.open and self.open[-1] <= span.begin:
            self.open.pop()
        around = self.open[-1] if self.open else span.end
        if span.end > around + _SLACK:
            return None
        end = min(span.end, around)
        self.open.append(end)
        return end


class _Writer:
    def __init__(self, trace: TraceData, source: bool, diagnosis: Diagnosis) -> None:
        self._trace = trace
        self._source = source
        self._diagnosis = diagnosis
        self._rows: dict[int, list[_Row]] = {}
        self._places: dict[int, str] = {}
        self._last = 0

    def all_events(self) -> list[Event]:
        """Names of the process and its threads, then everything in the order of time."""
        timed = [*self._complete(), *self._instants()]
        timed.sort(key=lambda event: int(event["ts"]))
        return [*self._names(), *timed]

    def _complete(self) -> Iterator[Event]:
        """Calls and forces; what is around others comes before them."""
        trace = self._trace
        spans = [_Span(*_span(call.at, call.at + call.seconds), call) for call in trace.calls]
        spans += [_Span(*_span(force.begin.at, self._end(force)), force) for force in trace.forces]
        spans.sort(key=lambda span: (span.begin, -span.end))
        for span in spans:
            thread = span.what.begin.thread if isinstance(span.what, Force) else span.what.thread
            row, end = self._placed(thread, span)
            told = self._force(span.what) if isinstance(span.what, Force) else self._call(span.what)
            yield {**told, "ph": "X", "ts": span.begin, "dur": end - span.begin, **_where(row)}

    def _end(self, force: Force) -> float:
        """When a force ended; one that did not come back lasts until the trace ends."""
        return max(force.ran_until, self._trace.seconds) if force.end is None else force.ran_until

    def _placed(self, thread: int, span: _Span) -> tuple[_Row, int]:
        """The first row of a thread that a span can nest in, and where the span ends there."""
        for row in self._rows.setdefault(thread, []):
            end = row.place(span)
            if end is not None:
                return row, end
        row = self._new_row(thread)
        row.open.append(span.end)
        return row, span.end

    def _new_row(self, thread: int) -> _Row:
        rows = self._rows.setdefault(thread, [])
        name = _shown(self._trace.texts[thread]) + (f" ({len(rows) + 1})" if rows else "")
        self._last += 1
        rows.append(_Row(self._last, name))
        return rows[-1]

    def _call(self, call: events.Call) -> Event:
        args: Event = {"line": self._place(call.site)}
        if call.user_site is not None and call.user_site != call.site:
            args["user_line"] = self._place(call.user_site)
        return {"name": _shown(self._trace.texts[call.operation]), "cat": "call", "args": args}

    def _force(self, force: Force) -> Event:
        begin, end = force.begin, force.end
        place = "" if begin.site is None else f" {self._place(begin.site)}"
        found = self._diagnosis.of_force.get(force.id)
        args: Event = {
            "force": force.id,
            **self._lines(begin),
            "tasks": begin.tasks,
            "repeated": begin.tasks_repeated,
            "bytes": end.bytes if end else None,
            "expected_bytes": begin.expected_bytes,
            "finding": None if found is None else f"{found.id} {found.code}",
            "why": self._why(found),
            "allowed": None if begin.allowed is None else _shown(begin.allowed),
            "ended": _ended(force),
        }
        known = {name: value for name, value in args.items() if value is not None}
        return {"name": f"force: {_shown(begin.trigger)}{place}", "cat": "force", "args": known}

    def _why(self, found: Finding | None) -> str | None:
        if found is None:
            return None
        return _shown(found.title if self._source else without_code(found.title))

    def _lines(self, event: events.ForceBegin | events.Failure | events.UnknownShape) -> Event:
        """Where it happened: the expression, the user's line, and what that called."""
        site = site_at(self._trace, event.site)
        expression = (site.expression or site.code) if site is not None and self._source else ""
        told = {
            "expression": _shown(expression),
            "line": "" if event.site is None else self._place(event.site),
            "user_line": "" if event.user_site is None else self._place(event.user_site),
            "entry": "" if event.entry is None else _shown(self._trace.texts[event.entry]),
        }
        return {name: text for name, text in told.items() if text}

    def _instants(self) -> Iterator[Event]:
        for failure in self._trace.failures:
            args: Event = {
                "message": _shown(failure.message),
                **self._lines(failure),
                "escaped": failure.escaped,
            }
            yield self._instant(failure, f"exception: {_shown(failure.type)}", "exception", args)
        for shape in self._trace.unknown_shapes:
            name = f"unknown shape: {_shown(shape.operation)}"
            yield self._instant(shape, name, "unknown shape", self._lines(shape))

    def _instant(
        self, event: events.Failure | events.UnknownShape, name: str, category: str, args: Event
    ) -> Event:
        rows = self._rows.get(event.thread)
        row = rows[0] if rows else self._new_row(event.thread)
        at = _microseconds(event.at)
        return {"name": name, "cat": category, "args": args, "ph": "i", "s": "t", "ts": at, **_where(row)}

    def _names(self) -> Iterator[Event]:
        program = _shown(" ".join(self._trace.header.argv)) or "the traced block"
        yield {"name": "process_name", "ph": "M", "pid": _PROCESS, "tid": 0, "args": {"name": program}}
        for row in sorted((row for rows in self._rows.values() for row in rows), key=lambda row: row.number):
            yield {"name": "thread_name", "ph": "M", **_where(row), "args": {"name": row.name}}
            yield {"name": "thread_sort_index", "ph": "M", **_where(row), "args": {"sort_index": row.number}}

    def _place(self, position: int) -> str:
        """File and line; not parsed, as there may be as many as calls."""
        if position not in self._places:
            line = self._trace.positions[position].line
            file = harmless(self._trace.file_of(position).path[-_LONGEST:])
            self._places[position] = f"{file}:{line}" if line > 0 else file
        return self._places[position]


def _where(row: _Row) -> Event:
    return {"pid": _PROCESS, "tid": row.number}


def _ended(force: Force) -> str | None:
    """What came of it, if that is not a result."""
    if force.end is None:
        return "not back when the trace ended"
    return None if force.end.completed else f"raised {_shown(force.end.error or 'an exception')}"


def _span(begin: float, end: float) -> tuple[int, int]:
    start = _microseconds(begin)
    return start, max(_microseconds(end), start)


def _microseconds(seconds: float) -> int:
    """Whole ones; what no clock can have shown (a damaged number) is the start of the trace."""
    return round(1e6 * seconds) if math.isfinite(seconds) else 0


def _shown(text: str) -> str:
    found = harmless(text[: _LONGEST + 1])
    return found if len(found) <= _LONGEST else f"{found[: _LONGEST - 3]}..."
