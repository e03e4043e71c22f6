"""A few lines of source text around a site, coloured, with the expression marked."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

from markupsafe import Markup, escape

from lazyscope.analysis.cost import site_at
from lazyscope.analysis.source import SourceSite
from lazyscope.model.trace import TraceData
from lazyscope.report.harmless import harmless
from lazyscope.report.html.markup import cut, cut_path

AROUND = 2
"""Lines that are shown above and below."""
_MOST_LINES = 12
"""Of an expression that goes over several lines so many are shown."""
_WIDEST = 200
"""Characters of a line that are shown."""
_BEFORE_MARK = 60
"""Of a line that is too long so many characters are shown before its expression."""


@dataclass(frozen=True)
class Line:
    """One line of an excerpt."""

    number: int
    html: Markup
    is_site: bool
    """Whether it is the line itself, and not one around it."""


@dataclass(frozen=True)
class Excerpt:
    """A place in a source text with the lines around it."""

    place: str
    function: str
    distribution: str
    lines: tuple[Line, ...]
    """Empty where the trace has no source, or none is wanted."""
    missing: str = ""
    """What to say in place of the lines."""


def excerpt(trace: TraceData, position: int, *, source: bool) -> Excerpt:
    """The place at `position`; with `source` its lines, too."""
    site = site_at(trace, position)
    assert site is not None
    lines = tuple(_lines(trace, position, site)) if source else ()
    return Excerpt(
        place=place(site),
        function="" if site.function == "<module>" else cut(site.function, 80),
        distribution=cut(site.distribution or "", 60),
        lines=lines,
        missing="" if lines or not source else "The trace does not hold the source of this line.",
    )


def place(site: SourceSite) -> str:
    """``scipy/cluster/vq/_vq_impl.py:143``."""
    return cut_path(site.file) + (f":{site.line}" if site.line > 0 else "")


@dataclass(frozen=True)
class _Marked:
    """A line of text, and where in it the expression stands; nowhere if both ends are the same."""

    text: str
    start: int = 0
    end: int = 0


def _lines(trace: TraceData, position: int, site: SourceSite) -> Iterator[Line]:
    text = trace.source_lines(trace.codes[trace.positions[position].code].file)
    if not 0 < site.line <= len(text):
        return
    last = min(site.end_line or site.line, site.line + _MOST_LINES - 1)
    numbers = range(max(site.line - AROUND, 1), min(max(last, site.line) + AROUND, len(text)) + 1)
    indent = _common_indent([text[number - 1] for number in numbers])
    drawn = [_shown(_marked(text[number - 1], number, site), indent) for number in numbers]
    for number, html in zip(numbers, highlighted(drawn), strict=True):
        yield Line(number, html, site.line <= number <= last)


def _common_indent(lines: Sequence[str]) -> int:
    return min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)


def _marked(text: str, number: int, site: SourceSite) -> _Marked:
    """A line with that part of the expression that is on it."""
    if site.expression is None or site.end_line is None or not site.line <= number <= site.end_line:
        return _Marked(text)
    if site.column is None or site.end_column is None:
        return _Marked(text)
    start = site.column if number == site.line else len(text) - len(text.lstrip())
    end = site.end_column if number == site.end_line else len(text.rstrip())
    return _Marked(text, start, end) if start < end else _Marked(text)


def _shown(line: _Marked, indent: int) -> _Marked:
    """The line without its indentation, harmless, and not too long; its mark stays in view."""
    first = indent
    if line.start < line.end and line.start - indent > _WIDEST - _BEFORE_MARK:
        first = line.start - _BEFORE_MARK
    last = first + _WIDEST
    start, end = (min(max(bound, first), last) for bound in (line.start, line.end))
    before = ("…" if first > indent else "") + _spaced(line.text[first:start])
    inside = _spaced(line.text[start:end])
    after = _spaced(line.text[end:last]) + ("…" if len(line.text) > last else "")
    return _Marked(before + inside + after, len(before), len(before) + len(inside))


def _spaced(text: str) -> str:
    return harmless(text.replace("\t", "    "))


def highlighted(lines: Sequence[_Marked]) -> list[Markup]:
    """Lines of Python as HTML, coloured as one text."""
    text = "\n".join(line.text for line in lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.text) + 1)
    marks = [(start + line.start, start + line.end) for start, line in zip(starts, lines, strict=False)]
    cuts = sorted({bound for mark in marks for bound in mark} | {bound - 1 for bound in starts} | {*starts})
    rows: list[list[tuple[bool, str, str]]] = [[]]
    for offset, kind, value in _lexer().get_tokens_unprocessed(text):
        for at, piece in _pieces(offset, value, cuts):
            if piece == "\n":
                rows.append([])
            else:
                start, end = marks[len(rows) - 1]
                rows[-1].append((start <= at < end, _class(kind), piece))
    return [_row(row) for row in rows[: len(lines)]]


@lru_cache(maxsize=1)
def _lexer() -> Any:
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]

    return PythonLexer()


def _pieces(offset: int, value: str, cuts: Sequence[int]) -> Iterator[tuple[int, str]]:
    """A token divided where lines and marks begin and end."""
    inner = [bound for bound in cuts if offset < bound < offset + len(value)]
    bounds = [offset, *inner, offset + len(value)]
    for start, end in pairwise(bounds):
        yield start, value[start - offset : end - offset]


_CLASSES = {
    "Comment": "c",
    "Keyword": "k",
    "Operator.Word": "k",
    "Literal.String": "s",
    "Literal.Number": "n",
    "Name.Function": "f",
    "Name.Class": "f",
    "Name.Builtin": "b",
    "Name.Decorator": "b",
}
_TOKEN = re.compile("|".join(sorted(map(re.escape, _CLASSES), key=len, reverse=True)))


@lru_cache(maxsize=256)
def _class(kind: Any) -> str:
    """The CSS class of a token, empty for most."""
    found = _TOKEN.match(str(kind).removeprefix("Token."))
    return _CLASSES[found.group()] if found else ""


def _row(pieces: Sequence[tuple[bool, str, str]]) -> Markup:
    html = Markup("")
    for is_marked, group in groupby(pieces, key=lambda piece: piece[0]):
        inner = Markup("").join(_colored(run) for run in groupby(group, key=lambda piece: piece[1]))
        html += Markup("<mark>{}</mark>").format(inner) if is_marked else inner
    return html


def _colored(run: tuple[str, Iterator[tuple[bool, str, str]]]) -> Markup:
    name, pieces = run
    text = escape("".join(piece for _, _, piece in pieces))
    return Markup('<span class="{}">{}</span>').format(name, text) if name else text


def highlighted_program(text: str) -> Markup:
    """A program of our own as HTML."""
    lines = textwrap.dedent(text).strip("\n").splitlines()
    return Markup("\n").join(highlighted([_Marked(line) for line in lines]))
