"""Blocks of a grid as a bit set held in an int: bit i is the i-th block in C order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

from lazyscope.capture.plain import hash_of

Grid: TypeAlias = tuple[int, ...]

SPARSE = 10_000_000
"""A grid with more blocks than this must be filled to a 64th to be kept as a bit set."""

HASHES = 1 << 20
"""Size of the bit set for keys that are on no grid."""

_ONLY_INT = frozenset({int})


def located(keys: list[Any]) -> tuple[Grid, int | None]:
    """The smallest grid that holds these keys, and their bit set; None for a full grid.

    Keys that are no blocks of a grid are numbered by what they say.
    """
    try:
        return _on_a_grid(keys)
    except (TypeError, ValueError, OverflowError):
        return (HASHES,), bits([(hash_of(key) % HASHES,) for key in keys], (HASHES,))


def _on_a_grid(keys: list[Any]) -> tuple[Grid, int | None]:
    """Raise TypeError, ValueError or OverflowError if there is none.

    That is if an index is no whole number, negative or very large, or the keys differ in length.
    """
    if type(keys[0]) is not tuple:
        return (), None
    ndim = len(keys[0]) - 1
    if any(type(key) is not tuple or len(key) - 1 != ndim for key in keys):
        raise ValueError(ndim)
    axes = list(zip(*keys, strict=True))[1:]
    for axis in axes:
        if not _ONLY_INT.issuperset(map(type, axis)) or min(axis) < 0:
            raise ValueError(ndim)
    grid = tuple([max(axis) + 1 for axis in axes])
    size = math.prod(grid)
    if size == len(keys):
        return grid, None
    if size > max(SPARSE, 64 * len(keys)):
        raise OverflowError(grid)
    return grid, bits([key[1:] for key in keys], grid)


def bits(indices: Iterable[Grid], grid: Grid) -> int:
    """The bit set of these blocks of a grid."""
    array = bytearray(math.prod(grid) // 8 + 1)
    for index in indices:
        number = 0
        for i, length in zip(index, grid, strict=True):
            number = number * length + i
        array[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(array, "little")


def blocks_on(blocks: int | None, old: Grid, new: Grid) -> int:
    """The same blocks as a bit set over a grid that is as large or larger; None stands for all."""
    if blocks is None:
        blocks = (1 << math.prod(old)) - 1
    return blocks if old == new else _regrid(blocks, old, new)


def _regrid(blocks: int, old: Grid, new: Grid) -> int:
    """The same blocks as a bit set over a larger grid of as many dimensions."""
    return bits([_index(number, old) for number in range(blocks.bit_length()) if blocks >> number & 1], new)


def _index(number: int, grid: Grid) -> Grid:
    index: list[int] = []
    for length in reversed(grid):
        number, i = divmod(number, length)
        index.append(i)
    return tuple(reversed(index))
