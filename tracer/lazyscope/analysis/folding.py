"""Turns of loops in a sequence of events, found by what repeats, and folded into one.

Only what happened is looked at, not the source: a loop of the program, of a library, or a line that is
reached again and again all leave the same events in the same order. Turns are folded from the shortest
up, and what was folded counts as one event whatever its number of turns, so loops within loops fold too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")

_PERIODS = 48
"""Lengths of turns that are tried at a time."""

_TIMES = 8
"""How often folding goes on with what is folded: how deep loops may lie in each other."""


@dataclass(frozen=True)
class Turns(Generic[T]):
    """Turns of a loop, put together."""

    body: tuple[Folded[T], ...]
    fewest: int
    """Turns, where the loop was entered more than once: at least."""
    most: int


Folded: TypeAlias = T | Turns[T]


def fold(
    events: Sequence[T], key: Callable[[T], Hashable], merged: Callable[[Sequence[T]], T]
) -> list[Folded[T]]:
    """Fold the turns of loops in a sequence.

    Parameters
    ----------
    events
        In the order of time.
    key
        Events of the same key are the same event in different turns.
    merged
        Puts events of one key together.

    Returns
    -------
    list
        The sequence with `Turns` in place of what came at least twice in a row. A loop whose turns are one
        event each is that event, put together.
    """
    return _Folding(key, merged).folded(events)


class _Folding(Generic[T]):
    def __init__(self, key: Callable[[T], Hashable], merged: Callable[[Sequence[T]], T]) -> None:
        self.key = key
        self.merged = merged
        self.known: dict[Hashable, int] = {}

    def folded(self, events: Sequence[T]) -> list[Folded[T]]:
        items: list[Folded[T]] = list(events)
        numbers = [self.number(item) for item in items]
        for _ in range(_TIMES):
            before = len(items)
            for period in _periods(numbers):
                items, numbers = self.without_repeats(items, numbers, period)
            if len(items) == before:
                break
        return items

    def without_repeats(
        self, items: list[Folded[T]], numbers: list[int], period: int
    ) -> tuple[list[Folded[T]], list[int]]:
        """Fold every run of at least two equal stretches of this length."""
        result: list[Folded[T]] = []
        kept = 0
        for start, stop in _runs(numbers, period):
            result += items[kept:start]
            result += self.loop(items[start:stop], period)
            kept = stop
        if not kept:
            return items, numbers
        result += items[kept:]
        return result, [self.number(item) for item in result]

    def number(self, item: Folded[T]) -> int:
        """The same number for items of the same key."""
        key: Hashable
        if isinstance(item, Turns):
            key = "turns", tuple([self.number(part) for part in item.body])
        else:
            key = "event", self.key(item)
        return self.known.setdefault(key, len(self.known))

    def loop(self, items: Sequence[Folded[T]], period: int) -> list[Folded[T]]:
        """Equal stretches, put together."""
        body = [self.together(items[place::period]) for place in range(period)]
        if period == 1:
            return body
        turns = len(items) // period
        return [Turns(tuple(body), turns, turns)]

    def together(self, same: Sequence[Folded[T]]) -> Folded[T]:
        """Items of one key as one."""
        loops = [item for item in same if isinstance(item, Turns)]
        if not loops:
            return self.merged([item for item in same if not isinstance(item, Turns)])
        body = [self.together(parts) for parts in zip(*(loop.body for loop in loops), strict=True)]
        return Turns(tuple(body), min(one.fewest for one in loops), max(one.most for one in loops))


def _periods(numbers: Sequence[int]) -> list[int]:
    """Lengths that a turn may have, the shortest first.

    An event that comes once in each turn comes again after that many events.
    """
    last: dict[int, int] = {}
    gaps: Counter[int] = Counter()
    for place, number in enumerate(numbers):
        if number in last:
            gaps[place - last[number]] += 1
        last[number] = place
    return sorted(gap for gap, _ in gaps.most_common(_PERIODS))


def _runs(numbers: Sequence[int], period: int) -> Iterator[tuple[int, int]]:
    """Where stretches of `period` numbers come at least twice in a row: begin and end of each run."""
    same = [one == later for one, later in zip(numbers, numbers[period:], strict=False)] + [False]
    start = 0
    while True:
        try:
            start = same.index(True, start)
        except ValueError:
            return
        stop = same.index(False, start)
        turns = (stop - start) // period + 1
        if turns > 1:
            yield start, start + turns * period
            stop = start + turns * period
        start = stop
        if start >= len(same):
            return
