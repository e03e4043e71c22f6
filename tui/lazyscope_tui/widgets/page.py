"""A page of text that is built line by line for the width there is; text of others does nothing in it."""

from __future__ import annotations

import re

from textual.content import Content

from lazyscope.text.harmless import harmless
from lazyscope_tui.widgets.looks import BAR, CODE, QUIET, STRONG

_CODE = re.compile(r"(?<![^\s(])`.+?`(?![^\s.,;:!?)'’])")
"""Code in a sentence, between backticks."""
_BAR = 20
_NARROWEST = 20


def text(value: str, style: str = "") -> Content:
    """Text of others on one line, harmless."""
    return Content.styled(harmless(value), style) if style else Content(harmless(value))


def prose(sentence: str, style: str = "") -> Content:
    """A sentence in which code stands out."""
    content = text(sentence, style)
    for found in _CODE.finditer(content.plain):
        content = content.stylize(CODE, *found.span())
    return content


class Page:
    """Lines, none of them wider than the page.

    Parameters
    ----------
    width
        In cells.
    """

    def __init__(self, width: int) -> None:
        self.width = max(width, _NARROWEST)
        self.lines: list[Content] = []

    def blank(self) -> None:
        """An empty line, unless there is one."""
        if self.lines and self.lines[-1].plain.strip():
            self.lines.append(Content(""))

    def line(self, *pieces: Content | tuple[str, str] | str) -> None:
        """One line, its end left out where it is too long."""
        self.lines.append(Content.assemble(*pieces).truncate(self.width, ellipsis=True))

    def heading(self, words: str) -> None:
        """A heading, with an empty line before it."""
        self.blank()
        self.line((words, STRONG))

    def paragraph(self, content: Content, *, indent: int = 0, first: Content | None = None) -> None:
        """Text broken into lines; `first` stands before its first line, in the room of the indentation."""
        wrapped = content.wrap(max(self.width - indent, 10)) if content.plain else []
        for number, line in enumerate(wrapped):
            if number == 0 and first is not None:
                self.lines.append(first.pad_right(max(indent - first.cell_length, 0)) + line)
            else:
                self.lines.append(line.pad_left(indent))

    def bar(self, label: str, percent: float, words: str, *, filled: str = "█") -> None:
        """A part of a whole: drawn, and in words."""
        cells = min(max(round(percent / 100 * _BAR), 1 if percent > 0 else 0), _BAR)
        self.line(f"{label:<16}", (filled * cells, BAR), ("░" * (_BAR - cells), QUIET), "  ", text(words))

    @property
    def content(self) -> Content:
        """All of it."""
        return Content("\n").join(self.lines)
