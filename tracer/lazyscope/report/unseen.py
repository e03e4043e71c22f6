"""What a trace does not hold, in words."""

from __future__ import annotations

import sys

from lazyscope.analysis.source import unparsable
from lazyscope.catalogue.finding import Diagnosis
from lazyscope.model.trace import TraceData


def unseen(trace: TraceData, diagnosis: Diagnosis) -> list[str]:
    """One line for everything that happened, or may have, and is not in the figures or findings."""
    lines = _cut_short(trace) + [_counted(text, count) for text, count in trace.blind_spots.items()]
    silent = sum(f.completed and f.end is not None and f.end.bytes is None for f in trace.forces)
    if silent:
        lines.append(_counted("a force whose result has no known size in bytes: not in the sum", silent))
    if not all(force.begin.tasks_exact for force in trace.forces):
        lines.append("layers too large to look into were counted whole: numbers of tasks are at most")
    lines += [_unparsed(trace, path) for path in unparsable(trace)]
    lines += [f"findings of {entry}: a fault of lazyscope, please report it" for entry in diagnosis.broken]
    return lines


def _unparsed(trace: TraceData, path: str) -> str:
    here, there = f"{sys.version_info[0]}.{sys.version_info[1]}", trace.header.versions.get("python", "")
    recorded = ".".join(there.split(".")[:2])
    remedy = f": read the trace with Python {recorded}, which recorded it" if recorded != here else ""
    return f"why {path} wanted values, as Python {here} cannot parse its source{remedy}"


def _cut_short(trace: TraceData) -> list[str]:
    lines = []
    if trace.lost_bytes:
        lines.append(f"{trace.lost_bytes:,} bytes at the end of the trace: they cannot be read")
    if trace.write_error is not None:
        lines.append(
            f"what followed the last record, at {trace.seconds:.3f} s: recording ended there, as the trace "
            f"could not be written ({trace.write_error})"
        )
    elif trace.end is None:
        lines.append(
            f"what followed the last record, at {trace.seconds:.3f} s: the program was killed or still runs; "
            "seconds are lower bounds"
        )
    return lines


def _counted(text: str, count: int) -> str:
    return f"{text} ({count:,} times)" if count > 1 else text
