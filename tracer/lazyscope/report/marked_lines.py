"""A few lines of source text around a site, fit to be shown, with the place of the expression in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lazyscope.analysis.source import SourceSite
from lazyscope.model.trace import TraceData
from lazyscope.text.harmless import harmless

AROUND = 2
"""Lines that are shown above and below."""
_MOST_LINES = 12
"""Of an expression that goes over several lines so many are shown."""
_WIDEST = 200
"""Characters of a line that are shown."""
_BEFORE_MARK = 60
"""Of a line that is too long so many characters are shown before its expression."""


@dataclass(frozen=True)
class Marked:
    """A line of text, and where in it the expression stands; nowhere if both ends are the same."""

    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Numbered:
    """A marked line and where it is from."""

    number: int
    line: Marked
    is_site: bool
    """Whether it is the line itself, and not one around it."""


def lines_around(trace: TraceData, position: int, site: SourceSite) -> list[Numbered]:
    """The lines of `site`, which is at `position`, and those around it; none without source."""
    return list(_lines(trace, position, site))


def _lines(trace: TraceData, position: int, site: SourceSite) -> Iterator[Numbered]:
    text = trace.source_lines(trace.codes[trace.positions[position].code].file)
    if not 0 < site.line <= len(text):
        return
    last = min(site.end_line or site.line, site.line + _MOST_LINES - 1)
    numbers = range(max(site.line - AROUND, 1), min(max(last, site.line) + AROUND, len(text)) + 1)
    indent = _common_indent([text[number - 1] for number in numbers])
    for number in numbers:
        shown = _shown(_marked(text[number - 1], number, site), indent)
        yield Numbered(number, shown, site.line <= number <= last)


def _common_indent(lines: Sequence[str]) -> int:
    return min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)


def _marked(text: str, number: int, site: SourceSite) -> Marked:
    """A line with that part of the expression that is on it."""
    if site.expression is None or site.end_line is None or not site.line <= number <= site.end_line:
        return Marked(text)
    if site.column is None or site.end_column is None:
        return Marked(text)
    start = site.column if number == site.line else len(text) - len(text.lstrip())
    end = site.end_column if number == site.end_line else len(text.rstrip())
    return Marked(text, start, end) if start < end else Marked(text)


def _shown(line: Marked, indent: int) -> Marked:
    """The line without its indentation, harmless, and not too long; its mark stays in view."""
    first = indent
    if line.start < line.end and line.start - indent > _WIDEST - _BEFORE_MARK:
        first = line.start - _BEFORE_MARK
    last = first + _WIDEST
    start, end = (min(max(bound, first), last) for bound in (line.start, line.end))
    before = ("…" if first > indent else "") + _spaced(line.text[first:start])
    inside = _spaced(line.text[start:end])
    after = _spaced(line.text[end:last]) + ("…" if len(line.text) > last else "")
    return Marked(before + inside + after, len(before), len(before) + len(inside))


def _spaced(text: str) -> str:
    return harmless(text.replace("\t", "    "))
