"""The cells between the nodes of a picture: what is in them, and which arrows run through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lazyscope.report.graphs.picture import Content, Edge, Group
from lazyscope_tui.cells import DOWN, UP, Box, Cell, Path

_CROSSING, _SHARED, _CLOSE, _BORDER = 3, 12, 1, 8
"""What is avoided, in cells that an arrow would rather go round."""
_MARGIN = 4
"""Free cells around everything."""
_NODE, _NEAR, _LEVEL, _UPRIGHT = 1, 2, 4, 8


@dataclass
class CellField:
    """All cells of a picture."""

    width: int
    height: int
    taken: bytearray
    """1 in nodes, 2 beside nodes, 4 on level borders of groups, 8 on upright ones."""
    level: dict[Cell, set[str]] = field(default_factory=dict)
    """By cell, the ends of arrows that run through it from side to side."""
    upright: dict[Cell, set[str]] = field(default_factory=dict)

    @staticmethod
    def of(content: Sequence[Content], boxes: Mapping[str, Box]) -> CellField:
        """The field of a picture whose nodes and groups lie in these boxes."""
        width = max((box.right for box in boxes.values()), default=0) + _MARGIN
        height = max((box.bottom for box in boxes.values()), default=0) + _MARGIN
        made = CellField(width, height, bytearray(width * height))
        groups, waiting = set(), list(content)
        while waiting:
            one = waiting.pop()
            if isinstance(one, Group):
                groups.add(one.id)
                waiting += one.content
        for name, box in boxes.items():
            if name in groups:
                made._frame(box)
            else:
                made._fill(box)
        return made

    def _fill(self, box: Box) -> None:
        for y in range(max(box.top - 1, 0), min(box.bottom + 1, self.height)):
            for x in range(max(box.left - 1, 0), min(box.right + 1, self.width)):
                self.taken[y * self.width + x] |= _NODE if box.holds(x, y) else _NEAR

    def _frame(self, box: Box) -> None:
        for x in range(box.left, box.right):
            for y in (box.top, box.bottom - 1):
                self.taken[y * self.width + x] |= _LEVEL
        for y in range(box.top, box.bottom):
            for x in (box.left, box.right - 1):
                self.taken[y * self.width + x] |= _UPRIGHT

    def use(self, edge: Edge, path: Path) -> None:
        """Remember an arrow, which others cross rather than cover."""
        for (x, y), (next_x, _) in pairwise(path):
            used = self.upright if x == next_x else self.level
            for cell in ((x, y), (next_x, y)) if used is self.level else ((x, y),):
                used.setdefault(cell, set()).update((f"from {edge.tail}", f"to {edge.head}"))

    def is_border(self, x: int, y: int) -> bool:
        """Whether the side of a group is there; all outside counts as one."""
        return not 0 <= x < self.width or bool(self.taken[y * self.width + x] & _UPRIGHT)

    def may_turn(self, x: int, y: int) -> bool:
        """Whether no border is there."""
        return not self.taken[y * self.width + x] & (_LEVEL | _UPRIGHT)

    def is_free(self, cell: Cell, direction: int) -> bool:
        """Whether an arrow may run through a cell in a direction."""
        x, y = cell
        if not (0 <= x < self.width and 0 <= y < self.height):
            return False
        taken = self.taken[y * self.width + x]
        return not taken & (_NODE | (_UPRIGHT if direction in (UP, DOWN) else _LEVEL))

    def cost(self, cell: Cell, direction: int, names: set[str]) -> int:
        """What is to be avoided in a cell; less for an arrow of the same ends."""
        x, y = cell
        taken = self.taken[y * self.width + x]
        cost = (_CLOSE if taken & _NEAR else 0) + (_BORDER if taken & (_LEVEL | _UPRIGHT) else 0)
        along, across = (self.upright, self.level) if direction in (UP, DOWN) else (self.level, self.upright)
        if cell in along and names.isdisjoint(along[cell]):
            cost += _SHARED
        if cell in across and names.isdisjoint(across[cell]):
            cost += _CROSSING
        return cost
