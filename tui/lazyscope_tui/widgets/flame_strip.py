"""Threads as lanes: your lines, functions of libraries, calls, and forces with nested ones below."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lazyscope.model.trace import Force
from lazyscope_tui.time_strips import Lane, Strips
from lazyscope_tui.time_window import Window
from lazyscope_tui.widgets.graph_canvas import component_look
from lazyscope_tui.widgets.lane_painting import Cells, axis, call_cells, force_cells, per_column, place_cells
from lazyscope_tui.widgets.page import text

_GUTTER = 14
"""Columns of the threads' names."""
_HIGHEST = 4
"""Rows of calls, and of forces, where there is room."""
_COUNTED, _LINE, _FUNCTION = -1, -3, -2
"""Rows of a lane that are not forces of some depth."""
_WORDS = (
    "axis", "name", "line", "function", "calls", "new", "some", "most", "label", "chosen", "selected",
)  # fmt: skip


class FlameStrip(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws the part of the time that is in view.

    Parameters
    ----------
    strips
        What is drawn.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"flame--{word}" for word in _WORDS}

    window: reactive[Window] = reactive(Window(0.0, 1.0, 1))
    selected: reactive[Force | None] = reactive(None)

    class Selected(Message):
        """A force was clicked on."""

        def __init__(self, force: Force) -> None:
            super().__init__()
            self.force = force

    class Chosen(Selected):
        """A force was clicked on twice."""

    class Moved(Message):
        """Another part is seen."""

    def __init__(self, strips: Strips) -> None:
        super().__init__()
        self.strips = strips
        self._lines = list(self._numbered())
        self._high = 1
        """Rows of calls, and of forces of one depth."""
        self._tops = list(range(len(self._lines) + 1))
        """Rows above each line, and above all that follows."""
        self._looks: dict[str, Style] = {}
        self._most_calls: tuple[Window, int] | None = None
        self._grabbed: int | None = None
        """Column by which the mouse holds the time."""
        self._was_moved = False
        self.set_reactive(FlameStrip.window, Window(0.0, strips.seconds, 1))

    def _numbered(self) -> Iterator[tuple[Lane, int]]:
        """Lane and kind or depth of each line below the axis."""
        for lane in self.strips.lanes:
            if lane.lines.starts:
                yield lane, _LINE
            if lane.functions.starts:
                yield lane, _FUNCTION
            if lane.calls or not lane.rows:
                yield lane, _COUNTED
            for depth in range(len(lane.rows)):
                yield lane, depth

    def _stack(self) -> None:
        """Give each line its rows: names need one, calls and forces as many as there is room for."""
        flexible = sum(kind >= _COUNTED for _, kind in self._lines)
        room = self.size.height - 1 - (len(self._lines) - flexible)
        self._high = min(max(room // max(flexible, 1), 1), _HIGHEST)
        highs = (self._high if kind >= _COUNTED else 1 for _, kind in self._lines)
        self._tops = list(accumulate(highs, initial=0))

    def _line_at(self, row: int) -> tuple[int, int] | None:
        """Number of the line in a row below the axis, and which of its rows that is."""
        number = bisect_right(self._tops, row) - 1
        return (number, row - self._tops[number]) if 0 <= number < len(self._lines) else None

    # The part in view

    def on_resize(self) -> None:
        window = self.window
        self.window = Window(window.start, window.seconds, max(self.size.width - _GUTTER, 1))
        self._stack()
        self.virtual_size = Size(self.size.width, self._tops[-1] + 1)

    def watch_window(self) -> None:
        self.refresh()
        self.post_message(self.Moved())

    def watch_selected(self) -> None:
        self.refresh()

    def zoom(self, factor: float, around: float | None = None) -> None:
        """So much nearer around a time; without one the selected force comes to the middle."""
        window, force = self.window, self.selected
        if around is not None:
            self.window = window.zoomed(factor, around, self.strips.seconds)
            return
        middle = window.start + window.seconds / 2
        if force is not None and window.start <= force.begin.at <= window.end:
            middle = force.begin.at + min(force.seconds, window.seconds) / 2
        seconds = window.seconds / factor
        self.window = window.within(middle - seconds / 2, seconds, self.strips.seconds)

    def pan(self, share: float) -> None:
        """So much of the view to the right."""
        window = self.window
        self.window = window.within(
            window.start + share * window.seconds, window.seconds, self.strips.seconds
        )

    def show_all(self) -> None:
        self.window = self.window.within(0.0, self.strips.seconds, self.strips.seconds)

    def show(self, start: float, end: float) -> None:
        """The time between, with some room around it."""
        room = 0.1 * (end - start)
        self.window = self.window.within(start - room, end - start + 2 * room, self.strips.seconds)

    def select(self, force: Force) -> None:
        """Select a force, and move as far as needed to see it."""
        self.selected = force
        window, end = self.window, force.ran_until
        if force.begin.at < window.start or min(end, force.begin.at + window.seconds / 2) > window.end:
            middle = force.begin.at + min(force.seconds, window.seconds) / 2
            self.window = window.within(middle - window.seconds / 2, window.seconds, self.strips.seconds)
        lane, depth = self.strips.place[force.id]
        line = self._tops[self._lines.index((self.strips.lanes[lane], depth))]
        if not self.scroll_y <= line < self.scroll_y + self.size.height - 1:
            self.scroll_to(y=line - self.size.height // 2, animate=False)

    # Drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks = {}

    def _look(self, word: str) -> Style:
        if word not in self._looks:
            known = self.rich_style
            for part in word.split():
                known += component_look(self, f"flame--{part}")
            self._looks[word] = known
        return self._looks[word]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._axis().adjust_cell_length(width, self.rich_style)
        found = self._line_at(y - 1 + round(self.scroll_y))
        if found is None:
            return Strip.blank(width, self.rich_style)
        number, part = found
        lane, kind = self._lines[number]
        first = part == 0 and (number == 0 or self._lines[number - 1][0] is not lane)
        name = text(lane.name if first else "").truncate(_GUTTER - 1, ellipsis=True, pad=True).plain
        cells = self._cells(lane, kind, part)
        segments = [Segment(f"{name} ", self._look("name")), *_joined(cells, self._look)]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _cells(self, lane: Lane, kind: int, part: int) -> Cells:
        if kind == _LINE:
            return place_cells(lane.lines, self.window, "line")
        if kind == _FUNCTION:
            return place_cells(lane.functions, self.window, "function")
        if kind == _COUNTED:
            named = self.strips.operations
            return call_cells(lane, self.window, part, self._high, self._most(), named)
        return force_cells(lane.rows[kind], self.window, part, self._high, self.selected)

    def _axis(self) -> Strip:
        """Times, and above the selected force where it is."""
        window, row = self.window, axis(self.window)
        segments = [Segment(" " * _GUTTER, self.rich_style)]
        marked = -1 if self.selected is None else window.column(max(self.selected.begin.at, window.start))
        for place, character in enumerate(row):
            here = place == marked
            segments.append(Segment("▼" if here else character, self._look("selected" if here else "axis")))
        return Strip(segments)

    def _most(self) -> int:
        """Calls of the column with most of them, in any lane; counted once for each part that is seen."""
        known = self._most_calls
        if known is None or known[0] != self.window:
            counts = [max(per_column(lane, self.window), default=0) for lane in self.strips.lanes]
            known = self._most_calls = self.window, max(counts, default=0)
        return known[1]

    # Mouse

    def _force_at(self, x: int, y: int) -> Force | None:
        found, column = self._line_at(y - 1 + round(self.scroll_y)), x - _GUTTER
        if found is None or y < 1 or column < 0 or self._lines[found[0]][1] < 0:
            return None
        lane, depth = self._lines[found[0]]
        row = lane.rows[depth]
        among = row.among(self.window.time(column), self.window.time(column + 1))
        return row.longest(among) if among else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1:
            self._grabbed, self._was_moved = event.screen_x, False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._grabbed is not None and event.screen_x != self._grabbed:
            self.pan((self._grabbed - event.screen_x) / self.window.columns)
            self._grabbed, self._was_moved = event.screen_x, True

    def on_mouse_up(self) -> None:
        self._grabbed = None
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        force = self._force_at(event.x, event.y)
        if force is not None and not self._was_moved:
            self.selected = force
            self.post_message(self.Chosen(force) if event.chain > 1 else self.Selected(force))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1 / 1.5)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1.5)

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        """With ctrl nearer or farther where the mouse points; else lanes pass by, if not all are seen."""
        if event.ctrl or self.virtual_size.height <= self.size.height:
            event.stop()
            event.prevent_default()
            self.zoom(factor, self.window.time(max(event.x - _GUTTER, 0)))


def _joined(cells: Cells, look: object) -> Iterator[Segment]:
    """Cells of one look as one segment."""
    assert callable(look)
    start = 0
    for place in range(1, len(cells) + 1):
        if place == len(cells) or cells[place][1] != cells[start][1]:
            yield Segment("".join(character for character, _ in cells[start:place]), look(cells[start][1]))
            start = place
