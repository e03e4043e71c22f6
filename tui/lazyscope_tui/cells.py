"""Cells of a terminal, boxes of them, and directions to go in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Cell: TypeAlias = tuple[int, int]
"""Column and row."""
Path: TypeAlias = tuple[Cell, ...]
"""Cells that follow each other, from the one beside the tail to the one beside the head."""

UP, RIGHT, DOWN, LEFT = range(4)
STEPS: tuple[Cell, ...] = ((0, -1), (1, 0), (0, 1), (-1, 0))


@dataclass(frozen=True)
class Box:
    """Cells of a node or a group."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The column after its last."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The row after its last."""
        return self.top + self.height

    @property
    def middle(self) -> Cell:
        return self.left + self.width // 2, self.top + self.height // 2

    def holds(self, x: int, y: int) -> bool:
        """Whether a cell is in it."""
        return self.left <= x < self.right and self.top <= y < self.bottom

    def meets(self, other: Box) -> bool:
        """Whether they have a cell in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def grown(self, columns: int, rows: int) -> Box:
        """The same with so much more on each side."""
        return Box(self.left - columns, self.top - rows, self.width + 2 * columns, self.height + 2 * rows)

    @staticmethod
    def around(boxes: Iterable[Box]) -> Box:
        """The smallest that holds all of them."""
        all_boxes = list(boxes)
        left, top = min(box.left for box in all_boxes), min(box.top for box in all_boxes)
        right, bottom = max(box.right for box in all_boxes), max(box.bottom for box in all_boxes)
        return Box(left, top, right - left, bottom - top)
