"""A layout without graphviz: what follows each other below each other, notes beside what they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lazyscope.report.graphs.picture import Content, Group, Node, Picture
from lazyscope_tui.cells import Box

_BESIDE = 4
"""Columns between a node and what stands beside it; also left of a loop, for the arrow back."""
_SIDE = ("fix", "inside")
"""Kinds of edges to what stands beside their tail."""


@dataclass
class _Block:
    """Things that have their place relative to a vertical axis, along which nodes follow each other."""

    left: int = 0
    """Columns to the left of the axis."""
    right: int = 1
    """Columns to the right, that of the axis included."""
    height: int = 0
    boxes: dict[str, Box] = field(default_factory=dict)

    @property
    def width(self) -> int:
        return self.left + self.right

    def put(self, other: _Block, down: int, across: int = 0) -> None:
        """Take over what another holds, so far down and across from the axis."""
        for name, box in other.boxes.items():
            self.boxes[name] = Box(box.left + across, box.top + down, box.width, box.height)
        self.left = max(self.left, other.left - across)
        self.right = max(self.right, other.right + across)
        self.height = max(self.height, other.height + down)


def stacked(picture: Picture, sizes: Mapping[str, tuple[int, int]], rows: int) -> dict[str, Box]:
    """Boxes of all nodes and groups.

    Parameters
    ----------
    picture
        What is placed.
    sizes
        Columns and rows of each node; the columns are odd.
    rows
        Rows between nodes that follow each other.
    """
    owner = {edge.head: edge.tail for edge in picture.edges if edge.kind in _SIDE}
    return _Stacking(sizes, rows, owner).chain(picture.content).boxes


@dataclass
class _Stacking:
    sizes: Mapping[str, tuple[int, int]]
    rows: int
    owner: Mapping[str, str]
    """What a node stands beside, by its id."""

    def chain(self, content: Sequence[Content]) -> _Block:
        """One below the other; threads, which run at the same time, side by side."""
        whole = _Block()
        here = {one.id for one in content}
        beside: dict[str, list[Node]] = {}
        main: list[Content] = []
        for one in content:
            owner = self.root(one.id, here)
            if isinstance(one, Node) and owner != one.id:
                beside.setdefault(owner, []).append(one)
            else:
                main.append(one)
        threads = [one for one in main if isinstance(one, Group) and one.kind == "thread"]
        for one in main:
            if one in threads[1:]:
                continue
            block = self.threads(threads) if one in threads else self.one(one, beside.get(one.id, ()))
            whole.put(block, whole.height + self.rows if whole.boxes else 0)
        return whole

    def root(self, name: str, here: set[str]) -> str:
        """The node of the chain beside which something stands."""
        seen = {name}
        while (owner := self.owner.get(name)) in here and owner not in seen:
            assert owner is not None
            seen.add(owner)
            name = owner
        return name

    def one(self, one: Content, beside: Sequence[Node]) -> _Block:
        """A box or a node, with its notes to the right, below each other."""
        block = self.group(one) if isinstance(one, Group) else self.node(one)
        start, down = block.right + _BESIDE, 0
        for note in beside:
            width, height = self.sizes[note.id]
            block.put(_Block(0, width, height, {note.id: Box(0, 0, width, height)}), down, start)
            down += height + 1
        return block

    def node(self, node: Node) -> _Block:
        width, height = self.sizes[node.id]
        half = width // 2
        return _Block(half, width - half, height, {node.id: Box(-half, 0, width, height)})

    def group(self, group: Group) -> _Block:
        inner = self.chain(group.content)
        back = _BESIDE if group.kind == "loop" else 0
        block = _Block()
        # Below the border, on which the title stands, arrows come in.
        block.put(inner, self.rows)
        block.left, block.right, block.height = block.left + 2 + back, block.right + 2, block.height + 1
        block.boxes[group.id] = Box(-block.left, 0, block.width, block.height)
        return block

    def threads(self, threads: Sequence[Content]) -> _Block:
        blocks = [self.one(thread, ()) for thread in threads]
        width = sum(block.width for block in blocks) + _BESIDE * (len(blocks) - 1)
        whole, start = _Block(), -(width // 2)
        for block in blocks:
            whole.put(block, 0, start + block.left)
            start += block.width + _BESIDE
        return whole
