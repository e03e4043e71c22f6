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
from lazyscope.report.html.markup import cut, cut_path
from lazyscope.report.marked_lines import Marked, lines_around


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


def _lines(trace: TraceData, position: int, site: SourceSite) -> Iterator[Line]:
    around = lines_around(trace, position, site)
    drawn = highlighted([one.line for one in around])
    for one, html in zip(around, drawn, strict=True):
        yield Line(one.number, html, one.is_site)


def highlighted(lines: Sequence[Marked]) -> list[Markup]:
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
    return Markup("\n").join(highlighted([Marked(line) for line in lines]))
