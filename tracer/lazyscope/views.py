"""The events of a trace as objects with names instead of numbers: what `Trace` hands out.

Fields are those of the JSON report; see the contract there. Unknown is None, never 0.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lazyscope import figures
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


class Cost(msgspec.Struct, frozen=True):
    """What forces of a finding cost; the parts of all findings that own their forces add up."""

    seconds: float | None
    self_seconds: float | None
    tasks: int
    tasks_repeated: int
    bytes: int | None
    share: float | None
    """`self_seconds` / seconds of the program."""


class Bounds(msgspec.Struct, frozen=True):
    """What would vanish if forces did not happen: at least, at most."""

    tasks: tuple[int, int]
    seconds: tuple[float, float]


class Estimate(msgspec.Struct, frozen=True):
    """What a fix would save: at least, at most; None where nothing can be said."""

    tasks_repeated: tuple[int, int] | None
    seconds: tuple[float, float] | None


class Change(msgspec.Struct, frozen=True):
    """Lines of a file that give way to `new`; with ``end_line == line - 1`` these go in before `line`."""

    file: str
    line: int
    end_line: int
    old: tuple[str, ...]
    new: tuple[str, ...]


class Fix(msgspec.Struct, frozen=True):
    """One way to mend a finding."""

    technique: str
    audience: str
    summary: str
    price: str
    estimate: Estimate
    sketch: bool
    """Whether it is words only: then there are no edits."""
    diff: str | None
    edits: tuple[Change, ...]
    """They belong together."""


class Dependency(msgspec.Struct, frozen=True):
    """An array of the user's (`kind` ``array``), or a call, that a forced value was made from."""

    kind: str
    name: str | None
    operation: str | None
    times: int
    bytes: int | None
    site: Site | None


class Finding(msgspec.Struct, frozen=True):
    """One diagnosed problem, or something that is as it should be (severity ``info``)."""

    id: str
    fingerprint: str
    code: str
    title: str
    severity: str
    actionability: str
    follows: str | None
    entry: str | None
    site: Site | None
    user_site: Site | None
    occurrences: int
    forces: tuple[int, ...]
    owns_forces: bool
    failures: tuple[int, ...]
    unknown_shapes: tuple[int, ...]
    cost: Cost
    if_not_forced: Bounds | None
    at_stake: float | None
    why: str
    depends_on: tuple[Dependency, ...]
    fixes: tuple[Fix, ...]

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from lazyscope.report.notebook_html import Card, advice, card_html, line_of

        sites = [site for site in dict.fromkeys((self.user_site, self.site)) if site is not None]
        fix = self.fixes[0] if self.fixes else None
        return card_html(
            Card(
                id=self.id,
                severity=self.severity,
                code=self.code,
                title=self.title,
                cost=self._cost_in_words(),
                lines=tuple(line_of(site.file, site.line, site.code, site.expression) for site in sites),
                why=self.why,
                advice=None if fix is None else advice(fix.technique, fix.audience, fix.summary, fix.price),
            )
        )

    def _cost_in_words(self) -> str:
        if self.owns_forces:
            seconds = figures.duration(self.cost.self_seconds or 0.0)
            return f"{seconds}, {figures.plural(self.occurrences, 'force')}"
        return f"up to {figures.duration(self.at_stake)} less" if self.at_stake else ""


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


def findings(data: TraceData) -> list[Finding]:
    return _converted(data, "findings", Finding, explain=True)


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


def _converted(data: TraceData, section: str, kind: Any, *, explain: bool = False) -> list[Any]:
    from lazyscope.report.json_report import to_document

    return msgspec.convert(to_document(data, explain=explain)[section], list[kind])
