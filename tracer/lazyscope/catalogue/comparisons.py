"""What comparisons with NumPy found, and calls of libraries as places that advice can be given for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lazyscope.analysis.evidence import Placed
from lazyscope.catalogue.finding import Severity
from lazyscope.model import events
from lazyscope.model.trace import TraceData

UNEQUAL = ("values", "shape", "structure", "exception")
"""Kinds of differences that make a result wrong."""


def severity_of_cause(trace: TraceData, times: Iterable[float]) -> Severity | None:
    """The severity of something done at these times that can make results wrong.

    Returns
    -------
    str or None
        ``high`` if it was done in a function whose result a comparison then found to be wrong; None if
        nothing is known of that.
    """
    wrong = [found for found in trace.differences if found.difference in UNEQUAL]
    if wrong and any(found.began <= at <= found.ended for at in times for found in wrong):
        return "high"
    return None


def called_at(trace: TraceData, call: events.Call) -> Placed:
    """A recorded call as a place: its site, the user's line, and what their source says."""
    return Placed(
        trace,
        events.UnknownShape(
            at=call.at,
            operation=trace.texts[call.operation],
            array=call.operation,
            site=call.site,
            user_site=call.user_site,
            entry=None,
            stack=None,
            thread=call.thread,
        ),
    )


def calls_of(trace: TraceData, *operations: str) -> Iterator[tuple[int, events.Call]]:
    """Calls of functions whose names end so, each with its index."""
    wanted = {number for number, text in enumerate(trace.texts) if text.endswith(operations)}
    for index, call in enumerate(trace.calls) if wanted else ():
        if call.operation in wanted:
            yield index, call
