"""A terminal's screen: how wide it is, what it can show, and what goes on it when not everything fits."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from lazyscope.text.harmless import harmless

MARK = "bold yellow"
PLACE = "cyan"
QUIET = "dim"
STRONG = "bold"
ALARM = "bold red"

_ASCII = str.maketrans({"…": "~", "·": "|", "≥": ">", "≤": "<", "×": "x"})
_FIGURE_AND_NOUN = re.compile(r"(?<!\S)([\d.,]+) ")


def capturing_console(width: int, *, color: bool) -> Console:
    """A console that prints to no terminal: what is printed is taken with ``capture``.

    Parameters
    ----------
    width : int
        In cells.
    color : bool
        Whether to colour by escape sequences.
    """
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
    )


@dataclass(frozen=True)
class Screen:
    """What there is to draw on. Widths are in cells: a CJK character takes two."""

    width: int = 80
    height: int = 24
    color: bool = True
    ascii_only: bool = False

    def glyph(self, character: str) -> str:
        """One of our own symbols, or its stand-in where only ASCII can be shown."""
        return character.translate(_ASCII) if self.ascii_only else character

    def start(self, text: str, cells: int) -> str:
        """`text` made harmless, its end replaced by an ellipsis if it is longer than `cells`."""
        if self.measure(text, cells) <= cells:
            return self._harmless(text)
        return _leading(self._harmless(text[: _enough(cells)]), cells - 1) + self._ellipsis(cells)

    def end(self, text: str, cells: int) -> str:
        """`text` made harmless, its start replaced by an ellipsis if it is longer than `cells`."""
        if self.measure(text, cells) <= cells:
            return self._harmless(text)
        tail = self._harmless(text[-_enough(cells) :])
        return self._ellipsis(cells) + _leading(tail[::-1], cells - 1)[::-1]

    def measure(self, text: str, limit: int) -> int:
        """Cells that `text` takes once harmless, at most ``limit + 1``."""
        if len(text) > _enough(limit):
            return limit + 1
        return min(cell_len(self._harmless(text)), limit + 1)

    def _harmless(self, text: str) -> str:
        return harmless(text, ascii_only=self.ascii_only)

    def _ellipsis(self, cells: int) -> str:
        return self.glyph("…") if cells > 0 else ""

    def paragraph(self, text: str) -> list[Text]:
        """`text`, harmless already, in lines broken at spaces. Figures stay with their nouns."""
        lines = [""]
        for word in _FIGURE_AND_NOUN.sub("\\1\xa0", text).split(" "):
            if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(word) > self.width:
                lines.append(word)
            else:
                lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
        return [Text(line.replace("\xa0", " ")) for line in lines]

    def narrower(self, cells: int) -> Screen:
        """The same, with a margin of `cells`."""
        return replace(self, width=self.width - cells)

    def spread(self, left: Text, right: Text) -> Text:
        """A line with `left` at the left and `right` at the right edge."""
        gap = self.width - left.cell_len - right.cell_len
        return Text.assemble(left, " " * max(gap, 2), right)


def _leading(text: str, cells: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += cell_len(character)
        if used > cells:
            return text[:index]
    return text


def _enough(cells: int) -> int:
    """More characters than `cells` ever need, so that a line of a megabyte costs nothing."""
    return 4 * max(cells, 0) + 16


@dataclass(frozen=True)
class Section:
    """A part of the screen that can show more or fewer of its items."""

    items: int
    lines: Callable[[int], list[Text]]
    """From a number of items to lines; fewer than all are announced with the number left out."""
    eager: int = 1
    """As many items are wanted before other sections get more than one."""
    least: int = 1
    """Items that are shown even if there is no room."""


def arrange(sections: Sequence[Section], height: int) -> list[Text]:
    """The lines of all sections, each with as many items as fit into `height` lines together.

    Every section has its least items, even if that is too high; then it gets those it is eager for; then
    each in turn gets one more.
    """
    shown = [min(section.items, section.least) for section in sections]
    draw = [cache(section.lines) for section in sections]

    def grow(index: int) -> bool:
        more = [number + (place == index) for place, number in enumerate(shown)]
        lines = sum(len(drawn(number)) for drawn, number in zip(draw, more, strict=True))
        fits = more[index] <= sections[index].items and lines <= height
        shown[index] += fits
        return fits

    for index, section in enumerate(sections):
        while shown[index] < section.eager and grow(index):
            pass
    growing = list(range(len(sections)))
    while growing:
        growing = [index for index in growing if grow(index)]
    return [line for drawn, number in zip(draw, shown, strict=True) for line in drawn(number)]
