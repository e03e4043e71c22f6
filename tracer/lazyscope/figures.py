"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def count(number: int) -> str:
    """``1204`` as ``1,204``."""
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """``1 force``, ``17 forces``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(number: int) -> str:
    """Bytes with three digits and a decimal unit: ``999 B``, ``1.2 kB``, ``80 GB``."""
    value = float(number)
    for unit in ("B", "kB", "MB", "GB", "TB", "PB"):
        if value < 999.5 or unit == "PB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def duration(seconds: float) -> str:
    """``84 ms``, ``0.912 s``, ``12.4 s``, ``3 min 5 s``, ``2 h 4 min``."""
    if not math.isfinite(seconds):
        return "? s"
    if seconds < 0.0995:
        return f"{1000 * seconds:.2g} ms"
    if seconds < 99.95:
        return f"{seconds:#.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if seconds >= 120 else f"{round(seconds)} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def percent(share: float | None) -> str:
    """A part of one as ``66 %``; never rounded to none or all of it."""
    if share is None or not math.isfinite(share):
        return "? %"
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{100 * share:.0f} %"


def decimals(total: float) -> int:
    """How many decimals seconds need to show three digits of `total`."""
    if not 0 < total < math.inf:
        return 2
    return min(max(2 - math.floor(math.log10(total)), 0), 6)


def apportion(parts: Sequence[float], step: float) -> list[int]:
    """Round each part to a multiple of `step` such that they still add up.

    Largest remainders are rounded up until the sum is that of all parts, rounded; none is off by more
    than one step.

    Returns
    -------
    list of int
        How many steps each part has.
    """
    exact = [part / step for part in parts]
    steps = [math.floor(value) for value in exact]
    missing = round(sum(exact)) - sum(steps)
    order = sorted(range(len(exact)), key=lambda index: steps[index] - exact[index])
    for index in order[:missing]:
        steps[index] += 1
    return steps
