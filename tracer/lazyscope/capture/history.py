"""Which tasks the forces of a trace have asked for, and so which a force asks for again."""

from __future__ import annotations

import math

import msgspec
from msgspec.structs import replace

from lazyscope.capture.blocks import Grid, blocks_on
from lazyscope.capture.demand import Demand
from lazyscope.capture.layers import Group


class Asked(msgspec.Struct, frozen=True, gc=False):
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

    __slots__ = ("_force", "_group", "_parts", "blocks", "grid", "slices")

    def __init__(self, group: Group, force: int) -> None:
        self.grid: Grid = group.grid
        self.blocks: int | None = group.blocks if group.slices is None else group.unsliced
        self.slices: frozenset[int] = group.slices or frozenset()
        self._group = group
        self._force = force
        """The latest force that asked for it."""
        self._parts: dict[_Part, int] = {}
        """The latest force that asked for each other part, the latest last."""

    def again(self, group: Group, force: int) -> Asked:
        """Note a group of a later force, and say what of it had been asked for before."""
        latest = self._group
        if group is latest or _is_same(group, latest):
            repeated = group.tasks if group.blocks is None else group.blocks.bit_count()
            asked = Asked(group, repeated, self._force if repeated else None)
        else:
            self._note()
            repeated = self._ask(group)
            asked = Asked(group, repeated, self._latest(group) if repeated else None)
            self._group = group
        self._force = force
        return asked

    def _latest(self, group: Group) -> int | None:
        """The latest force that asked for some of a group; None if that is forgotten."""
        part = _part(group)
        return next((force for known, force in reversed(self._parts.items()) if _overlap(known, part)), None)

    def _note(self) -> None:
        """Remember which force asked for the latest group, before another takes its place."""
        part = _part(self._group)
        self._parts.pop(part, None)
        if len(self._parts) >= PARTS:
            del self._parts[next(iter(self._parts))]
        self._parts[part] = self._force

    def _ask(self, group: Group) -> int:
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
        whole = replace(group, slices=None, blocks=group.unsliced, tasks=group.unsliced.bit_count())
        return repeated + (self._ask(whole) if group.unsliced else 0)

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
        known = self._seen
        asked = []
        for group in demand.groups:
            seen = known.get(group.name)
            if seen is None:
                known[group.name] = _Seen(group, force)
                asked.append(Asked(group, 0, None))
            else:
                asked.append(seen.again(group, force))
        return asked


def _is_same(one: Group, other: Group) -> bool:
    """Whether two groups of the same name are the same tasks."""
    same = one.grid == other.grid and one.blocks == other.blocks and one.tasks == other.tasks
    return same and one.slices is None and other.slices is None


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
