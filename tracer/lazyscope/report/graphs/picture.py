"""What is drawn, before anything is said of how it looks: nodes, edges and the boxes around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

View: TypeAlias = Literal["program", "dataflow", "layers"]
VIEWS: tuple[View, ...] = ("program", "dataflow", "layers")

NodeKind: TypeAlias = Literal[
    "program",
    "calls",
    "force",
    "running",
    "shape",
    "failure",
    "fix",
    "array",
    "input",
    "layer",
    "source",
    "rest",
]
EdgeKind: TypeAlias = Literal["order", "again", "data", "fix", "inside", "harm", "forced", "follow-on"]
GroupKind: TypeAlias = Literal["line", "loop", "thread", "function"]

_COSTS = (0.01, 0.05, 0.15, 0.35, 0.65)
"""Shares at which the fill gets darker by one step."""

_TIMES = (1, 2, 4, 8, 16)
"""Numbers of times at which it does."""

DARKEST = len(_COSTS)

SHARES = ("0", *(f"{share:.0%}" for share in _COSTS))
TIMES = ("0", *(f"{times}×" for times in _TIMES))
"""What is written on the scale."""


@dataclass(frozen=True)
class Line:
    """One line of a label."""

    text: str
    kind: Literal["strong", "plain", "code", "quiet"] = "plain"


@dataclass(frozen=True)
class Node:
    """A thing in the picture: its shape is its kind, its fill its cost."""

    id: str
    kind: NodeKind
    lines: tuple[Line, ...]
    cost: int | None = None
    """0 to `DARKEST`; None for what has no cost."""
    repeated: float | None = None
    """Part of its tasks that had run before, drawn as a hatched bar; None for no bar."""
    finding: str | None = None
    """Id of the finding it shows, ``F1``."""
    follow_on: bool = False
    """Whether that finding goes away with another."""
    tooltip: str = ""
    beside: str | None = None
    """Id of a node before it in the same box, that it stands beside."""


@dataclass(frozen=True)
class Edge:
    """An arrow from one node to another."""

    tail: str
    head: str
    kind: EdgeKind
    label: str = ""
    tooltip: str = ""
    tail_box: str = ""
    """Id of a group around `tail` at whose border the arrow begins; like `head_box`, empty for none."""
    head_box: str = ""


@dataclass(frozen=True)
class Group:
    """A box around nodes."""

    id: str
    kind: GroupKind
    title: tuple[Line, ...]
    content: tuple[Content, ...]


Content: TypeAlias = Node | Group


@dataclass(frozen=True)
class Picture:
    """A graph of a trace."""

    view: View
    title: str
    subtitle: str
    """What its figures mean, in one sentence."""
    content: tuple[Content, ...]
    edges: tuple[Edge, ...]
    scale: tuple[str, ...]
    """Where each step of the fill begins: `SHARES` or `TIMES`."""
    measure: str
    """What the fill says: ``from that share of the time forced on``."""
    left_out: str = ""
    """What is missing for want of room, in one sentence."""


def nodes(content: Iterable[Content]) -> Iterator[Node]:
    """All nodes, in the order in which they are drawn."""
    waiting = list(content)[::-1]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Node):
            yield one
        else:
            waiting.extend(one.content[::-1])


def cost_step(share: float | None) -> int:
    """How dark a share is drawn."""
    return 0 if share is None else sum(share >= limit for limit in _COSTS)


def times_step(times: int) -> int:
    """How dark something that happened so often is drawn."""
    return sum(times >= limit for limit in _TIMES)
