"""Leads the arrows of a picture through the free cells between its nodes, in straight lines and few turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import product
from typing import TypeAlias

from lazyscope.report.graphs.picture import Edge, Picture
from lazyscope_tui.cell_field import CellField
from lazyscope_tui.cells import DOWN, LEFT, RIGHT, STEPS, UP, Box, Cell, Path

_TURN = 4
"""Cells that an arrow would rather go on than turn."""
_DOWNWARDS = ("order", "data", "forced", "follow-on")
"""Kinds of arrows that leave below a node, and come to one from above."""
_ASIDE = 40
"""Columns in which a way beside everything is looked for."""


_Port: TypeAlias = tuple[Cell, int]
"""A cell beside a node, and the direction in which an arrow leaves from or comes to it there."""


def routes(picture: Picture, boxes: Mapping[str, Box]) -> list[tuple[Edge, Path]]:
    """A path for every edge, in the order of the picture; straight ones are led first."""
    cells = CellField.of(picture.content, boxes)
    router = _Router(boxes, cells)
    found: dict[int, Path] = {}
    edges = [edge for edge in picture.edges if edge.tail in boxes and edge.head in boxes]
    later = []
    for number, edge in enumerate(edges):
        path = router.straight(edge)
        if path:
            cells.use(edge, path)
            found[number] = path
        else:
            later.append(number)
    for number in sorted(later, key=lambda number: router.distance(edges[number])):
        found[number] = router.beside(edges[number]) or router.led(edges[number])
        cells.use(edges[number], found[number])
    return [(edge, found[number]) for number, edge in enumerate(edges)]


@dataclass(frozen=True)
class _Router:
    """Finds ways between nodes."""

    boxes: Mapping[str, Box]
    field: CellField

    # Ports

    def leaving(self, edge: Edge) -> list[_Port]:
        box = self.boxes[edge.tail]
        ports = _sides(box)
        if edge.kind in _DOWNWARDS:
            return ports[DOWN : DOWN + 1]
        if edge.kind == "again":
            # Notes beside the node have their lines in the middle.
            row = max(box.bottom - 2, box.top)
            return [((box.left - 1, row), LEFT), ((box.right, row), RIGHT)]
        return [ports[RIGHT], ports[LEFT], *([] if edge.kind == "harm" else [ports[DOWN]])]

    def coming(self, edge: Edge) -> list[_Port]:
        box = self.boxes[edge.head]
        ports = _sides(box)
        if edge.kind in _DOWNWARDS:
            return [_turned(ports[UP])]
        if edge.kind == "again":
            row = min(box.top + 1, box.bottom - 1)
            return [((box.left - 1, row), RIGHT), ((box.right, row), LEFT)]
        above = [] if edge.kind == "harm" else [ports[UP]]
        return [_turned(port) for port in (ports[LEFT], ports[RIGHT], *above)]

    def distance(self, edge: Edge) -> int:
        (x, y), (to_x, to_y) = self.boxes[edge.tail].middle, self.boxes[edge.head].middle
        return abs(x - to_x) + abs(y - to_y)

    # Ways

    def straight(self, edge: Edge) -> Path:
        """The way down or across, as near to the middles as can be, where nothing lies in it."""
        tail, head = self.boxes[edge.tail], self.boxes[edge.head]
        if edge.kind in _DOWNWARDS:
            columns = _common(tail.left, tail.right, head.left, head.right)
            return self.first_free([[(x, y) for y in range(tail.bottom, head.top)] for x in columns], DOWN)
        if edge.kind == "again":
            return ()
        rows = _common(tail.top, tail.bottom, head.top, head.bottom)
        right = [[(x, y) for x in range(tail.right, head.left)] for y in rows]
        left = [[(x, y) for x in range(tail.left - 1, head.right - 1, -1)] for y in rows]
        return self.first_free(right, RIGHT) or self.first_free(left, LEFT)

    def first_free(self, ways: Iterable[Sequence[Cell]], direction: int) -> Path:
        """The first in which nothing lies; none if there is none."""
        for way in ways:
            if way and all(self.field.is_free(cell, direction) for cell in way):
                return tuple(way)
        return ()

    def beside(self, edge: Edge) -> Path:
        """The way out to a side, along it and in again, as arrows back go within their loop.

        It need not be searched for, and such arrows are long.
        """
        if edge.kind not in ("again", "harm"):
            return ()
        for (start, direction), (end, _) in product(self.leaving(edge), self.coming(edge)):
            if (direction == LEFT) != (end[0] < self.boxes[edge.head].left):
                continue
            step = STEPS[direction][0]
            nearest = min(start[0] + step, end[0] + step) if step < 0 else max(start[0] + step, end[0] + step)
            for x in range(nearest, nearest + step * _ASIDE, step):
                path = _around(start, end, x)
                if any(self.field.is_border(x, y) for y in (start[1], end[1])):
                    break
                if all(self.field.is_free(cell, UP if cell[0] == x else direction) for cell in path):
                    return path
        return ()

    def led(self, edge: Edge) -> Path:
        """The cheapest way from one of the tail's ports to one of the head's; straight through at worst."""
        ends = {(cell, direction) for cell, direction in self.coming(edge)}
        goals = [cell for cell, _ in ends]
        names = {f"from {edge.tail}", f"to {edge.head}"}
        waiting: list[tuple[int, int, _Port]] = []
        costs: dict[_Port, int] = {}
        before: dict[_Port, _Port] = {}
        for cell, direction in self.leaving(edge):
            if self.field.is_free(cell, direction):
                costs[cell, direction] = 0
                heappush(waiting, (_to_go(cell, goals), 0, (cell, direction)))
        while waiting:
            _, minus_cost, state = heappop(waiting)
            cost = -minus_cost
            if cost > costs[state]:
                continue
            if state in ends:
                return _way(state, before)
            for port, more in self.next_to(state, ends, names):
                total = cost + more
                if total < costs.get(port, 1 << 30):
                    costs[port], before[port] = total, state
                    # Of ways that promise the same, the one that has come farthest goes on.
                    heappush(waiting, (total + _to_go(port[0], goals), -total, port))
        return _elbow(self.leaving(edge)[0][0], self.coming(edge)[0][0])

    def next_to(self, state: _Port, ends: set[_Port], names: set[str]) -> Iterator[tuple[_Port, int]]:
        """Where an arrow may go on, and what that costs."""
        (x, y), direction = state
        for turn in (0, 1, 3):
            new = (direction + turn) % 4
            if turn:
                # It turns where it is, which must not be on a border.
                if not self.field.may_turn(x, y):
                    continue
                if (state[0], new) in ends:
                    yield (state[0], new), _TURN
            step = STEPS[new]
            cell = x + step[0], y + step[1]
            if self.field.is_free(cell, new):
                yield (cell, new), 1 + (_TURN if turn else 0) + self.field.cost(cell, new, names)


def _sides(box: Box) -> list[_Port]:
    """Ports in the middle of the sides: above, to the right, below, to the left."""
    x, y = box.middle
    return [
        ((x, box.top - 1), UP),
        ((box.right, y), RIGHT),
        ((x, box.bottom), DOWN),
        ((box.left - 1, y), LEFT),
    ]


def _turned(port: _Port) -> _Port:
    """The same port for what comes to it."""
    return port[0], (port[1] + 2) % 4


def _common(start: int, end: int, other_start: int, other_end: int) -> list[int]:
    """What two stretches have in common without their first and last, that nearest to their middles first."""
    common = range(max(start, other_start) + 1, min(end, other_end) - 1)
    if end - start == 1 or other_end - other_start == 1:
        common = range(max(start, other_start), min(end, other_end))
    return sorted(common, key=lambda place: abs(4 * place + 2 - start - end - other_start - other_end))


def _to_go(cell: Cell, goals: Sequence[Cell]) -> int:
    return min(abs(cell[0] - x) + abs(cell[1] - y) for x, y in goals)


def _way(state: _Port, before: Mapping[_Port, _Port]) -> Path:
    cells = [state[0]]
    while state in before:
        state = before[state]
        if state[0] != cells[-1]:
            cells.append(state[0])
    return tuple(reversed(cells))


def _around(start: Cell, end: Cell, column: int) -> Path:
    """To a column, along it, and back."""
    cells = [start]
    for x, y in ((column, start[1]), (column, end[1]), end):
        while cells[-1] != (x, y):
            here_x, here_y = cells[-1]
            cells.append((here_x + (x > here_x) - (x < here_x), here_y + (y > here_y) - (y < here_y)))
    return tuple(cells)


def _elbow(start: Cell, end: Cell) -> Path:
    """Down or up, then across, whatever lies in the way."""
    (x, y), (to_x, to_y) = start, end
    step_y, step_x = (1 if to_y >= y else -1), (1 if to_x >= x else -1)
    down = [(x, row) for row in range(y, to_y + step_y, step_y)]
    return tuple(down + [(column, to_y) for column in range(x + step_x, to_x + step_x, step_x) if to_x != x])
