"""Chunk sizes, as dask keeps them: numbers as a rule, and dask arrays after ``da.topk(x, lazy_k)``.

To compare, add or hash a dask array would execute its graph, so types are looked at first.
"""

from __future__ import annotations

from typing import Any

from lazyscope.capture.plain import is_number
from lazyscope.model import events

_NUMBERS = frozenset({int, float})
_NAN = float("nan")


def are_sizes(sizes: Any) -> bool:
    """Whether these chunk sizes are numbers of Python's or NumPy's."""
    return _NUMBERS.issuperset(map(type, sizes)) or all(map(_is_size, sizes))


def _is_size(size: Any) -> bool:
    kind = type(size)
    return kind in _NUMBERS or is_number(kind)


def plain_chunks(chunks: Any) -> tuple[tuple[Any, ...], ...]:
    """The same chunks with every size that is no number as unknown."""
    return tuple(tuple(size if _is_size(size) else _NAN for size in sizes) for sizes in chunks)


def summarise(chunks: Any) -> events.Layout:
    """Shape, number of blocks and largest chunk of an array with these chunks.

    Parameters
    ----------
    chunks : tuple of tuple of int or nan
    """
    shape: list[int | None] = []
    largest: list[int | None] = []
    for sizes in chunks:
        total = sum(sizes)
        known = total == total
        shape.append(int(total) if known else None)
        largest.append(int(max(sizes)) if known and sizes else None if not known else 0)
    return events.Layout(shape, [len(sizes) for sizes in chunks], largest)
