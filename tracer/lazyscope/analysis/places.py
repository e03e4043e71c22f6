"""Places in the source that instructions share.

The compiler may write the same expression twice, as the test of ``while``: once before the loop and once
at its end. Positions are those of instructions; the place is the same.
"""

from __future__ import annotations

from typing import TypeAlias

from lazyscope.model.trace import TraceData

Place: TypeAlias = tuple[int, int, int, int, int]
"""Number of the code object; line, end line, column and end column."""


def place_of(trace: TraceData, position: int) -> Place:
    """The place in the source of the position of this number."""
    here = trace.positions[position]
    return here.code, here.line, here.end_line, here.column, here.end_column


def way_of(trace: TraceData, stack: int | None) -> tuple[Place, ...]:
    """Places on the way to an event, outermost first; empty without a stack."""
    known: dict[int | None, tuple[Place, ...]] = vars(trace).setdefault("_analysed_ways", {None: ()})
    if stack not in known and stack is not None:
        known[stack] = tuple([place_of(trace, position) for position in trace.stacks[stack].positions])
    return known[stack]
