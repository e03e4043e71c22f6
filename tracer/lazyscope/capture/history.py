"""Which tasks the forces of a trace have asked for, and so which a force asks for again."""

from __future__ import annotations

import math
from typing import NamedTuple

from lazyscope.capture.demand import Demand, Grid, Group, blocks_on


class Asked(NamedTuple):
    """One group of a demand with what is known of it from earlier forces."""

    group: Group
    repeated: int
    last: int | None
    """The latest earlier force that asked for some of the repeated tasks."""


PARTS = 256
"""Different parts of one group whose latest force is remembered."""

_Part = tuple[Grid, int | None, frozenset[int]]
"""Grid, blocks wanted whole (None: all) and slices."""


class _Seen:
    """What all forces so far have asked of one group."""

    __slots__ = ("blocks", "grid", "parts", "slices")

    def __init__(self, group: Group) -> None:
        self.grid: Grid = group.grid
        self.blocks: int | None = group.blocks if group.slices is None else group.unsliced
        self.slices: frozenset[int] = group.slices or frozenset()
        self.parts: dict[_Part, int] = {}
        """The latest force that asked for each part, the latest last."""

    def latest(self, group: Group) -> int | None:
        """The latest force that asked for some of a group; None if that is forgotten."""
        part = _part(group)
        return next((force for known, force in reversed(self.parts.items()) if _overlap(known, part)), None)

    def note(self, group: Group, force: int) -> None:
        """Remember which force asked for a group."""
        part = _part(group)
        self.parts.pop(part, None)
        if len(self.parts) >= PARTS:
            del self.parts[next(iter(self.parts))]
        self.parts[part] = force

    def ask(self, group: Group) -> int:
        """Note a group; return how many of its tasks had been asked for before."""
        if group.slices is not None:
            return self._ask_slices(group, group.slices)
        if self.blocks is None and group.grid == self.grid:
            return group.tasks
        if len(group.grid) != len(self.grid):
            return 0
        return self._ask_blocks(group)

    def _ask_slices(self, group: Group, slices: frozenset[int]) -> int:
        repeated = len(slices & self.slices)
        self.slices |= slices
        whole = group._replace(slices=None, blocks=group.unsliced, tasks=group.unsliced.bit_count())
        return repeated + (self.ask(whole) if group.unsliced else 0)

    def _ask_blocks(self, group: Group) -> int:
        grid = tuple(map(max, group.grid, self.grid))
        seen = blocks_on(self.blocks, self.grid, grid)
        wanted = blocks_on(group.blocks, group.grid, grid)
        self.grid = grid
        union = seen | wanted
        self.blocks = None if union.bit_count() == math.prod(grid) else union
        return (seen & wanted).bit_count()


class History:
    """Every task asked for so far, as bit sets by name."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def ask(self, demand: Demand, force: int) -> list[Asked]:
        """Note what a force asks for, and say what of it is repeated."""
        asked = []
        for group in demand.groups:
            seen = self._seen.get(group.name)
            if seen is None:
                seen = self._seen[group.name] = _Seen(group)
                repeated = 0
            else:
                repeated = seen.ask(group)
            asked.append(Asked(group, repeated, seen.latest(group) if repeated else None))
            seen.note(group, force)
        return asked


def _part(group: Group) -> _Part:
    if group.slices is None:
        return group.grid, group.blocks, frozenset()
    return group.grid, group.unsliced, group.slices


def _overlap(one: _Part, other: _Part) -> bool:
    if one == other or not one[2].isdisjoint(other[2]):
        return True
    if len(one[0]) != len(other[0]):
        return False
    grid = tuple(map(max, one[0], other[0]))
    return bool(blocks_on(one[1], one[0], grid) & blocks_on(other[1], other[0], grid))
