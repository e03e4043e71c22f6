"""A list of rows of which only those in view are drawn, however many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from lazyscope_tui.keys import bindings
from lazyscope_tui.widgets.looks import BAR, CURSOR, CURSOR_ELSEWHERE, QUIET, STRONG

_WHEEL = 3
"""Rows that a step of the wheel goes over."""
_POINTER = "▸ "


class RowList(Widget, can_focus=True):
    """Rows under an optional heading, one of them chosen by the cursor.

    Parameters
    ----------
    draw
        Makes the row of an index fit into so many cells; it has as many lines as rows are high.
    heading
        Makes the heading of the columns.
    empty
        What is said when there are no rows.
    """

    BINDINGS = bindings("lists")

    cursor: reactive[int] = reactive(0)
    count: reactive[int] = reactive(0)

    class Moved(Message):
        """The cursor is on another row, or the row it is on is another."""

        def __init__(self, rows: RowList) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> RowList:
            return self.rows

    class Chosen(Message):
        """The row of the cursor was clicked again."""

        def __init__(self, rows: RowList) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(
        self,
        draw: Callable[[int, int], Content],
        *,
        heading: Callable[[int], Content] | None = None,
        empty: str = "",
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self._draw = draw
        self._heading = heading
        self._empty = empty
        self._first = 0
        self.lines = 1
        """How high a row is."""

    def show(self, count: int, cursor: int = 0, *, empty: str | None = None) -> None:
        """Show other rows, with the cursor on one of them."""
        if empty is not None:
            self._empty = empty
        self.set_reactive(RowList.count, count)
        self.set_reactive(RowList.cursor, min(max(cursor, 0), max(count - 1, 0)))
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Moved(self))

    def validate_cursor(self, cursor: int) -> int:
        return min(max(cursor, 0), max(self.count - 1, 0))

    def watch_cursor(self) -> None:
        self._keep_in_view()
        self.post_message(self.Moved(self))

    # Drawing

    @property
    def _page(self) -> int:
        """Rows that are in view."""
        return max((self.size.height - (self._heading is not None)) // self.lines, 1)

    def _keep_in_view(self) -> None:
        last = max(self.count - self._page, 0)
        self._first = min(max(self._first, self.cursor - self._page + 1), self.cursor, last)

    def on_resize(self) -> None:
        self._keep_in_view()

    def render(self) -> Content:
        width = self.size.width - 1
        lines = [] if self._heading is None else [self._heading(width - 2).pad_left(2).stylize(QUIET)]
        if not self.count:
            lines += Content.styled(self._empty, QUIET).wrap(max(width, 10))
            return Content("\n").join(lines)
        seen = range(self._first, min(self._first + self._page, self.count))
        thumb = self._thumb()
        for place, index in enumerate(seen):
            edge = ("┃", BAR) if place in thumb else " "
            lines += [Content.assemble(line, edge) for line in self._row(index, width)]
        return Content("\n").join(lines)

    def _row(self, index: int, width: int) -> list[Content]:
        """The lines of a row."""
        chosen = index == self.cursor
        drawn = self._draw(index, width - 2).split("\n", allow_blank=True)
        lines = [
            Content.assemble(_POINTER if chosen and not number else "  ", line).truncate(
                width, ellipsis=True, pad=True
            )
            for number, line in enumerate(drawn)
        ]
        if not chosen:
            return lines
        style = f"{STRONG} {CURSOR}" if self.has_focus else CURSOR_ELSEWHERE
        return [line.stylize(style) for line in lines]

    def _thumb(self) -> range:
        """Rows of the view beside which the part in view is marked; none where all is in view."""
        if self.count <= self._page:
            return range(0)
        size = max(self._page * self._page // self.count, 1)
        start = round(self._first / (self.count - self._page) * (self._page - size))
        return range(start, start + size)

    # Moving

    def action_cursor_down(self) -> None:
        self.cursor += 1

    def action_cursor_up(self) -> None:
        self.cursor -= 1

    def action_page_down(self) -> None:
        self.cursor += self._page

    def action_page_up(self) -> None:
        self.cursor -= self._page

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        self.cursor = self.count - 1

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-_WHEEL)

    def _scroll(self, rows: int) -> None:
        """Move what is in view, and the cursor only as far as it must."""
        self._first = min(max(self._first + rows, 0), max(self.count - self._page, 0))
        self.cursor = min(max(self.cursor, self._first), self._first + self._page - 1)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        if event.x == self.size.width - 1 and self.count > self._page:
            self.cursor = round(event.y / max(self.size.height - 1, 1) * (self.count - 1))
            return
        index = self._first + (event.y - (self._heading is not None)) // self.lines
        if not 0 <= index < self.count or event.y < (self._heading is not None):
            return
        if index == self.cursor and event.chain > 1:
            self.post_message(self.Chosen(self))
        self.cursor = index
