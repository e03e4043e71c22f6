"""The calls of a lazy stretch, line by line, as they are written into its node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias, TypeVar

from lazyscope import figures
from lazyscope.analysis.course import Moment, Operations
from lazyscope.analysis.places import place_of
from lazyscope.analysis.reading import call_at
from lazyscope.model.trace import TraceData
from lazyscope.report.graphs.labels import CODE, Labels, shortened
from lazyscope.report.graphs.picture import Line, Node

SHOWN = 4
"""Lines of calls in one node."""

_TOOLTIP = 12
"""Lines of calls in its tooltip."""

UserLine: TypeAlias = tuple[int, int]
"""Number of the file, and of the line."""

Calls: TypeAlias = Mapping[int | None, Mapping[int, Operations]]
"""As `Stretch.lines`."""

T = TypeVar("T")


@dataclass(frozen=True)
class CallRows:
    """Rows for the calls of a trace."""

    trace: TraceData
    labels: Labels

    def node(self, name: str, calls: Calls, *, inside: bool) -> Node:
        """A node for calls.

        Parameters
        ----------
        name
            Id of the node.
        calls
            At least one.
        inside
            Whether all of them come from the user's line in whose box this is: then the lines of the library
            are of interest, else the user's.
        """
        rows, number = self.by_caller(calls) if inside else self.by_line(calls)
        shown = [Line(row, "code") for row in rows[:SHOWN]]
        if number > SHOWN:
            shown.append(Line(f"and {figures.plural(number - SHOWN, 'more line')}", "quiet"))
        head = Line(f"{figures.plural(counted(calls), 'call')}, lazy", "strong")
        return Node(name, "calls", (head, *shown), tooltip="\n".join(rows))

    def user_line(self, position: int | None) -> UserLine | None:
        """File and line of a position."""
        if position is None:
            return None
        code, line, *_ = place_of(self.trace, position)
        return self.trace.codes[code].file, line

    def has_calls_of_others(self, moment: Moment) -> bool:
        """Whether calls before a moment came from another line of the user's."""
        here = self.user_line(moment.user_site)
        return any(self.user_line(user_site) != here for user_site, _, _ in moment.before.counted)

    def by_caller(self, lines: Calls) -> tuple[list[str], int]:
        """``_vq_impl.py:153  mean, sum 2×``: one row for each line of the code that called."""
        counted: dict[UserLine | None, tuple[int, Operations]] = {}
        for sites in lines.values():
            for site, operations in sites.items():
                _count(counted.setdefault(self.user_line(site), (site, {}))[1], operations)
        rows = [self.own_row(site, operations) for site, operations in _first(counted.values())]
        return rows, len(counted)

    def by_line(self, lines: Calls) -> tuple[list[str], int]:
        """One row for each line of the user's: its own operations, or what it called in a library."""
        own: dict[UserLine | None, tuple[int, Operations]] = {}
        reached: dict[int, int] = {}
        for user_site, sites in lines.items():
            for site, operations in sites.items():
                here = self.user_line(site)
                if user_site is None or here == self.user_line(user_site):
                    _count(own.setdefault(here, (site, {}))[1], operations)
                else:
                    reached[user_site] = reached.get(user_site, 0) + _times(operations)
        rows = [self.own_row(site, operations) for site, operations in _first(own.values())]
        rows += [self.library_row(site, calls) for site, calls in _first(reached.items())]
        return rows[:_TOOLTIP], len(own) + len(reached)

    def own_row(self, site: int, operations: Operations) -> str:
        return f"{self.labels.place(site)}  {self.labels.operations(operations, CODE - 10)}"

    def library_row(self, user_site: int, calls: int) -> str:
        line = f"{self.labels.place(user_site)}  {self.called(user_site)}".rstrip()
        return f"{line} {figures.plural(calls, 'call')} inside"

    def called(self, user_site: int) -> str:
        """The function of a library that the user's line called; empty where that cannot be told."""
        found = call_at(self.trace, user_site) if self.labels.source else None
        return "" if found is None or not found.function else f"{shortened(found.function, CODE // 2)}:"


def counted(calls: Calls) -> int:
    """How many calls these are."""
    return sum(_times(operations) for sites in calls.values() for operations in sites.values())


def _first(rows: Iterable[T]) -> Iterator[T]:
    return islice(rows, _TOOLTIP)


def _times(operations: Operations) -> int:
    return sum(operations.values())


def _count(counted: Operations, more: Operations) -> None:
    for operation, times in more.items():
        counted[operation] = counted.get(operation, 0) + times
