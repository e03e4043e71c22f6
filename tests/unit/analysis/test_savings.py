"""Bounds of what would vanish, on traces made by hand; tests/integration compares them with the truth."""

from __future__ import annotations

import time

import pytest

from array_traces import ArrayTraceBuilder
from lazyscope.analysis.savings import if_not_forced, if_persisted

SOURCE = """
y = x + 1
y.sum().compute()
"""


@pytest.fixture
def build() -> ArrayTraceBuilder:
    build = ArrayTraceBuilder("program.py")
    build.source("program.py", SOURCE)
    return build


def test_what_only_serves_the_held_array_goes_too(build: ArrayTraceBuilder) -> None:
    """Source and child of 4 blocks, asked for three times: 2 * 8 tasks, and what the child takes to hold."""
    site = build.at("program.py", "y.sum().compute()")
    source = build.tasks("x-0")
    child = build.tasks("y-0", source)
    for n in range(3):
        total = build.tasks(f"sum-{n}", child, tasks=1)
        build.asking(site, f"sum-{n}", (source, 4, 4 * (n > 0)), (child, 4, 4 * (n > 0)), (total, 1, 0))
    trace = build.end().trace()
    found = if_persisted(trace, [child])
    assert (found.tasks, found.forces, found.bytes_held) == ((16, 16), (1, 2, 3), 160)
    assert found.seconds == pytest.approx((0.0, 2 * 8 / 9))
    assert found.asked_whole
    assert if_persisted(trace, [source]).tasks == (8, 8)


def test_what_is_read_on_another_path_stays(build: ArrayTraceBuilder) -> None:
    """The source is needed beside its child: computing the child first reads it once more."""
    site = build.at("program.py", "y.sum().compute()")
    source = build.tasks("x-0")
    child = build.tasks("y-0", source)
    for n in range(2):
        both = build.tasks(f"mul-{n}", source, child)
        build.asking(site, f"mul-{n}", (source, 4, 4 * n), (child, 4, 4 * n), (both, 4, 0))
    assert if_persisted(build.end().trace(), [child]).tasks == (8 - 8, 8 - 8)


def test_forces_with_nothing_left_to_do(build: ArrayTraceBuilder) -> None:
    """Their seconds are the lower bound."""
    site = build.at("program.py", "y.sum().compute()")
    source = build.tasks("x-0")
    build.asking(site, "x-0", (source, 4, 0), seconds=1.0)
    build.asking(site, "x-0", (source, 4, 4), seconds=2.0)
    other = build.tasks("y-0", source)
    build.asking(site, "y-0", (source, 4, 4), (other, 4, 0), seconds=4.0)
    assert if_persisted(build.end().trace(), [source]).seconds == pytest.approx((2.0, 2.0 + 4.0 / 2))


def test_readers_that_are_not_recorded(build: ArrayTraceBuilder) -> None:
    """Something needed the source that is not in the trace: the child may not be all it serves."""
    site = build.at("program.py", "y.sum().compute()")
    source, hidden = build.tasks("x-0"), build.tasks("z-0")
    child = build.tasks("y-0", source)
    for n in range(2):
        total = build.tasks(f"sum-{n}", child, tasks=1)
        build.asking(
            site, f"sum-{n}", (source, 4, 4 * n), (hidden, 4, 4 * n), (child, 4, 4 * n), (total, 1, 0)
        )
    trace = build.end().trace()
    least, most = if_persisted(trace, [child]).tasks
    assert (least, most) == (8 - 12, 24 - 4)
    assert if_persisted(trace, [source]).tasks == (4, 4)


def test_an_array_that_was_never_asked_for_whole(build: ArrayTraceBuilder) -> None:
    """Half of it twice: the other half would be computed for nothing, and that is said."""
    site = build.at("program.py", "y.sum().compute()")
    source = build.tasks("x-0")
    for n in range(2):
        build.asking(
            site, f"half-{n}", (source, 2, 2 * n, 0b11), (build.tasks(f"half-{n}", source, tasks=2), 2, 0)
        )
    found = if_persisted(build.end().trace(), [source])
    assert (found.tasks, found.asked_whole) == ((0, 0), False)


def test_an_array_that_nothing_asked_for(build: ArrayTraceBuilder) -> None:
    """To hold it costs its tasks and saves none."""
    source = build.tasks("x-0")
    found = if_persisted(build.end().trace(), [source])
    assert (found.tasks, found.seconds, found.forces) == ((-4, -4), (0.0, 0.0), ())


def test_bytes_are_unknown_where_a_chunk_is(build: ArrayTraceBuilder) -> None:
    """Unknown is None, never 0."""
    site = build.at("program.py", "x + 1", opcode="BINARY_OP")
    build.made("Array.__getitem__", site, "y-0", takes=["x-0"], shape=(None,))
    layer = build.tasks("y-0", chunk_bytes=None)
    build.asking(site, "y-0", (layer, 4, 0))
    assert if_persisted(build.end().trace(), [layer]).bytes_held is None


def test_partitions_that_are_not_read_again(build: ArrayTraceBuilder) -> None:
    """Held after the first force, nothing is left that reads."""
    site = build.at("program.py", "y.sum().compute()")
    source = build.tasks("values-0")
    build.asking(site, "values-0", (source, 4, 0), partition_reads=4)
    build.asking(site, "values-0", (source, 4, 4), partition_reads=4, partition_reads_repeated=4)
    assert if_persisted(build.end().trace(), [source]).partition_reads == (4, 4)


def test_a_force_that_does_not_happen(build: ArrayTraceBuilder) -> None:
    """At most all of it; at least what the later force that shares most asks for as well."""
    site = build.at("program.py", "y.sum().compute()")
    source = build.tasks("x-0")
    build.asking(site, "a-0", (source, 4, 0), (build.tasks("a-0", source), 4, 0), seconds=3.0)
    build.asking(site, "b-0", (source, 1, 1, 0b1), seconds=1.0)
    build.asking(site, "c-0", (source, 3, 3, 0b111), seconds=1.0)
    found = if_not_forced(build.end().trace(), [1])
    assert (found.tasks, found.seconds, found.forces) == ((3, 8), (0.0, 3.0), (1,))


def test_forces_that_ask_for_the_same(build: ArrayTraceBuilder) -> None:
    """Computed once instead of three times."""
    site = build.at("program.py", "y.sum().compute()")
    source = build.tasks("x-0")
    for n in range(3):
        build.asking(site, "x-0", (source, 4, 4 * (n > 0)), seconds=1.0 + n)
    found = if_not_forced(build.end().trace(), [1, 2, 3])
    assert (found.tasks, found.seconds) == ((8, 12), (5.0, 6.0))


def test_no_force_saves_nothing(build: ArrayTraceBuilder) -> None:
    """An empty group."""
    found = if_not_forced(build.end().trace(), [])
    assert (found.tasks, found.seconds, found.forces) == ((0, 0), (0.0, 0.0), ())


def test_ten_thousand_forces_of_one_source(build: ArrayTraceBuilder) -> None:
    """The bounds of one array take a moment."""
    site = build.at("program.py", "y.sum().compute()")
    source = build.tasks("x-0")
    for n in range(10_000):
        child = build.tasks(f"y-{n}", source)
        build.asking(site, f"y-{n}", (source, 4, 4 * (n > 0)), (child, 4, 0), seconds=0.001)
    trace = build.end().trace()
    began = time.process_time()
    assert if_persisted(trace, [source]).tasks == (39_996, 39_996)
    assert if_not_forced(trace, range(1, 10_001)).tasks[0] == 39_996
    assert time.process_time() - began < 3
