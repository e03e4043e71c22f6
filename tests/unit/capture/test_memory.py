"""How often the peak of the process is read."""

from __future__ import annotations

import pytest

from lazyscope.capture import memory


class Clock:
    """Time that passes when it is told to, and when the peak is read."""

    def __init__(self, cost: float) -> None:
        self.now = 100.0
        self.cost = cost
        self.reads = 0

    def perf_counter(self) -> float:
        return self.now

    def read(self) -> int:
        self.reads += 1
        self.now += self.cost
        return 1_000_000


@pytest.mark.parametrize(("cost", "expected"), [(0.000_001, 1000), (0.000_2, 25), (0.01, 1)])
def test_reading_the_peak_takes_a_small_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch, cost: float, expected: int
) -> None:
    """A thousand forces of a millisecond each: all of them, every fortieth, or one."""
    clock = Clock(cost)
    monkeypatch.setattr(memory, "time", clock)
    monkeypatch.setattr(memory, "peak_resident_bytes", clock.read)
    reader = memory.PeakReader()
    began = clock.now
    known = 0
    for _ in range(1000):
        if reader.before() is not None:
            known += 1
            clock.read()
        clock.now += 0.001
    assert abs(known - expected) <= 0.1 * expected
    spent = clock.reads * cost
    assert spent <= memory.SHARE * (clock.now - began) + 2 * cost
