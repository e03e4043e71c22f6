"""Lines of the user's from which a library worked on dask arrays without executing any graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from lazyscope.analysis.reading import call_at
from lazyscope.model.trace import TraceData


@dataclass(frozen=True)
class LazyLine:
    """A line of the user's that reached a library which stayed lazy."""

    user_site: int
    """Number of a position."""
    function: str | None
    """What was called there, as written: ``stats.ttest_ind``; None without source."""
    calls: int
    """Array-API calls that the library made for it."""


def lazy_lines(trace: TraceData) -> list[LazyLine]:
    """The lines from which libraries made array calls, and neither forced nor raised; in order of time."""
    counted: dict[_Line, list[int]] = {}
    for call in trace.calls:
        user_site = call.user_site
        if user_site is not None and user_site != call.site:
            line = _line(trace, user_site)
            if line not in counted:
                counted[line] = [user_site, 0]
            counted[line][1] += trace.file_of(call.site).role == "library"
    harmed = {force.begin.user_site for force in trace.forces}
    harmed |= {failure.user_site for failure in trace.failures}
    lines = {_line(trace, user_site) for user_site in harmed if user_site is not None}
    found = [(site, calls) for line, (site, calls) in counted.items() if calls and line not in lines]
    return [LazyLine(site, _function(trace, site), calls) for site, calls in found]


_Line: TypeAlias = tuple[int, int]
"""Number of the file, and of the line."""


def _line(trace: TraceData, position: int) -> _Line:
    here = trace.positions[position]
    return trace.codes[here.code].file, here.line


def _function(trace: TraceData, position: int) -> str | None:
    call = call_at(trace, position)
    return None if call is None else call.function
