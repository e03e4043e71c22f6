"""Exceptions and forces that an unknown length led to, and the arrays that it came from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from lazyscope.analysis import parsing
from lazyscope.analysis.arrays import variable_at
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.evidence import FailureEvidence, ForceEvidence, Placed, alike, failures_alike
from lazyscope.analysis.places import place_of
from lazyscope.analysis.provenance import Chain
from lazyscope.analysis.reading import Reading, assigned_before, read
from lazyscope.analysis.unknown_shapes import origins_of_failure, origins_of_force, path_of_unknown
from lazyscope.catalogue.advice import compute_before, line_of, names, short, times
from lazyscope.catalogue.failing import (
    for_caller,
    namespace_at,
    told_again,
)
from lazyscope.catalogue.finding import Discovery, Match
from lazyscope.catalogue.messages import said
from lazyscope.fixes.compute_before import compute_first
from lazyscope.fixes.compute_chunk_sizes import compute_chunk_sizes
from lazyscope.fixes.fix import Audience, Fix
from lazyscope.fixes.placement import file_at
from lazyscope.fixes.selection import without_selection
from lazyscope.fixes.spot import Spot, spot_at
from lazyscope.fixes.words import SKETCHES
from lazyscope.model import events
from lazyscope.model.trace import TraceData

About: TypeAlias = Literal["chunks", "length"]
"""What an exception wanted to know: sizes of chunks for an operation, or the length as a number."""

_COUNTING = ("ValueError", "TypeError", "AssertionError")
_VAGUE = re.compile(r"slice indices must be integers|cannot convert float NaN to integer|\Z")
"""What operations of dask say, or say nothing, where they count on known lengths."""

_MEASURED = re.compile(
    r"\b([A-Za-z_]\w*)\.(?:shape|size|nbytes|chunks|chunksize)\b|\blen\(\s*([A-Za-z_]\w*)\s*\)"
)


def about(evidence: FailureEvidence) -> About | None:
    """Whether an exception comes from an unknown length, and what it wanted to know."""
    failure, message = evidence.failures[0], evidence.message
    if said(message, "length unknown"):
        return "length"
    if said(message, "chunks unknown"):
        return "chunks"
    behind = origins_of_failure(evidence.trace, failure)
    vague = evidence.type in _COUNTING and _VAGUE.match(message)
    if failure.operation is not None and behind and vague:
        return "chunks"
    if evidence.type in _COUNTING and (measured(evidence) or asked_in_statement(evidence)):
        return "length" if speaks_of_a_number(message) else None
    return None


def speaks_of_a_number(message: str) -> bool:
    """Whether an exception may come from NaN, or a float, where an integer belongs."""
    return said(message, "number expected") is not None


def asked_in_statement(evidence: FailureEvidence) -> tuple[int, ...]:
    """Indices of the unknown shapes that the failing statement itself made, and whose length it uses."""
    trace, site, reading = evidence.trace, evidence.site, evidence.reading
    if site is None or reading is None:
        return ()
    code, lines = trace.positions[site].code, range(reading.line, reading.end_line + 1)
    made = [
        number
        for number, shape in enumerate(trace.unknown_shapes)
        if shape.site is not None
        and trace.positions[shape.site].code == code
        and trace.positions[shape.site].line in lines
    ]
    texts = [reading.expression or "", *_statement_lines(trace, site, reading)]
    return tuple(made) if any(_USES_LENGTH.search(text) for text in texts) else ()


def _statement_lines(trace: TraceData, site: int, reading: Reading) -> list[str]:
    return trace.source_lines(trace.codes[trace.positions[site].code].file)[
        reading.line - 1 : reading.end_line
    ]


_USES_LENGTH = re.compile(r"\.(shape|size|nbytes|chunks|chunksize)\b|\blen\(")


def measured(evidence: FailureEvidence) -> tuple[str, ...]:
    """Variables of unknown length whose length the failing statement uses."""
    if evidence.site is None or evidence.reading is None:
        return ()
    known = _unknown_variables(evidence.trace)
    asked = _asked_in(evidence.reading.code)
    for name in evidence.reading.names:
        found = assigned_before(evidence.trace, evidence.site, name)
        asked += _asked_in(found.value) if found else []
    return tuple(dict.fromkeys(name for name in asked if name in known))


def _asked_in(text: str) -> list[str]:
    return [first or second for first, second in _MEASURED.findall(text)]


def _unknown_variables(trace: TraceData) -> dict[str, tuple[int, ...]]:
    """Variables that hold arrays of unknown length, with the indices of the unknown shapes behind them."""
    known: dict[str, tuple[int, ...]] | None = vars(trace).get("_unknown_variables")
    if known is None:
        known = vars(trace)["_unknown_variables"] = {}
        for number, shape in enumerate(trace.unknown_shapes):
            for name in _variables_of(trace, shape):
                known[name] = (*known.get(name, ()), number)
    return known


def _variables_of(trace: TraceData, shape: events.UnknownShape) -> set[str]:
    path = path_of_unknown(trace, shape)
    if path.settled_by is not None:
        return set()
    sites = [shape.site, *(step.call.site for step in path.carried.shown)]
    found: set[str] = set()
    for site in sites:
        if site is None:
            continue
        name, reading = variable_at(trace, site), read(trace, site)
        found.update([name] if name else [])
        for target in reading.targets if reading else ():
            found.update(part.strip(" ()") for part in target.split(","))
    return found


def origins(evidence: FailureEvidence) -> tuple[int, ...]:
    """Indices of the unknown shapes that an exception comes from."""
    trace = evidence.trace
    numbers = _numbers(trace)
    found = dict.fromkeys(
        numbers[shape] for failure in evidence.failures for shape in origins_of_failure(trace, failure)
    )
    if found:
        return tuple(found)
    own = asked_in_statement(evidence)
    if own:
        return own
    known = _unknown_variables(trace)
    return tuple(dict.fromkeys(number for name in measured(evidence) for number in known[name]))


def _numbers(trace: TraceData) -> dict[events.UnknownShape, int]:
    known: dict[events.UnknownShape, int] | None = vars(trace).get("_numbers_of_unknown_shapes")
    if known is None:
        known = {shape: number for number, shape in enumerate(trace.unknown_shapes)}
        vars(trace)["_numbers_of_unknown_shapes"] = known
    return known


def came_from(evidence: FailureEvidence) -> str:
    """A sentence on where the unknown length came from; empty if that is not known."""
    trace = evidence.trace
    found = origins(evidence)
    if not found:
        return ""
    shape = trace.unknown_shapes[found[0]]
    made = _origin_text(trace, shape)
    return f" The length is unknown since {made} at {line_of(site_at(trace, shape.site))}."


def _origin_text(trace: TraceData, shape: events.UnknownShape) -> str:
    site = site_at(trace, shape.site)
    text = short(site.expression or site.code) if site else ""
    return f"`{text}`" if text else f"a call of `{shape.operation}`"


# Origins that led to harm


@dataclass(frozen=True)
class Origin:
    """A place where shapes became unknown, and what that led to."""

    trace: TraceData
    numbers: tuple[int, ...]
    """Indices of the unknown shapes that were made there."""
    failures: tuple[FailureEvidence, ...]
    forces: tuple[ForceEvidence, ...]

    @property
    def shape(self) -> events.UnknownShape:
        return self.trace.unknown_shapes[self.numbers[0]]

    @property
    def at_user(self) -> bool:
        site = self.shape.site
        return site is not None and self.trace.file_of(site).role == "user"

    @property
    def audience(self) -> Audience:
        return "caller" if self.at_user else "library"

    @property
    def reading(self) -> Reading | None:
        return None if self.shape.site is None else read(self.trace, self.shape.site)

    @property
    def expression(self) -> str:
        """What made the shape unknown, as written."""
        return _origin_text(self.trace, self.shape)

    @property
    def variable(self) -> str | None:
        """What the user or library calls the array of unknown length."""
        reading = self.reading
        targets = [name.strip() for text in (reading.targets if reading else ()) for name in text.split(",")]
        plain = [name for name in targets if name.isidentifier()]
        return plain[0] if plain else None

    @property
    def name(self) -> str:
        return self.variable or "kept"

    @property
    def namespace(self) -> str:
        site = self.shape.site
        return "xp" if site is None else namespace_at(self.trace, site, self.reading)

    def harm(self) -> str:
        """What came of it, with the lines on the way."""
        path = path_of_unknown(self.trace, self.shape)
        told = [*map(self._failed, self.failures), *map(self._forced, self.forces)]
        return f"{_way(self.trace, path.carried, self.shape)}{' '.join(told[:2])}"

    def _failed(self, evidence: FailureEvidence) -> str:
        what = short(evidence.expression, 48)
        where = line_of(evidence.where)
        ends = "ends the program" if evidence.escaped else "raises"
        return f"`{what}` at {where} needs it and {ends} with {evidence.type}."

    def _forced(self, evidence: ForceEvidence) -> str:
        count = times(len(evidence.forces))
        what = f"`{short(evidence.expression, 48)}` at {line_of(evidence.where)}"
        return f"{what} computes the graph {count} to learn it."

    def caller_fixes(self) -> list[Fix]:
        """What helps whoever calls a library that makes shapes unknown."""
        if self.at_user:
            return []
        for evidence in self.failures:
            return for_caller(evidence)
        return [compute_before(evidence) for evidence in self.forces[:1]]

    @property
    def spot(self) -> Spot | None:
        """The place that made the shape unknown."""
        return spot_at(self.trace, self.shape.site)

    def known_sizes(self) -> Fix:
        """Learn the lengths once, of an array that is held."""
        placed = Placed(self.trace, self.shape)
        return compute_chunk_sizes(placed, self.numbers, audience=self.audience)

    @property
    def failing_lines(self) -> tuple[int, ...]:
        """Lines of the same file that failed for want of the length."""
        spot, trace = self.spot, self.trace
        sites = [evidence.site for evidence in self.failures if evidence.site is not None]
        own = [n for n in sites if spot is not None and file_at(trace, n) == spot.file]
        return tuple(trace.positions[number].line for number in own)


def _way(trace: TraceData, carried: Chain, shape: events.UnknownShape) -> str:
    """The lines that handed the array on."""
    lines = []
    for step in reversed(carried.shown):
        place = line_of(site_at(trace, step.call.site))
        if step.call.site != shape.site and place not in lines and "not known" not in place:
            lines.append(place)
    between = lines[:-1][:3]
    return f"It went through {names(between)}. " if between else ""


def harmful_origins(trace: TraceData, operations: Iterable[str]) -> Iterator[Origin]:
    """Places where calls of these operations made shapes unknown, to the harm of what came after.

    An unknown shape that neither failed nor forced anything is none. Neither is one whose lengths the
    user's own line computed on purpose.
    """
    meant = frozenset(operations)
    by_place: dict[object, list[int]] = {}
    failed, forced = _harm(trace)
    for number, shape in enumerate(trace.unknown_shapes):
        if shape.operation.rpartition(".")[2] in meant and (number in failed or number in forced):
            place = None if shape.site is None else place_of(trace, shape.site)
            by_place.setdefault((place, shape.user_site and place_of(trace, shape.user_site)), []).append(
                number
            )
    for numbers in by_place.values():
        yield Origin(
            trace,
            tuple(numbers),
            tuple(dict.fromkeys(one for number in numbers for one in failed.get(number, ()))),
            tuple(dict.fromkeys(one for number in numbers for one in forced.get(number, ()))),
        )


_Failed: TypeAlias = dict[int, list[FailureEvidence]]
_Forced: TypeAlias = dict[int, list[ForceEvidence]]


def _harm(trace: TraceData) -> tuple[_Failed, _Forced]:
    """By index of an unknown shape, the exceptions and forces that come from it."""
    known: tuple[_Failed, _Forced] | None = vars(trace).get("_harm_of_unknown_shapes")
    if known is None:
        known = vars(trace)["_harm_of_unknown_shapes"] = _failed_of(trace), _forced_of(trace)
    return known


def _failed_of(trace: TraceData) -> _Failed:
    found: _Failed = {}
    for evidence in failures_alike(trace) if trace.unknown_shapes else ():
        if about(evidence) is not None and not told_again(evidence):
            for number in origins(evidence):
                found.setdefault(number, []).append(evidence)
    return found


def _forced_of(trace: TraceData) -> _Forced:
    found: _Forced = {}
    for evidence in alike(trace) if trace.unknown_shapes else ():
        if evidence.at_user or evidence.begin.allowed:
            continue
        for number in _behind(trace, evidence):
            found.setdefault(number, []).append(evidence)
    return found


def _behind(trace: TraceData, evidence: ForceEvidence) -> dict[int, None]:
    numbers = _numbers(trace)
    return dict.fromkeys(
        numbers[shape] for force in evidence.forces for shape in origins_of_force(trace, force.id)
    )


def discovered(origin: Origin, match: Match) -> Discovery:
    """The finding of an origin; what it led to follows."""
    failures = tuple(-failure.id for evidence in origin.failures for failure in evidence.failures)
    forces = tuple(number for evidence in origin.forces for number in evidence.ids)
    shape = origin.shape
    escaped = any(evidence.escaped for evidence in origin.failures)
    fixes = match.fixes
    if (
        origin.at_user
        and origin.failures
        and not any(fix.technique == "compute-once" and fix.edit is not None for fix in fixes)
    ):
        computed = compute_first(origin.failures[0])
        fixes = (*(fix for fix in fixes if fix.technique != "compute-once"), computed)
    return Discovery(
        match=replace(match, at_least="high" if escaped else match.at_least, fixes=fixes),
        site=shape.site,
        user_site=shape.user_site,
        entry=shape.entry,
        unknown_shapes=origin.numbers,
        leads_to=(*failures, *forces),
        at_stake=sum(evidence.self_seconds for evidence in origin.forces),
    )


def index_text(index: str) -> str:
    """An index as `ast.unparse` writes it, whatever slices are in it."""
    written = parsing.expression(f"x[{index}]")
    return ast.unparse(written.slice) if isinstance(written, ast.Subscript) else index


def shapes_kept(evidence: FailureEvidence) -> Fix | None:
    """Keep the length where a mask took it away; None where that was something else."""
    trace = evidence.trace
    for number in origins(evidence):
        shape = trace.unknown_shapes[number]
        origin = Origin(trace, (number,), (evidence,), ())
        if shape.operation in SELECTING and origin.reading is not None:
            return where_instead(origin)
    return None


SELECTING = ("__getitem__", "compress", "extract")
"""Operations that select by a mask."""


def where_instead(origin: Origin) -> Fix:
    """``where`` in place of a selection by a mask, as its consumers need it."""
    spot = origin.spot
    if spot is None:
        return Fix("where", SKETCHES["where"], "every element stays in memory", audience=origin.audience)
    return without_selection(origin.trace, spot, origin.failing_lines)


def is_length_only(origin: Origin) -> bool:
    """Whether all that failed wanted to know the length as a number."""
    return bool(origin.failures) and all(about(evidence) == "length" for evidence in origin.failures)


def known_sizes(evidence: FailureEvidence) -> Fix:
    """Learn the lengths once, where they became unknown."""
    return compute_chunk_sizes(evidence, origins(evidence))
