"""How much memory there is."""

from __future__ import annotations

from lazyscope.figures import size
from lazyscope.report.doctor.checks import Check, Status


def memory(limit: int | None, free: int | None, physical: int | None) -> Check:
    """What a program may take.

    Parameters
    ----------
    limit : int or None
        Bytes that the process may take at most.
    free : int or None
        Bytes that it could still take.
    physical : int or None
        Bytes that the machine has.
    """
    if limit is None:
        text = "unknown here, so no force can be said to need more than there is"
        return Check("memory", Status.NOTE, text)
    text = size(limit) if free is None else f"{size(limit)}, {size(free)} free"
    if physical is not None and limit < physical:
        text += f"; a control group sets that limit, the machine has {size(physical)}"
    return Check("memory", Status.OK, text)
