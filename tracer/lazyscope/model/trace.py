"""A whole trace in memory: tables, events in the order of time, and the indexes over them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from lazyscope.errors import TraceFileError
from lazyscope.model import events, journal
from lazyscope.model.packed_text import PackedTexts
from lazyscope.model.plausible import make_plausible


@dataclass
class Force:
    """One execution of a dask graph: its begin record and, if it came back, its end record."""

    begin: events.ForceBegin
    end: events.ForceEnd | None = None
    children: list[Force] = field(default_factory=list)
    switches: Mapping[str, bool] = field(default_factory=dict)
    """Switches of libraries when it began, by name."""
    ran_until: float = 0.0
    """When it ended, or when the trace did; seconds since the start of the trace."""

    @property
    def id(self) -> int:
        return self.begin.id

    @property
    def completed(self) -> bool:
        return self.end is not None and self.end.completed

    @property
    def partition_reads(self) -> int:
        """Partitions of files that it read."""
        known = self.end.partition_reads if self.end is not None else None
        return self.begin.partition_reads if known is None else known

    @property
    def partition_reads_repeated(self) -> int:
        """Of these, read by an earlier force too."""
        known = self.end.partition_reads_repeated if self.end is not None else None
        return self.begin.partition_reads_repeated if known is None else known

    @property
    def seconds(self) -> float:
        """Wall time from handing over to the scheduler until the program went on."""
        return self.ran_until - self.begin.at

    @cached_property
    def self_seconds(self) -> float:
        """`seconds` without the time in which a nested force was running."""
        nested = covered_seconds(
            (max(c.begin.at, self.begin.at), min(c.ran_until, self.ran_until)) for c in self.children
        )
        return max(self.seconds - nested, 0.0)


def covered_seconds(intervals: Iterable[tuple[float, float]]) -> float:
    """Length of the union of (begin, end) intervals, in the unit of their ends."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        if end > reached:
            total += end - max(begin, reached)
            reached = end
    return total


@dataclass
class TraceData:
    """Everything a journal holds. Numbers in records index the lists of the same name."""

    header: events.Header
    texts: list[str] = field(default_factory=list)
    files: list[events.File] = field(default_factory=list)
    late_sources: dict[int, bytes] = field(default_factory=dict)
    """Texts of files, by number, that were written after the files themselves."""
    codes: list[events.Code] = field(default_factory=list)
    positions: list[events.Position] = field(default_factory=list)
    stacks: list[events.Stack] = field(default_factory=list)
    layouts: list[events.Layout] = field(default_factory=list)
    layers: list[events.Layer] = field(default_factory=list)
    calls: list[events.Call] = field(default_factory=list)
    forces: list[Force] = field(default_factory=list)
    unknown_shapes: list[events.UnknownShape] = field(default_factory=list)
    failures: list[events.Failure] = field(default_factory=list)
    warnings: list[events.Warned] = field(default_factory=list)
    differences: list[events.Difference] = field(default_factory=list)
    """What comparisons with NumPy found."""
    names: list[events.Binding] = field(default_factory=list)
    """What plain names were bound to, place by place."""
    declarations: list[events.Capability] = field(default_factory=list)
    """What libraries declare of their functions on dask arrays."""
    blind_spots: dict[str, int] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)
    """Settings of libraries when they were last looked at: by name, whether on."""
    end: events.End | None = None
    lost_bytes: int = 0
    """Bytes at the end of the journal that could not be read."""

    @property
    def ended(self) -> str:
        """``ok``, ``exception`` or ``killed``; ``unknown`` where recording ended before the program."""
        if self.end is not None:
            return self.end.ended
        return "killed" if self.write_error is None else "unknown"

    @property
    def write_error(self) -> str | None:
        """Why recording ended before the program: the trace could not be written. None if it did not."""
        number = self.header.write_error
        return os.strerror(number) if number and self.end is None else None

    @cached_property
    def seconds(self) -> float:
        """Wall time of the program; of a killed one until its last record."""
        if self.end is not None:
            return self.end.seconds
        latest = [force.ran_until for force in self.forces]
        latest += [call.at for call in self.calls[-1:]]
        latest += [failure.at for failure in self.failures[-1:]]
        return max(latest, default=0.0)

    @cached_property
    def forced_seconds(self) -> float:
        """Seconds in which at least one force was running."""
        return covered_seconds((f.begin.at, f.ran_until) for f in self.forces)

    @property
    def running(self) -> Force | None:
        """The innermost force that had not come back when a killed program ended."""
        if self.ended != "killed":
            return None
        return next((f for f in reversed(self.forces) if f.end is None), None)

    @cached_property
    def bindings(self) -> Mapping[int, tuple[events.Binding, ...]]:
        """What the plain names at a position were bound to, by position; names of its lines first."""
        return bindings_by_position(self)

    @cached_property
    def capabilities(self) -> Mapping[str, events.Capability]:
        """What libraries declare of their functions on dask arrays, by the entry of forces and failures."""
        return {self.texts[declared.entry]: declared for declared in self.declarations}

    def file_of(self, position: int) -> events.File:
        return self.files[self.codes[self.positions[position].code].file]

    @cached_property
    def _sources(self) -> _Sources:
        return _Sources()

    def source_lines(self, file: int) -> list[str]:
        """The lines of a file without their ends; empty where its text is not in the trace, or is lost."""
        return self._unpacked(file) or []

    def has_lost(self, file: int) -> bool:
        """Whether the text of a file is in the trace, but damaged or too large."""
        return bool(self.packed_source(file)) and self._unpacked(file) is None

    def _unpacked(self, file: int) -> list[str] | None:
        sources, packed = self._sources, self.packed_source(file)
        if file not in sources.lines:
            sources.lines[file] = sources.texts.lines(packed) if packed else []
        return sources.lines[file]

    def packed_source(self, file: int) -> bytes | None:
        """The text of a file, UTF-8 deflated by zlib; None where it is not in the trace."""
        return self.files[file].source or self.late_sources.get(file)


def bindings_by_position(trace: TraceData) -> dict[int, tuple[events.Binding, ...]]:
    """Bindings by position; what a place of the user's left out is what an earlier one of its code has."""
    new: dict[int, list[events.Binding]] = {}
    for binding in trace.names:
        new.setdefault(binding.position, []).append(binding)
    latest: dict[int, dict[int, events.Binding]] = {}
    found = {}
    for position, bindings in new.items():
        own = {binding.name: binding for binding in bindings}
        if trace.file_of(position).role == "user":
            code = trace.positions[position].code
            for name, binding in latest.get(code, {}).items():
                own.setdefault(name, replace(binding, position=position, in_statement=False))
            own = {name: binding for name, binding in own.items() if binding.kind != "unbound"}
            latest[code] = own
        found[position] = tuple(sorted(own.values(), key=lambda binding: not binding.in_statement))
    return found


@dataclass
class _Sources:
    """Texts of files by number, as far as they have been looked at."""

    texts: PackedTexts = field(default_factory=PackedTexts)
    lines: dict[int, list[str] | None] = field(default_factory=dict)


_TABLES: dict[type, str] = {
    events.File: "files",
    events.Code: "codes",
    events.Position: "positions",
    events.Stack: "stacks",
    events.Layout: "layouts",
    events.Layer: "layers",
    events.Call: "calls",
    events.UnknownShape: "unknown_shapes",
    events.Warned: "warnings",
    events.Difference: "differences",
    events.Binding: "names",
    events.Capability: "declarations",
}


class Assembler:
    """Sorts records into tables and events as they come; they may come in parts, while a program runs."""

    def __init__(self, header: events.Header) -> None:
        self.trace = TraceData(header)
        """Without forces and failures, which `finished` adds."""
        self.forces: dict[int, Force] = {}
        self.failures: dict[int, events.Failure] = {}
        self._append = {kind: getattr(self.trace, name).append for kind, name in _TABLES.items()}

    def add(self, records: Iterable[events.AnyRecord]) -> None:
        """Sort in the next records of the journal."""
        append, trace = self._append, self.trace
        for record in records:
            kind = type(record)
            if kind in append:
                append[kind](record)
            elif isinstance(record, events.Text):
                trace.texts.append(record.text)
            elif isinstance(record, events.ForceBegin):
                self.forces[record.id] = Force(record, switches=trace.switches)
            elif isinstance(record, events.Failure):
                self.failures[record.id] = record
            else:
                _complete(trace, self.forces, record)

    def finished(self) -> TraceData:
        """The trace of all that was added.

        Raises
        ------
        TraceFileError
            If a record refers to what there is not, or says what cannot be true.
        """
        trace = self.trace
        if not _refers_backwards(trace, self.forces.values(), self.failures.values()):
            raise TraceFileError("the trace refers to what it does not hold: it is damaged, record it again")
        make_plausible(trace, self.forces, self.failures)
        trace.failures = list(self.failures.values())
        trace.calls.sort(key=lambda call: call.at)
        _join_forces(trace, self.forces)
        return trace


def assemble(reading: journal.Reading) -> TraceData:
    """Sort the records of a journal into tables and events, and join begins with ends."""
    header = reading.records[0]
    assert isinstance(header, events.Header)
    assembler = Assembler(header)
    assembler.trace.lost_bytes = reading.lost
    assembler.add(reading.records)
    return assembler.finished()


def _complete(trace: TraceData, forces: dict[int, Force], record: events.AnyRecord) -> None:
    """Add a record that completes what an earlier one began."""
    if isinstance(record, events.ForceEnd) and record.id in forces:
        forces[record.id].end = record
    elif isinstance(record, events.Source):
        trace.late_sources[record.file] = record.text
    elif isinstance(record, events.BlindSpot):
        trace.blind_spots[record.text] = record.count
    elif isinstance(record, events.Switch):
        trace.switches = trace.switches | {record.name: record.on}
    elif isinstance(record, events.End):
        trace.end = record


_Placed: TypeAlias = events.ForceBegin | events.Failure | events.UnknownShape


def _refers_backwards(trace: TraceData, forces: Iterable[Force], failures: Iterable[events.Failure]) -> bool:
    """Whether every number in a record is that of a row of its table."""
    texts, positions = len(trace.texts), len(trace.positions)
    layers, layouts, stacks = len(trace.layers), len(trace.layouts), len(trace.stacks)

    def below(limit: int, *numbers: int | None) -> bool:
        return all(number is None or 0 <= number < limit for number in numbers)

    begins = [force.begin for force in forces]
    placed: list[_Placed] = [*begins, *failures, *trace.unknown_shapes]
    return (
        all(below(len(trace.files), code.file) for code in trace.codes)
        and all(below(len(trace.codes), position.code) for position in trace.positions)
        and all(below(positions, *stack.positions) for stack in trace.stacks)
        and all(below(texts, layer.name, layer.operation) for layer in trace.layers)
        and all(below(layers, *layer.reads) for layer in trace.layers)
        and all(below(positions, event.site, event.user_site) for event in placed)
        and all(below(positions, warned.site, warned.user_site) for warned in trace.warnings)
        and all(below(positions, found.site, found.user_site) for found in trace.differences)
        and all(below(positions, bound.position) for bound in trace.names)
        and all(below(texts, bound.name, bound.type, bound.dtype, *bound.arrays) for bound in trace.names)
        and all(below(layouts, bound.layout) for bound in trace.names)
        and all(below(texts, declared.entry) for declared in trace.declarations)
        and all(below(texts, event.entry, event.thread) and below(stacks, event.stack) for event in placed)
        and all(below(layers, *(w.layer for w in begin.wanted)) for begin in begins)
        and all(below(texts, *begin.results) for begin in begins)
        and _calls_refer_backwards(trace.calls, texts, positions, layouts)
    )


def _calls_refer_backwards(calls: list[events.Call], texts: int, positions: int, layouts: int) -> bool:
    """The same for calls, which are many."""
    for call in calls:
        user_site = call.user_site
        if not 0 <= call.site < positions or not (user_site is None or 0 <= user_site < positions):
            return False
        if not 0 <= call.operation < texts or not 0 <= call.thread < texts:
            return False
        for name in call.inputs:
            if not 0 <= name < texts:
                return False
        for name, dtype, layout in call.outputs:
            if not (0 <= name < texts and 0 <= dtype < texts and 0 <= layout < layouts):
                return False
    return True


def _join_forces(trace: TraceData, forces: dict[int, Force]) -> None:
    trace.forces = [forces[number] for number in sorted(forces)]
    last = max(
        [f.begin.at + (f.end.seconds if f.end else 0.0) for f in trace.forces]
        + [call.at for call in trace.calls[-1:]]
        + ([trace.end.seconds] if trace.end else []),
        default=0.0,
    )
    for force in trace.forces:
        force.ran_until = force.begin.at + force.end.seconds if force.end else last
        parent = forces.get(force.begin.parent) if force.begin.parent is not None else None
        if parent is not None:
            parent.children.append(force)


def load(path: str | Path) -> TraceData:
    """Read a trace file.

    Raises
    ------
    lazyscope.errors.TraceFileError
        If there is no trace that can be read.
    """
    return assemble(journal.read_file(Path(path)))
