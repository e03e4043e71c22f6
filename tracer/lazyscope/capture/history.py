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


class _Seen:
    """What all forces so far have asked of one group."""

    __slots__ = ("blocks", "grid", "last", "slices")

    def __init__(self, group: Group) -> None:
        self.grid: Grid = group.grid
        self.blocks: int | None = 0
        self.slices: frozenset[int] = frozenset()
        self.last: int | None = None

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
            repeated = seen.ask(group)
            asked.append(Asked(group, repeated, seen.last if repeated else None))
            seen.last = force
        return asked
