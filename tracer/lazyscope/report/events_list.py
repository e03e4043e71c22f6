"""Exceptions and what was not seen, as labelled lists for the terminal summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from lazyscope import figures
from lazyscope.analysis.cost import site_at
from lazyscope.analysis.stayed_lazy import LazyLine, lazy_lines
from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model import events
from lazyscope.model.trace import TraceData
from lazyscope.report.screen import ALARM, QUIET, Screen, Section
from lazyscope.report.snippets import excerpt, place_and_code
from lazyscope.report.unseen import unseen

_LABEL = 15


def notes(screen: Screen, trace: TraceData, diagnosis: Diagnosis) -> list[Section]:
    """Everything besides forces and findings that a reader must know of."""
    inner = screen.narrower(_LABEL)
    return [
        _labelled("exception", _failures(inner, trace, diagnosis)),
        _labelled("stayed lazy", [_lazy_line(inner, trace, line) for line in lazy_lines(trace)]),
        _labelled("not seen", [_cut(inner, line) for line in unseen(trace, diagnosis)]),
    ]


def _lazy_line(screen: Screen, trace: TraceData, line: LazyLine) -> list[Text]:
    calls = Text(figures.plural(line.calls, "array call"), QUIET)
    room = screen.width - calls.cell_len - 2
    return [screen.spread(place_and_code(screen, excerpt(trace, line.user_site), room), calls)]


def _failures(screen: Screen, trace: TraceData, diagnosis: Diagnosis) -> list[list[Text]]:
    found = unexplained(trace, diagnosis)
    return [_failure_lines(screen, trace, failure, count) for failure, count in found]


def unexplained(trace: TraceData, diagnosis: Diagnosis) -> list[tuple[events.Failure, int]]:
    """The exceptions that no finding explains, equal ones at one place once; those that escaped first."""
    left = [failure for failure in trace.failures if failure.id not in diagnosis.of_failure]
    ordered = sorted(left, key=lambda failure: not failure.escaped)
    failures = {_failure_key(trace, failure): failure for failure in reversed(ordered)}
    counts = Counter(_failure_key(trace, failure) for failure in ordered)
    return [(failures[key], count) for key, count in counts.items()]


def _failure_key(trace: TraceData, failure: events.Failure) -> object:
    sites = site_at(trace, failure.site), site_at(trace, failure.user_site)
    return failure.type, failure.message, failure.escaped, sites


def _failure_lines(screen: Screen, trace: TraceData, failure: events.Failure, count: int) -> list[Text]:
    outcome = Text(("escaped" if failure.escaped else "handled") + _times(screen, count), QUIET)
    room = screen.width - outcome.cell_len - 2
    kind = Text(screen.start(failure.type, room), ALARM if failure.escaped else "")
    if failure.message:
        kind = Text.assemble(kind, ": ", screen.start(failure.message, room - kind.cell_len - 2))
    lines = [screen.spread(kind, outcome)]
    if failure.site is not None:
        lines.append(place_and_code(screen, excerpt(trace, failure.site), screen.width))
    return lines + _reached_from(screen, trace, failure)


def _reached_from(screen: Screen, trace: TraceData, event: events.Failure) -> list[Text]:
    """The user's line, unless it is the line that was shown already."""
    if event.user_site is None or event.user_site == event.site:
        return []
    found = excerpt(trace, event.user_site)
    return [Text.assemble(("from ", QUIET), place_and_code(screen, found, screen.width - 5, mark=False))]


def _cut(screen: Screen, text: str) -> list[Text]:
    """A sentence in two lines at most."""
    lines = screen.paragraph(screen.start(text, 10_000))
    rest = " ".join(line.plain for line in lines[1:])
    return [lines[0], Text(screen.start(rest, screen.width))] if rest else lines


def _times(screen: Screen, count: int) -> str:
    return f" {screen.glyph('×')} {figures.count(count)}" if count > 1 else ""


def _labelled(label: str, items: Sequence[list[Text]]) -> Section:
    """Items with a label left of the first line, and below it the number of those left out."""

    def lines(shown: int) -> list[Text]:
        found = [line for item in items[:shown] for line in item]
        labels = [label] * bool(items)
        if items[shown:]:
            labels.append(f"and {len(items) - shown:,} more")
        height = max(len(labels), len(found))
        labels += [""] * (height - len(labels))
        found += [Text("")] * (height - len(found))
        return [
            Text.assemble((text.ljust(_LABEL), QUIET), line) for text, line in zip(labels, found, strict=True)
        ]

    return Section(len(items), lines)
