"""What a fix saves and which lines it concerns, in the words of every report."""

from __future__ import annotations

from lazyscope import figures
from lazyscope.catalogue.finding import Estimate, Replacement


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


def is_inserted(replacement: Replacement) -> bool:
    """Whether nothing gives way to the new lines."""
    return replacement.end_line < replacement.line


def lines_of(replacement: Replacement) -> str:
    """``before line 3``, ``line 3``, ``lines 3 to 5``."""
    if is_inserted(replacement):
        return f"before line {replacement.line}"
    if replacement.end_line == replacement.line:
        return f"line {replacement.line}"
    return f"lines {replacement.line} to {replacement.end_line}"
