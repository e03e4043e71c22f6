"""Where the nodes, boxes and arrows of a picture lie in the cells of a terminal.

Graphviz places nodes and boxes; it is told their sizes in cells, and one cell is a whole number of points, so
that nothing need be guessed from fonts. Where no renderer is found they are stacked: the course of a program
is a chain with notes beside it. Arrows are led through the cells that are left, whoever placed the nodes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Any, Literal, TypeAlias

from textual.content import Content as Words

from lazyscope.report.graphs import rendering
from lazyscope.report.graphs.picture import Content, Edge, Group, Line, Node, NodeKind, Picture, nodes
from lazyscope.text.harmless import harmless
from lazyscope_tui.cells import Box, Path
from lazyscope_tui.edge_routing import routes
from lazyscope_tui.stacked_layout import stacked

Detail: TypeAlias = Literal["full", "heads", "overview"]
DETAILS: tuple[Detail, ...] = ("overview", "heads", "full")
"""From far to near."""

_COLUMN, _ROW = 8, 16
"""Points of a cell. A box of graphviz has the same margin on all sides: here one row, or two columns."""
_GAP = 3
"""Columns between nodes."""
_SHORT = 16
"""Cells of a label in the overview."""
_TITLES: Mapping[Detail, int] = {"overview": 14, "heads": 30, "full": 60}
"""Cells that the title of a box makes it wide at least; what is longer is cut to the box."""
_BAR = 12
"""Cells of the bar that shows what had run before."""

MARKS: Mapping[NodeKind, str] = {"running": "▶ ", "failure": "✗ ", "shape": "? ", "fix": "→ ", "rest": "… "}
"""What stands before the first line of some kinds of nodes."""


@dataclass(frozen=True)
class Layout:
    """A picture in cells."""

    picture: Picture
    detail: Detail
    width: int
    height: int
    boxes: Mapping[str, Box]
    """Of nodes and groups, by their ids."""
    paths: Sequence[tuple[Edge, Path]]
    why_stacked: str = ""
    """Why graphviz did not place the nodes; empty where it did."""


def laid_out(picture: Picture, detail: Detail) -> Layout:
    """Find a place for everything in a picture."""
    sizes = {node.id: size(label(node, detail), detail) for node in nodes(picture.content)}
    why = ""
    try:
        boxes = _placed_by_graphviz(picture, sizes, detail)
    except (rendering.NotDrawnError, ValueError, KeyError) as error:
        why = str(error) if isinstance(error, rendering.NotDrawnError) else "the renderer gave no positions"
        boxes = stacked(picture, sizes, rows_between(detail))
    boxes = _from_corner(boxes)
    paths = routes(picture, boxes)
    width = max((box.right for box in boxes.values()), default=0)
    height = max((box.bottom for box in boxes.values()), default=0)
    for _, path in paths:
        width = max(width, *(x + 1 for x, _ in path), 0) if path else width
        height = max(height, *(y + 1 for _, y in path), 0) if path else height
    return Layout(picture, detail, width + 1, height + 1, boxes, paths, why)


def rows_between(detail: Detail) -> int:
    """Rows between nodes that follow each other."""
    return 1 if detail == "overview" else 2


# Labels


def label(node: Node, detail: Detail) -> list[Line]:
    """The lines that are shown of a node; never more than it has, but for a bar of what had run before."""
    mark = MARKS.get(node.kind, "")
    lines = [Line(harmless(line.text), line.kind) for line in node.lines] or [Line("")]
    head = Line(mark + lines[0].text, lines[0].kind)
    if detail == "overview":
        short = Words(" ".join(head.text.partition(",")[0].split()))
        return [Line(short.truncate(_SHORT, ellipsis=True).plain, head.kind)]
    if detail == "heads":
        return [head]
    return [head, *lines[1:], *_repeated(node)]


def _repeated(node: Node) -> Iterator[Line]:
    """The bar: never none or all of it unless that is so."""
    if node.repeated is not None:
        share = node.repeated
        again = min(max(round(share * _BAR), share > 0), _BAR - (share < 1))
        yield Line("╱" * again + "·" * (_BAR - again) + " had run before", "plain")


def size(lines: Sequence[Line], detail: Detail) -> tuple[int, int]:
    """Columns and rows of a node; the columns are an odd number, so that it has a middle."""
    widest = max(Words(line.text).cell_length for line in lines)
    width = widest + (2 if detail == "overview" else 4)
    return width + (width + 1) % 2, 1 if detail == "overview" else len(lines) + 2


def heading(group: Group) -> str:
    """The title of a box, on one line."""
    return harmless("  ".join(line.text for line in group.title))


def groups(content: Iterable[Content]) -> Iterator[Group]:
    """All boxes, outer before inner."""
    waiting = list(content)
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, Group):
            yield one
            waiting += one.content


# Graphviz


@dataclass
class _Source:
    """Writes the graphviz source of nodes that have a size and no text."""

    sizes: Mapping[str, tuple[int, int]]
    detail: Detail
    lines: list[str] = field(default_factory=list)

    def add(self, content: Sequence[Content]) -> None:
        """Loops are folded a few times at most, so boxes are never deep."""
        for one in content:
            if isinstance(one, Node):
                width, height = self.sizes[one.id]
                inches = f"width={width * _COLUMN / 72:.6f} height={height * _ROW / 72:.6f}"
                self.lines.append(f'"{one.id}" [{inches}]')
                if one.beside is not None:
                    self.lines.append(f'{{rank=same "{one.beside}" "{one.id}"}}')
            else:
                # Loops have room for the arrow back.
                margin = _ROW * (2 if one.kind == "loop" else 1)
                self.lines.append(
                    f'subgraph "cluster_{one.id}" {{ margin={margin} {self.room_for(heading(one))}'
                )
                self.add(one.content)
                self.lines.append("}")

    def room_for(self, title: str) -> str:
        """The label of a box, which stands on its border: so wide, and with a row for arrows below it."""
        width = (min(Words(title).cell_length, _TITLES[self.detail]) + 2) * _COLUMN
        height = max((rows_between(self.detail) - 1) * _ROW, 1)
        cell = f'<TR><TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}"></TD></TR>'
        return f'label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{cell}</TABLE>>'


def source(picture: Picture, sizes: Mapping[str, tuple[int, int]], detail: Detail) -> str:
    """What graphviz is asked to place: sizes in points, and no text of others."""
    body = _Source(sizes, detail)
    body.add(picture.content)
    for edge in picture.edges:
        # All are counted, so that there is room for them, and notes stand to the right of their nodes.
        weight = " [weight=0]" if edge.kind in ("again", "harm") else ""
        body.lines.append(f'"{edge.tail}" -> "{edge.head}"{weight}')
    spaces = f"nodesep={_GAP * _COLUMN / 72:.6f} ranksep={rows_between(detail) * _ROW / 72:.6f}"
    return "\n".join(
        [
            "digraph {",
            f"graph [{spaces} margin={_ROW} splines=line]",
            'node [shape=box fixedsize=true label="" margin=0]',
            *body.lines,
            "}",
        ]
    )


def _placed_by_graphviz(
    picture: Picture, sizes: Mapping[str, tuple[int, int]], detail: Detail
) -> dict[str, Box]:
    # Of the formats that say where things are, `plain` knows no boxes.
    answer = json.loads(rendering.rendered(source(picture, sizes, detail), "json"))
    top = float(answer["bb"].split(",")[3])
    found = dict(_boxes(answer.get("objects", ()), sizes, top))
    missing = sizes.keys() - found.keys()
    if missing:
        raise KeyError(*missing)
    return _around_content(picture.content, found)


def _boxes(
    objects: Iterable[Mapping[str, Any]], sizes: Mapping[str, tuple[int, int]], top: float
) -> Iterator[tuple[str, Box]]:
    for one in objects:
        name = one["name"]
        if name in sizes:
            width, height = sizes[name]
            x, y = map(float, one["pos"].split(","))
            yield (
                name,
                Box(_cell(x / _COLUMN - width / 2), _cell((top - y) / _ROW - height / 2), width, height),
            )
        elif name.startswith("cluster_"):
            left, low, right, high = map(float, one["bb"].split(","))
            x, y = _cell(left / _COLUMN), _cell((top - high) / _ROW)
            yield (
                name.removeprefix("cluster_"),
                Box(x, y, _cell(right / _COLUMN) - x, _cell((top - low) / _ROW) - y),
            )


def _cell(place: float) -> int:
    """Rounded the same way everywhere, so that distances of whole cells stay what they are."""
    return floor(place + 0.5)


def _around_content(content: Sequence[Content], boxes: dict[str, Box]) -> dict[str, Box]:
    """See that boxes reach around what is in them, whatever rounding did."""
    for group in reversed(list(groups(content))):
        inner = [boxes[one.id] for one in group.content]
        own = boxes.get(group.id, inner[0])
        boxes[group.id] = Box.around([own, *(box.grown(2, 1) for box in inner)])
    return boxes


def _from_corner(boxes: Mapping[str, Box]) -> dict[str, Box]:
    """The same with room for arrows to the left and above."""
    left = min((box.left for box in boxes.values()), default=0) - 4
    top = min((box.top for box in boxes.values()), default=0) - 1
    return {name: Box(box.left - left, box.top - top, box.width, box.height) for name, box in boxes.items()}
