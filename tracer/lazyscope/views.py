"""The events of a trace as objects with names instead of numbers: what `Trace` hands out.

Fields are those of the JSON report; see the contract there. Unknown is None, never 0.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lazyscope.model.trace import TraceData


class Site(msgspec.Struct, frozen=True):
    """A place in source code. Lines count from 1, columns in characters from 0."""

    file: str
    distribution: str | None
    line: int | None
    end_line: int | None
    column: int | None
    end_column: int | None
    function: str
    code: str
    expression: str | None
    inherited: bool = False
    """Whether it is that of the force in whose tasks the event happened."""


class Repeat(msgspec.Struct, frozen=True):
    """Tasks of one layer that an earlier force had asked for."""

    layer: str
    operation: str
    tasks: int
    force: int | None


class Force(msgspec.Struct, frozen=True):
    """One execution of a dask graph."""

    id: int
    parent: int | None
    started: float
    completed: bool
    trigger: str
    entry: str | None
    site: Site | None
    user_site: Site | None
    seconds: float | None
    self_seconds: float | None
    task_seconds: float | None
    tasks: int
    tasks_repeated: int
    tasks_exact: bool
    repeats: list[Repeat]
    partition_reads: int
    partition_reads_repeated: int
    bytes: int | None
    expected_bytes: int | None
    peak_bytes: int | None
    scheduler: str
    thread: str
    allowed: str | None


class UnknownShape(msgspec.Struct, frozen=True):
    """An array whose shape became unknown."""

    id: int
    operation: str
    entry: str | None
    site: Site | None
    user_site: Site | None


class Failure(msgspec.Struct, frozen=True):
    """An exception that passed through a recorded call or left the traced block."""

    id: int
    type: str
    message: str
    escaped: bool
    entry: str | None
    site: Site | None
    user_site: Site | None


class ArrayView(msgspec.Struct, frozen=True):
    """A dask array that a call returned. A dimension of unknown length is None."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    numblocks: tuple[int, ...]


class Call(msgspec.Struct, frozen=True):
    """One array-API call on dask arrays."""

    started: float
    seconds: float
    operation: str
    site: Site | None
    user_site: Site | None
    inputs: tuple[str, ...]
    outputs: tuple[ArrayView, ...]
    thread: str
    force: int | None
    answer: bool | None
    via: str | None


def forces(data: TraceData) -> list[Force]:
    return _converted(data, "forces", Force)


def unknown_shapes(data: TraceData) -> list[UnknownShape]:
    return _converted(data, "unknown_shapes", UnknownShape)


def failures(data: TraceData) -> list[Failure]:
    return _converted(data, "failures", Failure)


def calls(data: TraceData) -> list[Call]:
    from lazyscope.analysis.source import locate

    def site(position: int | None) -> Site | None:
        if position is None:
            return None
        return msgspec.convert(locate(data, position), Site, from_attributes=True)

    return [
        Call(
            call.at,
            call.seconds,
            data.texts[call.operation],
            site(call.site),
            site(call.user_site),
            tuple(data.texts[name] for name in call.inputs),
            tuple(_array(data, *output) for output in call.outputs),
            data.texts[call.thread],
            call.force,
            call.answer,
            call.via,
        )
        for call in data.calls
    ]


def _array(data: TraceData, name: int, dtype: int, layout: int) -> ArrayView:
    found = data.layouts[layout]
    return ArrayView(data.texts[name], data.texts[dtype], tuple(found.shape), tuple(found.numblocks))


def _converted(data: TraceData, section: str, kind: Any) -> list[Any]:
    from lazyscope.report.json_report import to_document

    return msgspec.convert(to_document(data)[section], list[kind])
