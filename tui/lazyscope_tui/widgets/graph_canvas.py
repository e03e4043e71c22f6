"""A drawn picture that is moved about under the view; only the cells in view are rendered."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Offset, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from lazyscope.report.graphs.picture import Node, nodes
from lazyscope_tui.box_drawing import Drawing, drawn
from lazyscope_tui.cells import Box
from lazyscope_tui.plain_layout import Layout

_WORDS = (
    "node", "program", "calls", "force", "running", "shape", "failure", "fix", "array", "input", "layer",
    "source", "rest", "cost1", "cost2", "cost3", "cost4", "cost5", "frame", "strong", "code", "quiet",
    "edge", "harm", "again", "label", "title", "group", "loop", "selected",
)  # fmt: skip
"""What styles are called by `box_drawing`, as far as they look different."""
_POINTERS = "▶◀"


def component_look(widget: Widget, name: str) -> Style:
    """What the style sheet says of a component and nothing else, transparent colours as they are seen."""
    said = widget.get_component_styles(name)
    seen = widget.get_component_rich_style(name)
    return widget.get_component_rich_style(name, partial=True) + Style(
        color=seen.color if said.has_rule("color") else None,
        bgcolor=seen.bgcolor if said.has_rule("background") else None,
    )


class GraphCanvas(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a layout; one of its nodes may be selected."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"graph--{word}" for word in _WORDS}

    selected: reactive[str | None] = reactive(None)
    """Id of a node."""

    class Selected(Message):
        """Another node was clicked on."""

        def __init__(self, node: str) -> None:
            super().__init__()
            self.node = node

    class Chosen(Selected):
        """A node was clicked on twice."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn_layout: Layout | None = None
        self._drawing = Drawing(0, 0)
        self._by_id: dict[str, Node] = {}
        self._looks: dict[str, Style] = {}
        self._grabbed: Offset | None = None
        """Where the mouse holds the picture."""
        self._was_moved = False

    def show(self, layout: Layout, drawing: Drawing | None = None) -> None:
        """Show another layout."""
        self.drawn_layout = layout
        self._drawing = drawn(layout) if drawing is None else drawing
        self._by_id = {node.id: node for node in nodes(layout.picture.content)}
        self.virtual_size = Size(layout.width, layout.height)
        self.refresh()

    @property
    def node(self) -> Node | None:
        """The selected node."""
        return self._by_id.get(self.selected or "")

    @property
    def _box(self) -> Box | None:
        """Of the selected node."""
        layout = self.drawn_layout
        return None if layout is None else layout.boxes.get(self.selected or "")

    def watch_selected(self) -> None:
        self.refresh()

    # Moving

    def pan(self, columns: int, rows: int) -> None:
        """Move the view; it ends where the picture does."""
        self.scroll_to(self.scroll_x + columns, self.scroll_y + rows, animate=False)

    def center(self) -> None:
        """Bring the selected node into the middle; of one that is too wide, its beginning into view."""
        box = self._box
        if box is None:
            return
        view = self.scrollable_content_region
        x, y = box.middle
        left = min(x - view.width // 2, box.left - 2)
        self.scroll_to(left, y - view.height // 2, animate=False, force=True, immediate=True)

    def bring_into_view(self) -> None:
        """Move the view as far as it must be to show the selected node, and no farther if it is shown."""
        box = self._box
        view = self.scrollable_content_region
        seen = Box(round(self.scroll_x), round(self.scroll_y), view.width, view.height)
        if box is not None and Box.around([seen, box]) != seen:
            self.center()

    # Drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks = {}

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        left, row = round(self.scroll_x), round(self.scroll_y) + y
        plain = self._look("")
        drawing = self._drawing
        if not 0 <= row < drawing.height:
            return Strip.blank(width, plain)
        right = min(left + width, drawing.width)
        characters, names = drawing.characters[row][left:right], drawing.styles[row][left:right]
        self._mend_halves(characters, drawing.characters[row], right)
        self._mark(characters, names, left, row)
        return Strip(self._segments(characters, names), len(names)).adjust_cell_length(width, plain)

    def _mend_halves(self, seen: list[str], row: list[str], right: int) -> None:
        """Leave out wide characters of which the view cuts off a half."""
        if seen and not seen[0]:
            seen[0] = " "
        if seen and right < len(row) and not row[right]:
            seen[-1] = " "

    def _mark(self, characters: list[str], names: list[str], left: int, row: int) -> None:
        """Point at the selected node, and have it look selected."""
        box = self._box
        if box is None or not box.top <= row < box.bottom:
            return
        for place in range(max(box.left - left, 0), min(box.right - left, len(names))):
            names[place] += " selected"
        if row == min(box.top + 1, box.bottom - 1):
            for place, pointer in zip((box.left - left, box.right - 1 - left), _POINTERS, strict=True):
                if 0 <= place < len(characters):
                    characters[place] = pointer

    def _segments(self, characters: list[str], names: list[str]) -> list[Segment]:
        """Cells of one look together."""
        found: list[Segment] = []
        start = 0
        for place in range(1, len(names) + 1):
            if place == len(names) or names[place] != names[start]:
                found.append(Segment("".join(characters[start:place]), self._look(names[start])))
                start = place
        return found

    def _look(self, name: str) -> Style:
        known = self._looks.get(name)
        if known is None:
            known = self.rich_style
            for word in name.split():
                if word in _WORDS:
                    known += component_look(self, f"graph--{word}")
            self._looks[name] = known
        return known

    # Mouse

    def _node_at(self, offset: Offset) -> str | None:
        layout = self.drawn_layout
        x, y = offset.x + round(self.scroll_x), offset.y + round(self.scroll_y)
        if layout is None:
            return None
        return next((name for name in self._by_id if layout.boxes[name].holds(x, y)), None)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1:
            self._grabbed, self._was_moved = event.screen_offset, False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._grabbed is not None and event.screen_offset != self._grabbed:
            moved = self._grabbed - event.screen_offset
            self._grabbed, self._was_moved = event.screen_offset, True
            self.pan(moved.x, moved.y)

    def on_mouse_up(self) -> None:
        self._grabbed = None
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        node = self._node_at(event.offset)
        if node is None or self._was_moved:
            return
        self.selected = node
        self.post_message(self.Chosen(node) if event.chain > 1 else self.Selected(node))
