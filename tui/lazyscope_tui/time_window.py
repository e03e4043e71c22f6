"""The part of the time that is seen, and the times that are written on its axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MINUTE, _HOUR = 60, 3600
_CLOCK = (10, 20, 30, 60, 120, 300, 600, 1200, 1800, _HOUR)
"""Steps in seconds where powers of ten are no round times."""


@dataclass(frozen=True)
class Window:
    """Some seconds of the run, in so many columns."""

    start: float
    seconds: float
    columns: int

    @property
    def end(self) -> float:
        return self.start + self.seconds

    def time(self, column: float) -> float:
        """When a column begins."""
        return self.start + column * self.seconds / max(self.columns, 1)

    def column(self, time: float) -> int:
        """The column of a time; may be out of view."""
        return math.floor((time - self.start) / self.seconds * self.columns)

    def within(self, start: float, seconds: float, whole: float) -> Window:
        """Another part, no more than there is and no less than can be told apart."""
        seconds = min(max(seconds, whole * 1e-9, 1e-7), whole)
        return Window(min(max(start, 0.0), whole - seconds), seconds, self.columns)

    def zoomed(self, factor: float, around: float, whole: float) -> Window:
        """So much nearer, with the time `around` where it was."""
        seconds = min(max(self.seconds / factor, whole * 1e-9, 1e-7), whole)
        share = (around - self.start) / self.seconds
        return self.within(around - share * seconds, seconds, whole)


def ticks(window: Window, room: int) -> list[tuple[float, str]]:
    """Round times and how they are written, no two alike, at least `room` columns apart.

    Steps are 1, 2 or 5 times a power of ten seconds or hours, and what a clock has between.
    """
    while True:
        step = _step(window.seconds * room / max(window.columns, 1))
        first, last = math.ceil(window.start / step), math.floor(window.end / step)
        found = [(number * step, time_label(number * step, step)) for number in range(first, last + 1)]
        widest = max((len(label) for _, label in found), default=0) + 2
        if widest <= room:
            return found
        room = widest


def _step(least: float) -> float:
    if 5 < least <= _HOUR:
        return next(step for step in _CLOCK if step >= least)
    unit = 1 if least <= 5 else _HOUR
    power = unit * 10.0 ** math.floor(math.log10(least / unit))
    return next((power * factor for factor in (1, 2, 5) if power * factor >= least), power * 10)


def time_label(time: float, step: float) -> str:
    """A time, told from others so far apart: ``2.29 s``, ``3 min 05 s``, ``2 h 04 min``."""
    if step < 1 or (time < 2 * _MINUTE and step < _MINUTE):
        digits = max(-math.floor(math.log10(step) + 1e-9), 0)
        return f"{time:.{digits}f} s" if time > 0 else "0 s"
    minutes, seconds = divmod(round(time), 60)
    rest = f" {seconds:02} s" if step < _MINUTE else ""
    if minutes < 60:
        return f"{minutes} min{rest}"
    return f"{minutes // 60} h {minutes % 60:02} min{rest}"
