"""What a fix saves and which lines it concerns, in the words of every report."""

from __future__ import annotations

from lazyscope import figures
from lazyscope.fixes.edit import Change
from lazyscope.fixes.fix import Estimate


def saving(estimate: Estimate) -> str:
    """``up to 77 repeated tasks, up to 63 ms``, as far as there are bounds; empty without."""
    parts = []
    if estimate.tasks_repeated and estimate.tasks_repeated[1]:
        least, most = estimate.tasks_repeated
        bound = "" if least == most else "up to "
        parts.append(bound + figures.plural(most, "repeated task"))
    if estimate.seconds and estimate.seconds[1] > 0:
        parts.append(f"up to {figures.duration(estimate.seconds[1])}")
    return ", ".join(parts)


def lines_of(change: Change) -> str:
    """``before line 3``, ``line 3``, ``lines 3 to 5``."""
    if change.is_insertion:
        return f"before line {change.line}"
    if change.end_line == change.line:
        return f"line {change.line}"
    return f"lines {change.line} to {change.end_line}"
