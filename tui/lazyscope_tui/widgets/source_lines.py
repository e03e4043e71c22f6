"""Lines of source text with their expression marked, as lines of a page."""

from __future__ import annotations

from textual.content import Content
from textual.highlight import HighlightTheme, highlight

from lazyscope.analysis.cost import site_at
from lazyscope.model.trace import TraceData
from lazyscope.report.html.excerpts import place
from lazyscope.report.html.markup import cut
from lazyscope.report.marked_lines import Numbered, lines_around
from lazyscope_tui.widgets.looks import MARK, PLACE, QUIET, STRONG
from lazyscope_tui.widgets.page import Page


class _Colours(HighlightTheme):
    """Underlined is nothing but the expression that forced."""

    STYLES = {  # noqa: RUF012  (an attribute of classes, for Textual)
        token: style.replace(" underline", "") for token, style in HighlightTheme.STYLES.items()
    }


def write_source(page: Page, trace: TraceData, position: int, role: str) -> None:
    """The place at a position, and the lines around it."""
    site = site_at(trace, position)
    assert site is not None
    function = "" if site.function == "<module>" else f" in {cut(site.function, 60)}"
    package = f"  ({cut(site.distribution, 40)})" if site.distribution else ""
    page.blank()
    page.line((role, STRONG), "  ", (place(site), PLACE), (f"{function}{package}", QUIET))
    around = lines_around(trace, position, site)
    if not around:
        page.line(("  the trace does not hold the source of this line", QUIET))
    for line in _drawn(around, page.width):
        page.lines.append(line)


def _drawn(around: list[Numbered], width: int) -> list[Content]:
    digits = len(str(around[-1].number)) if around else 0
    room = width - digits - 5
    code = _highlighted([one.line.text for one in around])
    return [_line(one, content, digits, room) for one, content in zip(around, code, strict=True)]


def _highlighted(lines: list[str]) -> list[Content]:
    """Lines coloured as one text, so that strings over several lines are seen as such."""
    text = highlight("\n".join(lines), language="python", theme=_Colours)
    colored = text.split("\n", allow_blank=True) if lines else []
    same = [one.plain for one in colored] == lines
    return colored if same else [Content(line) for line in lines]


def _line(one: Numbered, code: Content, digits: int, room: int) -> Content:
    line, start, end = code, one.line.start, one.line.end
    if start < end:
        line = line.stylize(MARK, start, end)
        first = max(min(start - room // 4, len(line) - room), 0) if end > room else 0
        if first:
            line = Content.assemble(("…", QUIET), line[first + 1 :])
    pointer = "▶" if one.is_site else " "
    number = (f" {pointer} {one.number:>{digits}}  ", STRONG if one.is_site else QUIET)
    return Content.assemble(number, line.truncate(room, ellipsis=True))
