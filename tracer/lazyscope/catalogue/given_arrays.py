"""Where to hold arrays that were made before the trace began: before the program uses them first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lazyscope.analysis.arrays import Array
from lazyscope.analysis.asked import force_of
from lazyscope.analysis.reading import read
from lazyscope.analysis.syntax.calls import Insertion
from lazyscope.catalogue.advice import is_in_scope, lines_before
from lazyscope.catalogue.finding import Replacement
from lazyscope.model import events
from lazyscope.model.trace import TraceData


def before_first_use(
    trace: TraceData, arrays: Sequence[Array], forces: Iterable[int], *lines: str
) -> tuple[str, Replacement | None]:
    """Say where lines go that hold arrays which no recorded call made, and put them there.

    That is before the first statement in whose function all their variables stand, of those that led to the
    first force; before the loops around it, if there are any.

    Parameters
    ----------
    trace
        The trace.
    arrays
        Arrays with variables.
    forces
        Ids of the forces that need them.
    lines
        What to put there, without indentation.
    """
    first = min((force_of(trace, number).begin for number in forces), key=lambda begin: begin.at)
    position = next((one for one in _led_to(trace, first) if _all_in_scope(trace, arrays, one)), None)
    reading = None if position is None else read(trace, position)
    if position is None or reading is None:
        return "before it is used", None
    insertion = reading.insertion
    outermost = next((loop for loop in reading.loops if loop.kind != "comprehension"), None)
    if outermost is not None:
        insertion = Insertion(outermost.line, outermost.indent)
    return f"before line {insertion.line}", lines_before(trace, position, insertion, *lines)


def _led_to(trace: TraceData, begin: events.ForceBegin) -> list[int]:
    """Positions of the user's that led to a force, outermost first."""
    stack = [] if begin.stack is None else trace.stacks[begin.stack].positions
    found = [position for position in stack if trace.file_of(position).role == "user"]
    return found or [position for position in [begin.user_site] if position is not None]


def _all_in_scope(trace: TraceData, arrays: Sequence[Array], position: int) -> bool:
    return all(is_in_scope(trace, array, position) for array in arrays)
