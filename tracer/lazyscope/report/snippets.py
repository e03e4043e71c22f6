"""A line of source text with its expression marked, in the room there is."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from lazyscope.analysis.source import SourceSite, locate
from lazyscope.model.trace import TraceData
from lazyscope.report.screen import MARK, PLACE, QUIET, Screen


@dataclass(frozen=True)
class Excerpt:
    """A site's line of source, divided at its expression."""

    site: SourceSite
    before: str
    expression: str
    """The part that is on this line; empty if there is none to mark."""
    after: str


def excerpt(trace: TraceData, position: int) -> Excerpt:
    """What to show of the line at `position`."""
    site = locate(trace, position)
    raw = _raw_line(trace, position, site.line)
    start, end = _span(site, len(raw) - len(raw.lstrip()))
    return Excerpt(site, site.code[:start], site.code[start:end], site.code[end:])


def _raw_line(trace: TraceData, position: int, line: int) -> str:
    lines = trace.source_lines(trace.codes[trace.positions[position].code].file)
    return lines[line - 1].removeprefix("\ufeff") if 0 < line <= len(lines) else ""


def _span(site: SourceSite, indent: int) -> tuple[int, int]:
    """Where the expression begins and ends in the stripped line, as far as it is on it."""
    if site.expression is None or site.end_line is None or site.end_line < site.line:
        return 0, 0
    start = 0 if site.column is None else site.column - indent
    end = len(site.code) if site.end_line > site.line else (site.end_column or 0) - indent
    return (start, end) if 0 <= start < end else (0, 0)


def place(screen: Screen, site: SourceSite, cells: int) -> Text:
    """``scipy/cluster/vq/_vq_impl.py:143``, its start left out if need be."""
    line = f":{site.line}" if site.line > 0 else ""
    return Text(screen.end(site.file, max(cells - len(line), 8)) + line, PLACE)


def place_and_function(screen: Screen, site: SourceSite, cells: int) -> Text:
    """The place and, where there is room, the function it lies in."""
    where = place(screen, site, cells)
    room = cells - where.cell_len - 2
    if room >= 6:
        where = Text.assemble(where, "  ", (screen.start(site.function, room), QUIET))
    return where


def place_and_code(screen: Screen, found: Excerpt, cells: int, *, mark: bool = True) -> Text:
    """``kmeans.py:31  codebook, distortion = kmeans(obs, guess)`` in at most `cells`."""
    where = place(screen, found.site, cells // 2)
    return Text.assemble(where, "  ", code(screen, found, cells - where.cell_len - 2, mark=mark))


def code(screen: Screen, found: Excerpt, cells: int, *, mark: bool = True) -> Text:
    """The line in at most `cells`, what is left out replaced by ellipses.

    With `mark` the expression stands out: by colour, else by guillemets. It stays in view whatever is
    left out; if it is too long itself, its beginning does.
    """
    if not found.site.code:
        return Text(screen.start("(no source)", cells), QUIET)
    opening, closing = _marks(screen) if mark and found.expression else ("", "")
    before, middle, after = _shortened(screen, found, cells - len(opening) - len(closing))
    return Text.assemble(before, (opening + middle + closing, MARK if mark else ""), after)


def _marks(screen: Screen) -> tuple[str, str]:
    """What is put around an expression: nothing where colour does."""
    if screen.color:
        return "", ""
    return (">>", "<<") if screen.ascii_only else ("«", "»")


def _shortened(screen: Screen, found: Excerpt, room: int) -> tuple[str, str, str]:
    """The three parts of the line in at most `room` cells."""
    ellipses = min(len(found.before), 1) + min(len(found.after), 1)
    if screen.measure(found.expression, room) + ellipses <= room:
        left, right = _sides(screen, found, room - screen.measure(found.expression, room))
        middle = screen.start(found.expression, room)
        return screen.end(found.before, left), middle, screen.start(found.after, right)
    # One ellipsis stands for the end of the expression and all that follows.
    before = screen.end(found.before, min(room // 4, 12))
    return before, screen.start(found.expression + found.after, room - screen.measure(before, room)), ""


def _sides(screen: Screen, found: Excerpt, room: int) -> tuple[int, int]:
    """Share `room` between what stands before and after: each gets half, and what the other spares.

    Where that is next to nothing, what stands before goes first, but for an ellipsis.
    """
    needs = screen.measure(found.before, room), screen.measure(found.after, room)
    first = min(room - min(needs[1], 1), 11)
    left = min(needs[0], max(room - needs[1], (room + 1) // 2, first))
    return left, room - left
