"""A picture that has been laid out, as characters in cells. What something is shows without any colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rich.cells import cell_len, get_character_cell_size

from lazyscope.report.graphs.picture import (
    DARKEST,
    Edge,
    EdgeKind,
    Group,
    GroupKind,
    Line,
    Node,
    NodeKind,
    nodes,
)
from lazyscope_tui.cells import Box, Cell, Path
from lazyscope_tui.plain_layout import Layout, groups, heading, label

_ROUND, _LIGHT, _HEAVY, _DOUBLE = "╭╮╰╯──││", "┌┐└┘──││", "┏┓┗┛━━┃┃", "╔╗╚╝══║║"
_DASHED, _HEAVY_DASHED, _DOTTED = "┌┐└┘╌╌╎╎", "┏┓┗┛╍╍╏╏", "┌┐└┘┈┈┊┊"
_NOTE = "┌┐└◢──││"
_FAILED = "╒╕╘╛══││"
"""Corners (top left, top right, bottom left, bottom right), top, bottom, left and right."""

FRAMES: dict[NodeKind, str] = {
    "program": _LIGHT, "calls": _ROUND, "force": _HEAVY, "running": _DOUBLE, "shape": _DASHED,
    "failure": _FAILED, "fix": _NOTE, "array": _ROUND, "input": _LIGHT, "layer": _LIGHT, "source": _LIGHT,
    "rest": _DOTTED,
}  # fmt: skip
_SHORT: dict[NodeKind, str] = {
    "calls": "()", "force": "[]", "running": "⟦⟧", "failure": "‖‖", "fix": "  ", "program": "  ",
}  # fmt: skip
_GROUPS: dict[GroupKind, str] = {"line": _ROUND, "loop": _HEAVY, "thread": _DASHED, "function": _ROUND}

_LINES: dict[EdgeKind, str] = {
    "again": "━┃", "fix": "┈┊", "inside": "╌╎", "harm": "┄┆", "forced": "━┃", "follow-on": "╌╎",
}  # fmt: skip
"""What an arrow is drawn with, level and upright; light lines where nothing is said."""
_CORNERS = {"lu": "┘", "ru": "└", "dl": "┐", "dr": "┌"}
_HEAVY_CORNERS = {"lu": "┛", "ru": "┗", "dl": "┓", "dr": "┏"}
_JUNCTIONS = {"dru": "├", "dlu": "┤", "dlr": "┬", "lru": "┴", "dlru": "┼"}
"""By the sides that are reached, in the order of their letters: down, left, right, up."""
_HEADS = {"u": "▲", "r": "▶", "d": "▼", "l": "◀"}
_NAMES = {(0, -1): "u", (1, 0): "r", (0, 1): "d", (-1, 0): "l"}
_OPPOSITE = {"u": "d", "d": "u", "l": "r", "r": "l"}


@dataclass
class Drawing:
    """Characters and names of their styles, row by row; behind a wide character stands an empty one."""

    width: int
    height: int
    characters: list[list[str]] = field(default_factory=list)
    styles: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.characters = [[" "] * self.width for _ in range(self.height)]
        self.styles = [[""] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, character: str, style: str) -> None:
        """Draw one cell."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.characters[y][x] = character
            self.styles[y][x] = style

    def write(self, x: int, y: int, text: str, style: str, room: int) -> None:
        """Draw text in at most so many cells, an ellipsis for the rest."""
        if cell_len(text) > room:
            text, room = _cut(text, room - 1) + "…", room
        for character in text:
            cells = get_character_cell_size(character)
            if not cells:
                continue
            self.put(x, y, character, style)
            for behind in range(1, cells):
                self.put(x + behind, y, "", style)
            x += cells


def _cut(text: str, room: int) -> str:
    """As much of a text as fits."""
    used = 0
    for number, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > room:
            return text[:number]
    return text


def drawn(layout: Layout) -> Drawing:
    """Draw everything: boxes, then arrows, then nodes, so that no arrow runs through a label."""
    drawing = Drawing(layout.width, layout.height)
    for group in groups(layout.picture.content):
        _frame(drawing, layout.boxes[group.id], _GROUPS[group.kind], f"group {group.kind}")
    _Arrows(drawing, layout.boxes).draw(layout.paths)
    for group in groups(layout.picture.content):
        _title(drawing, layout.boxes[group.id], group, layout)
    for node in nodes(layout.picture.content):
        _node(drawing, layout.boxes[node.id], node, layout)
    return drawing


def _frame(drawing: Drawing, box: Box, frame: str, style: str) -> None:
    left, right, top, bottom = box.left, box.right - 1, box.top, box.bottom - 1
    for x in range(left + 1, right):
        drawing.put(x, top, frame[4], style)
        drawing.put(x, bottom, frame[5], style)
    for y in range(top + 1, bottom):
        drawing.put(left, y, frame[6], style)
        drawing.put(right, y, frame[7], style)
    for x, y, corner in ((left, top, 0), (right, top, 1), (left, bottom, 2), (right, bottom, 3)):
        drawing.put(x, y, frame[corner], style)


def _title(drawing: Drawing, box: Box, group: Group, layout: Layout) -> None:
    """On the border. Arrows pass below it where there is a row for their heads; else it keeps clear."""
    start, end = box.left + 2, box.right - 2
    if layout.detail == "overview":
        crossed = [x for x in range(start, end) if drawing.styles[box.top][x].startswith("edge")]
        bounds = [start, *(x + 1 for x in crossed)], [*crossed, end]
        start, end = max(zip(*bounds, strict=True), key=lambda one: one[1] - one[0])
    drawing.write(start, box.top, f" {heading(group)} ", "title", max(end - start, 1))


def _node(drawing: Drawing, box: Box, node: Node, layout: Layout) -> None:
    lines = label(node, layout.detail)
    style = f"node {node.kind}" + (f" cost{node.cost}" if node.cost else "")
    for y in range(box.top, box.bottom):
        for x in range(box.left, box.right):
            drawing.put(x, y, " ", style)
    if layout.detail == "overview":
        ends = _SHORT.get(node.kind, "[]")
        drawing.put(box.left, box.top, ends[0], style)
        drawing.put(box.left + 1 + cell_len(lines[0].text), box.top, ends[1], style)
        drawing.write(box.left + 1, box.top, lines[0].text, f"{style} strong", box.width - 2)
        return
    _frame(drawing, box, _HEAVY_DASHED if node.follow_on else FRAMES[node.kind], f"{style} frame")
    if node.cost is not None:
        _cost(drawing, box, node.cost, f"{style} frame")
    for row, line in enumerate(lines):
        drawing.write(box.left + 2, box.top + 1 + row, line.text, _style_of(line, style), box.width - 4)


def _style_of(line: Line, style: str) -> str:
    return style if line.kind == "plain" else f"{style} {line.kind}"


def _cost(drawing: Drawing, box: Box, cost: int, style: str) -> None:
    """Its share of the time forced, in steps, on the upper border."""
    steps = "▮" * cost + "▯" * (DARKEST - cost)
    if box.width > len(steps) + 4:
        drawing.write(box.right - len(steps) - 2, box.top, steps, style, len(steps))


@dataclass
class _Arrows:
    """Draws arrows; where two cross, the upright one is on top, and where alike ones meet they join."""

    drawing: Drawing
    boxes: Mapping[str, Box]
    seen: dict[Cell, list[tuple[Edge, str]]] = field(default_factory=dict)
    """By cell, arrows in it and the sides of the cell that each reaches."""

    def draw(self, paths: Sequence[tuple[Edge, Path]]) -> None:
        for edge, path in paths:
            for cell, sides in self.sides(edge, path):
                self.seen.setdefault(cell, []).append((edge, sides))
        for (x, y), arrows in self.seen.items():
            top, character = _character(arrows)
            self.drawing.put(x, y, character, f"edge {top.kind}")
        for edge, path in paths:
            if path:
                self.end(edge, path)

    def sides(self, edge: Edge, path: Path) -> Iterator[tuple[Cell, str]]:
        """For each cell the sides that the arrow reaches; the first and last those towards the nodes."""
        if not path:
            return
        towards = [_NAMES[bx - ax, by - ay] for (ax, ay), (bx, by) in pairwise(path)]
        towards.append(_side(path[-1], self.boxes[edge.head]))
        since = _side(path[0], self.boxes[edge.tail])
        for cell, side in zip(path, towards, strict=True):
            yield cell, "".join(sorted({since, side}))
            since = _OPPOSITE[side]

    def end(self, edge: Edge, path: Path) -> None:
        """The head, and what is written on it."""
        if edge.kind != "fix":
            head = "○" if edge.kind == "inside" else _HEADS[_side(path[-1], self.boxes[edge.head])]
            self.drawing.put(*path[-1], head, f"edge {edge.kind}")
        if edge.kind == "again":
            x, y = path[len(path) // 2]
            # Nodes, drawn later, may lie over it; the title of the loop says the same.
            self.drawing.write(x + 1, y, edge.label, "edge label", len(edge.label))


def _side(cell: Cell, box: Box) -> str:
    """On which side of a cell a node lies that it is beside."""
    x, y = cell
    if y < box.top:
        return "d"
    if y >= box.bottom:
        return "u"
    return "r" if x < box.left else "l"


def _character(arrows: Sequence[tuple[Edge, str]]) -> tuple[Edge, str]:
    """The arrow on top, and what is drawn of it and of those that join it."""
    edge, sides = min(arrows, key=lambda one: (one[0].kind == "fix", one[0].kind == "harm", one[1] != "du"))
    for other, more in arrows:
        if other.kind == edge.kind and (other.tail == edge.tail or other.head == edge.head):
            sides = "".join(sorted({*sides, *more}))
    lines = _LINES.get(edge.kind, "─│")
    if sides in ("lr", "l", "r"):
        return edge, lines[0]
    if sides in ("du", "d", "u"):
        return edge, lines[1]
    corners = _HEAVY_CORNERS if lines[0] == "━" else _CORNERS
    return edge, corners.get(sides) or _JUNCTIONS[sides]
