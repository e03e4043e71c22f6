"""What may stand in a trace: the one place that looks, so that nothing that reads a trace has to.

A checksum tells damage, not truth: a trace may have been made by hand, or by a lazyscope with a fault. What
no program can have done is refused where the rest would be meaningless without it, like a time that no
clock shows. Where the rest still tells something, it is made unknown, and a blind spot says so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import fields, replace

from lazyscope.errors import TraceFileError
from lazyscope.model import events

if TYPE_CHECKING:
    from lazyscope.model.trace import Force, TraceData

LONGEST_TEXT = 4_000
"""Characters of a name or a message; each event may show it."""
_LATEST = 1e9
"""Seconds: thirty years."""
_MOST_TASKS = 10**12
_MOST_BYTES = 2**62
_MOST_ELEMENTS = 10**30
"""Of an array that nobody has computed."""
_MOST_LINES = 10**9
_MOST_DIMENSIONS = 64
"""NumPy has no more."""
_LONGEST_STACK = 1_000

_BYTES = ("expected_bytes", "largest_chunk_bytes", "resident_bytes", "free_bytes", "bytes", "peak_bytes")
_READS = ("partition_reads", "partition_reads_repeated")

_R = TypeVar("_R", bound=events.Record)


def make_plausible(trace: TraceData, forces: dict[int, Force], failures: dict[int, events.Failure]) -> None:
    """Refuse or make unknown what cannot be true.

    Raises
    ------
    TraceFileError
        If a trace without it would mean nothing.
    """
    for wrong in _contradictions(trace, forces.values(), failures.values()):
        raise TraceFileError(f"the trace holds {wrong}: it is damaged, record it again")
    unknown: Counter[str] = Counter()
    _shorten(trace, forces, failures)
    _make_layers_plausible(trace, unknown)
    _make_bindings_plausible(trace, unknown)
    _make_declarations_plausible(trace, unknown)
    for force in forces.values():
        _make_force_plausible(force, forces, unknown)
    _forget_absent_forces(trace, forces, failures, unknown)
    for what, count in unknown.items():
        trace.blind_spots[f"{what}: what the trace says of it cannot be true"] = count


# What is refused


def _contradictions(
    trace: TraceData, forces: Iterable[Force], failures: Iterable[events.Failure]
) -> Iterator[str]:
    if not all(map(_is_time, _times(trace, forces, failures))):
        yield "a time that no clock shows"
    if not all(map(_is_duration, _durations(trace, forces))):
        yield "a duration that no clock shows"
    if not all(-_LATEST <= call.at <= _LATEST and 0 <= call.seconds <= _LATEST for call in trace.calls):
        yield "a call at a time that no clock shows"
    if not all(0 <= number <= _MOST_TASKS for number in _tasks(trace, forces)):
        yield "a number of tasks that no graph has"
    if not all(map(_is_grid, (layer.blocks for layer in trace.layers if layer.blocks is not None))):
        yield "a grid of blocks that no array has"
    if not all(map(_is_layout, trace.layouts)):
        yield "a shape that no array has"
    if not all(map(_is_in_source, trace.positions)):
        yield "a place that no source has"
    if any(len(stack.positions) > _LONGEST_STACK for stack in trace.stacks):
        yield "a stack deeper than Python's"
    if trace.end is not None and trace.end.ended not in ("ok", "exception"):
        yield "an end that no program has"


def _times(trace: TraceData, forces: Iterable[Force], failures: Iterable[events.Failure]) -> Iterator[float]:
    yield from (force.begin.at for force in forces)
    yield from (event.at for event in failures)
    yield from (event.at for event in trace.unknown_shapes)
    yield from (event.at for event in trace.warnings)
    for found in trace.differences:
        yield from (found.at, found.began, found.ended)


def _durations(trace: TraceData, forces: Iterable[Force]) -> Iterator[float]:
    yield from (force.end.seconds for force in forces if force.end is not None)
    if trace.end is not None:
        yield trace.end.seconds


def _tasks(trace: TraceData, forces: Iterable[Force]) -> Iterator[int]:
    yield from (layer.tasks for layer in trace.layers)
    for force in forces:
        yield from (force.begin.tasks, force.begin.tasks_repeated)
        for wanted in force.begin.wanted:
            yield from (wanted.tasks, wanted.repeated)


def _is_time(seconds: float) -> bool:
    return -_LATEST <= seconds <= _LATEST


def _is_duration(seconds: float) -> bool:
    return 0 <= seconds <= _LATEST


def _is_grid(blocks: list[int]) -> bool:
    is_short = len(blocks) <= _MOST_DIMENSIONS
    return is_short and min(blocks, default=0) >= 0 and math.prod(blocks) <= _MOST_TASKS


def _is_layout(layout: events.Layout) -> bool:
    shape = [length for length in layout.shape if length is not None]
    chunk = [length for length in layout.chunk if length is not None]
    return (
        len(layout.shape) == len(layout.chunk) == len(layout.numblocks)
        and _is_grid(layout.numblocks)
        and min([*shape, *chunk], default=0) >= 0
        and max(math.prod(filter(None, shape)), math.prod(filter(None, chunk))) <= _MOST_ELEMENTS
    )


def _is_in_source(position: events.Position) -> bool:
    place = [position.line, position.end_line, position.column, position.end_column]
    place += position.before or ()
    return min(place) >= -1 and max(place) <= _MOST_LINES


# What is made unknown


def _make_layers_plausible(trace: TraceData, unknown: Counter[str]) -> None:
    for number, layer in enumerate(trace.layers):
        if any(read >= number for read in layer.reads):
            layer = replace(layer, reads=[read for read in layer.reads if read < number])
            unknown["what a layer reads"] += 1
        if layer.chunk_bytes is not None and not 0 <= layer.chunk_bytes <= _MOST_BYTES:
            layer = replace(layer, chunk_bytes=None)
            unknown["bytes of a layer"] += 1
        trace.layers[number] = layer


def _make_bindings_plausible(trace: TraceData, unknown: Counter[str]) -> None:
    """A name that cannot stand in a program is no name; what cannot be an array's is not known."""
    kept = [bound for bound in trace.names if trace.texts[bound.name].isidentifier()]
    unknown["what a name is bound to"] += len(trace.names) - len(kept)
    for number, bound in enumerate(kept):
        changed: dict[str, None] = {}
        if bound.shape is not None and not _is_shape(bound.shape):
            changed["shape"] = None
        if bound.count is not None and not 0 <= bound.count <= _MOST_TASKS:
            changed["count"] = None
        unknown["what a name is bound to"] += bool(changed)
        kept[number] = replace(bound, **changed) if changed else bound
    trace.names[:] = kept


def _make_declarations_plausible(trace: TraceData, unknown: Counter[str]) -> None:
    kept = [one for one in trace.declarations if one.dask in ("supported", "converts", "unsupported")]
    unknown["what a library declares"] += len(trace.declarations) - len(kept)
    trace.declarations[:] = kept


def _is_shape(shape: list[int]) -> bool:
    is_short = len(shape) <= _MOST_DIMENSIONS
    return is_short and min(shape, default=0) >= 0 and math.prod(shape) <= _MOST_BYTES


def _make_force_plausible(force: Force, forces: dict[int, Force], unknown: Counter[str]) -> None:
    begin, parent = force.begin, force.begin.parent
    if parent is not None and (parent >= begin.id or parent not in forces):
        force.begin = replace(begin, parent=None)
        unknown["the force that a force ran in"] += 1
    force.begin = _with_known_figures(force.begin, unknown)
    if force.end is not None:
        force.end = _with_known_figures(force.end, unknown)


def _with_known_figures(record: _R, unknown: Counter[str]) -> _R:
    """The record without figures that cannot be true."""
    changed: dict[str, int | None] = {}
    for name in _BYTES:
        if (found := getattr(record, name, None)) is not None and not 0 <= found <= _MOST_BYTES:
            changed[name] = None
    for name in _READS:
        if (found := getattr(record, name, None)) is not None and not 0 <= found <= _MOST_TASKS:
            changed[name] = 0
    seconds = getattr(record, "task_seconds", None)
    if seconds is not None and not _is_duration(seconds):
        changed["task_seconds"] = None
    unknown["figures of a force"] += bool(changed)
    return replace(record, **changed) if changed else record


def _forget_absent_forces(
    trace: TraceData, forces: dict[int, Force], failures: dict[int, events.Failure], unknown: Counter[str]
) -> None:
    """Events that happened in a force there is not happened in none."""

    def without(event: _R) -> _R:
        force = getattr(event, "force", None)
        if force is None or force in forces:
            return event
        unknown["the force that something happened in"] += 1
        return replace(event, force=None)

    trace.warnings[:] = map(without, trace.warnings)
    trace.unknown_shapes[:] = map(without, trace.unknown_shapes)
    failures.update({number: without(failure) for number, failure in failures.items()})
    for name in [name for name, count in unknown.items() if not count]:
        del unknown[name]


# What is cut


def _shorten(trace: TraceData, forces: dict[int, Force], failures: dict[int, events.Failure]) -> None:
    """Cut texts that are no names and no messages."""
    trace.header = _short(trace.header)
    trace.texts[:] = [text if len(text) <= LONGEST_TEXT else _cut(text) for text in trace.texts]
    trace.blind_spots = {_cut(text): max(count, 1) for text, count in trace.blind_spots.items()}
    _shorten_all(trace.files)
    _shorten_all(trace.codes)
    _shorten_all(trace.unknown_shapes)
    _shorten_all(trace.warnings)
    _shorten_all(trace.differences)
    _shorten_all(trace.names)
    _shorten_all(trace.declarations)
    failures.update({number: _short(failure) for number, failure in failures.items()})
    for force in forces.values():
        force.begin = _short(force.begin)
        force.end = None if force.end is None else _short(force.end)
    if trace.end is not None:
        trace.end = _short(trace.end)


def _shorten_all(records: list[_R]) -> None:
    records[:] = map(_short, records)


def _short(record: _R) -> _R:
    long = {
        field.name: _cut(value)
        for field in fields(record)
        if isinstance(value := getattr(record, field.name), str) and len(value) > LONGEST_TEXT
    }
    return replace(record, **long) if long else record


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
