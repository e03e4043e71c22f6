"""Threads as lanes: calls as a density above, forces as bars below, nested ones under those around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lazyscope import figures
from lazyscope.model.trace import Force
from lazyscope_tui.time_strips import Lane, Row, Strips, Window, ticks
from lazyscope_tui.widgets.graph_canvas import component_look
from lazyscope_tui.widgets.page import text

NEW, SOME, MOST = "█", "▓", "╱"
"""How a bar is drawn: nothing of it had run before, some of it, more than half."""
_DENSITY = " ▁▂▃▄▅▆▇█"
_GUTTER = 14
"""Columns of the threads' names."""
_TICK = 12
"""Columns between times on the axis, at least."""
_LABEL = 6
"""Columns from which on a bar says what it is."""
_HIGHEST = 4
"""Rows of a line where there is room."""
_WORDS = ("axis", "name", "calls", "new", "some", "most", "label", "chosen", "selected")


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
        """Rows of a line."""
        self._looks: dict[str, Style] = {}
        self._most_calls: tuple[Window, int] | None = None
        self._grabbed: int | None = None
        """Column by which the mouse holds the time."""
        self._was_moved = False
        self.set_reactive(FlameStrip.window, Window(0.0, strips.seconds, 1))

    def _numbered(self) -> Iterator[tuple[Lane, int]]:
        """Lane and depth of each line below the axis; -1 for the calls."""
        for lane in self.strips.lanes:
            if lane.calls or not lane.rows:
                yield lane, -1
            for depth in range(len(lane.rows)):
                yield lane, depth

    # The part in view

    def on_resize(self) -> None:
        window = self.window
        self.window = Window(window.start, window.seconds, max(self.size.width - _GUTTER, 1))
        self._high = min(max((self.size.height - 1) // max(len(self._lines), 1), 1), _HIGHEST)
        self.virtual_size = Size(self.size.width, len(self._lines) * self._high + 1)

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
        line = self._lines.index((self.strips.lanes[lane], depth)) * self._high
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
        number, part = divmod(y - 1 + round(self.scroll_y), self._high)
        if number >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        lane, depth = self._lines[number]
        first = part == 0 and (number == 0 or self._lines[number - 1][0] is not lane)
        name = text(lane.name if first else "").truncate(_GUTTER - 1, ellipsis=True, pad=True).plain
        cells = self._calls(lane, part) if depth < 0 else self._forces(lane.rows[depth], part)
        segments = [Segment(f"{name} ", self._look("name")), *_joined(cells, self._look)]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _axis(self) -> Strip:
        """Times, and above the selected force where it is."""
        window = self.window
        row = [" "] * window.columns
        for time in ticks(window, _TICK):
            column = window.column(time)
            for place, character in enumerate(f"╷{figures.duration(time) if time > 0 else '0 s'}"):
                if 0 <= column + place < window.columns:
                    row[column + place] = character
        segments = [Segment(" " * _GUTTER, self.rich_style)]
        marked = -1 if self.selected is None else window.column(max(self.selected.begin.at, window.start))
        for place, character in enumerate(row):
            here = place == marked
            segments.append(Segment("▼" if here else character, self._look("selected" if here else "axis")))
        return Strip(segments)

    def _calls(self, lane: Lane, part: int) -> list[tuple[str, str]]:
        """A column's calls as a bar, the most of any column in view being the highest."""
        most, top = max(self._most(), 1), len(_DENSITY) - 1
        below = top * (self._high - 1 - part)
        levels = [-(-count * top * self._high // most) - below for count in _per_column(lane, self.window)]
        return [(_DENSITY[min(max(level, 0), top)], "calls") for level in levels]

    def _most(self) -> int:
        """Calls of the column with most of them, in any lane; counted once for each part that is seen."""
        known = self._most_calls
        if known is None or known[0] != self.window:
            counts = [max(_per_column(lane, self.window), default=0) for lane in self.strips.lanes]
            known = self._most_calls = self.window, max(counts, default=0)
        return known[1]

    def _forces(self, row: Row, part: int) -> list[tuple[str, str]]:
        """Column by column what ran then; bars that are wide enough say what they are."""
        window, cells = self.window, [(" ", "")] * self.window.columns
        column = 0
        while column < window.columns:
            among = row.among(window.time(column), window.time(column + 1))
            if not among:
                # Nothing until the next force begins.
                after = row.starts[among.start] if among.start < len(row.starts) else window.end
                column = max(min(window.column(after), window.columns), column + 1)
                continue
            last = self._last_column(row, among, column)
            chosen = self.selected is not None and any(row.forces[n] is self.selected for n in among[:64])
            drawn = _pattern(row.share_repeated(among))
            look = f"{drawn[1]} chosen" if chosen else drawn[1]
            for place in range(column, last):
                cells[place] = drawn[0], look
            if last - column > 1:
                if self._begins_in(row, among.stop, last):
                    # A narrow end, to tell it from the next.
                    cells[last - 1] = "▌", cells[last - 1][1]
                if part == (self._high - 1) // 2 and last - column >= _LABEL:
                    self._write(cells, row.forces[among.start], column, last, chosen)
            column = last
        return cells

    def _last_column(self, row: Row, among: range, column: int) -> int:
        """The column after what is drawn as one: the rest of a force that is alone in this column."""
        if len(among) > 1:
            return column + 1
        end = self.window.column(row.ends[among.start])
        # A column that it shares with the next one is drawn as such.
        whole = end if self._begins_in(row, among.stop, end) else end + 1
        return max(min(whole, self.window.columns), column + 1)

    def _begins_in(self, row: Row, index: int, column: int) -> bool:
        """Whether a force begins in a column."""
        return index < len(row.starts) and self.window.column(row.starts[index]) == column

    def _write(self, cells: list[tuple[str, str]], force: Force, start: int, stop: int, chosen: bool) -> None:
        """What a bar is, at its beginning."""
        words = text(f" {force.id} {force.begin.trigger} ").truncate(stop - start - 1, ellipsis=True).plain
        for place, character in enumerate(words, start):
            cells[place] = character, "label selected" if chosen else "label"

    # Mouse

    def _force_at(self, x: int, y: int) -> Force | None:
        number, column = (y - 1 + round(self.scroll_y)) // self._high, x - _GUTTER
        if not 0 <= number < len(self._lines) or y < 1 or column < 0 or self._lines[number][1] < 0:
            return None
        row = self._lines[number][0].rows[self._lines[number][1]]
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


def _pattern(share: float) -> tuple[str, str]:
    """How something is drawn of which so much had run before."""
    if share <= 0:
        return NEW, "new"
    return (SOME, "some") if share <= 0.5 else (MOST, "most")


def _per_column(lane: Lane, window: Window) -> list[int]:
    return [lane.calls_between(window.time(n), window.time(n + 1)) for n in range(window.columns)]


def _joined(cells: list[tuple[str, str]], look: object) -> Iterator[Segment]:
    """Cells of one look as one segment."""
    assert callable(look)
    start = 0
    for place in range(1, len(cells) + 1):
        if place == len(cells) or cells[place][1] != cells[start][1]:
            yield Segment("".join(character for character, _ in cells[start:place]), look(cells[start][1]))
            start = place
