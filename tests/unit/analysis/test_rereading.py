"""What is asked for again and again, and by how many; on traces made by hand."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from array_traces import ArrayTraceBuilder
from lazyscope.analysis.asked import Tally
from lazyscope.analysis.rereading import partition_rereading, rereadings

SOURCE = """
x = read()
y = x + 1
x.sum().compute()
y.sum().compute()
for row in rows: row.max().compute()
"""


@pytest.fixture
def build() -> ArrayTraceBuilder:
    build = ArrayTraceBuilder("program.py")
    build.source("program.py", SOURCE)
    build.missing("library.py", distribution="library 1.0")
    return build


def two_steps(build: ArrayTraceBuilder, *, library: bool = False) -> tuple[int, int]:
    """An array that is read and one that is made from it, by the user or by a library."""
    user = build.at("program.py", "x + 1", opcode="BINARY_OP")
    build.made("read", build.at("program.py", "read()"), "array-0")
    site = build.at("library.py", 3) if library else user
    build.made("Array.__add__", site, "add-0", takes=["array-0"], user_site=user)
    source = build.tasks("array-0")
    return source, build.tasks("add-0", source)


def test_nothing_is_asked_for_twice(build: ArrayTraceBuilder) -> None:
    """Different data in each force."""
    site = build.at("program.py", "x.sum().compute()")
    build.asking(site, "a-0", (build.tasks("a-0"), 4, 0))
    build.asking(site, "b-0", (build.tasks("b-0"), 4, 0))
    assert rereadings(build.end().trace()) == []


def test_the_array_nearest_to_the_results(build: ArrayTraceBuilder) -> None:
    """Source and child are always asked for together: the child is what to hold."""
    source, child = two_steps(build)
    site = build.at("program.py", "y.sum().compute()")
    for n in range(3):
        total = build.tasks(f"sum-{n}", child, tasks=1)
        build.asking(site, f"sum-{n}", (source, 4, 4 if n else 0), (child, 4, 4 if n else 0), (total, 1, 0))
    (found,) = rereadings(build.end().trace())
    assert [(array.name, array.variable) for array in found.arrays] == [("add-0", "y")]
    assert found.user_arrays == found.arrays
    assert (found.layers, found.sources, found.forces) == ((source, child), (source,), (1, 2, 3))
    assert (found.tasks, found.tasks_repeated) == (24, 16)
    assert (found.asked_least, found.asked_most, found.bytes, found.seconds) == (3, 3, 160, 3.0)


def test_a_child_of_the_library_and_the_users_array(build: ArrayTraceBuilder) -> None:
    """For the library's author the one, for the caller the other."""
    source, child = two_steps(build, library=True)
    site = build.at("library.py", 9)
    for n in range(2):
        build.asking(site, "add-0", (source, 4, 4 * n), (child, 4, 4 * n), user_site=None)
    (found,) = rereadings(build.end().trace())
    assert [array.name for array in found.arrays] == ["add-0"]
    assert [(array.name, array.variable) for array in found.user_arrays] == [("array-0", "x")]


def test_each_set_of_forces_is_a_group(build: ArrayTraceBuilder) -> None:
    """The source is asked for by three, its child by two of them; what costs most comes first."""
    source, child = two_steps(build)
    site = build.at("program.py", "y.sum().compute()")
    build.asking(site, "array-0", (source, 4, 0))
    build.asking(site, "add-0", (source, 4, 4), (child, 4, 0))
    build.asking(site, "add-0", (source, 4, 4), (child, 4, 4))
    first, second = rereadings(build.end().trace())
    assert ([a.variable for a in first.arrays], first.forces, first.tasks_repeated) == (["x"], (1, 2, 3), 8)
    assert ([a.variable for a in second.arrays], second.forces, second.tasks_repeated) == (["y"], (2, 3), 4)
    assert second.sources == ()


def test_an_array_in_between_that_something_else_needs(build: ArrayTraceBuilder) -> None:
    """Each force needs the child, and the source beside it: holding the child alone would not be enough."""
    source, child = two_steps(build)
    site = build.at("program.py", "y.sum().compute()")
    for n in range(2):
        other = build.tasks(f"max-{n}", source, child)
        build.asking(site, f"max-{n}", (source, 4, 4 * n), (child, 4, 4 * n), (other, 4, 0))
    (found,) = rereadings(build.end().trace())
    assert [array.variable for array in found.arrays] == ["y", "x"]


def test_what_is_needed_is_no_array(build: ArrayTraceBuilder) -> None:
    """An inner layer of dask's is used on two ways; no array that could be held does instead."""
    site = build.at("program.py", "y.sum().compute()")
    inner = build.tasks("mean_chunk-0")
    mean = build.tasks("mean-0", inner, tasks=1)
    build.made("Array.mean", site, "mean-0")
    for n in range(2):
        deviation = build.tasks(f"std-{n}", inner, mean, tasks=1)
        build.asking(site, f"std-{n}", (inner, 4, 4 * n), (mean, 1, n), (deviation, 1, 0))
    (found,) = rereadings(build.end().trace())
    assert (found.arrays, found.user_arrays, found.tasks_repeated) == ((), (), 5)


def test_arrays_of_one_line_are_one_rereading(build: ArrayTraceBuilder) -> None:
    """A loop over rows, each asked for twice."""
    site = build.at("program.py", "row.max().compute()")
    for n in range(5):
        build.made("Array.__getitem__", site, f"row-{n}")
        row = build.tasks(f"row-{n}", tasks=1)
        build.asking(site, f"row-{n}", (row, 1, 0))
        build.asking(site, f"row-{n}", (row, 1, 1))
    (found,) = rereadings(build.end().trace())
    assert [array.name for array in found.arrays] == [f"row-{n}" for n in range(5)]
    assert (found.tasks, found.tasks_repeated, found.forces) == (10, 5, tuple(range(1, 11)))
    assert (found.asked_least, found.asked_most) == (2, 2)


def test_what_no_call_made_is_named_by_its_layers(build: ArrayTraceBuilder) -> None:
    """Inner steps of dask have no array that could be held."""
    site = build.at("program.py", "y.sum().compute()")
    inner = build.tasks("mean_chunk-0")
    build.asking(site, "a-0", (inner, 4, 0))
    build.asking(site, "b-0", (inner, 4, 4))
    (found,) = rereadings(build.end().trace())
    assert (found.arrays, found.user_arrays, found.layers, found.bytes) == ((), (), (inner,), 160)


def test_an_array_that_existed_before(build: ArrayTraceBuilder) -> None:
    """Its name is known from the call that took it."""
    site = build.at("program.py", "y.sum().compute()")
    old = build.tasks("old-0")
    build.made("Array.sum", site, "sum-0", takes=["old-0"])
    build.asking(site, "sum-0", (old, 4, 0))
    build.asking(site, "sum-1", (old, 4, 4))
    (found,) = rereadings(build.end().trace())
    assert [(array.name, array.made_by, array.at_user) for array in found.arrays] == [("old-0", None, True)]


def test_an_array_made_of_blocks_of_others(build: ArrayTraceBuilder) -> None:
    """It has no tasks; holding it holds the blocks of all that it was made of."""
    site = build.at("program.py", "x + 1", opcode="BINARY_OP")
    one, other = build.tasks("a-0"), build.tasks("b-0")
    joined = build.tasks("concatenate-0", one, other, tasks=0, blocks=(8,))
    build.made("dask.array.concatenate", site, "concatenate-0", takes=["a-0", "b-0"])
    for n in range(2):
        build.asking(site, "concatenate-0", (one, 4, 4 * n), (other, 4, 4 * n), (joined, 0, 0, 255))
    (found,) = rereadings(build.end().trace())
    assert [array.name for array in found.arrays] == ["concatenate-0"]
    assert (found.tasks, found.tasks_repeated, found.asked_least) == (16, 8, 2)


# How often


def test_blocks_that_are_asked_for_differently(build: ArrayTraceBuilder) -> None:
    """One block three times, one twice, one once, one never."""
    source, _ = two_steps(build)
    site = build.at("program.py", "x.sum().compute()")
    build.asking(site, "array-0", (source, 3, 0, 0b0111))
    build.asking(site, "array-0", (source, 2, 2, 0b0011))
    build.asking(site, "array-0", (source, 1, 1, 0b0001))
    (found,) = rereadings(build.end().trace())
    assert (found.asked_least, found.asked_most) == (1, 3)
    assert (found.tasks, found.tasks_repeated) == (6, 3)


def test_slices_of_blocks_are_not_counted_by_blocks(build: ArrayTraceBuilder) -> None:
    """The same block was read twice, but another part of it each time, once the same."""
    source, _ = two_steps(build)
    site = build.at("program.py", "x.sum().compute()")
    build.asking(site, "array-0", (source, 1, 0, 0b1))
    build.asking(site, "array-0", (source, 1, 0, 0b1))
    build.asking(site, "array-0", (source, 1, 1, 0b1))
    (found,) = rereadings(build.end().trace())
    assert (found.asked_least, found.asked_most) == (None, None)
    assert (found.tasks, found.tasks_repeated) == (3, 1)


@given(st.lists(st.sets(st.integers(0, 20)), max_size=40))
def test_a_tally_counts_blocks(asked: list[set[int]]) -> None:
    """The same as counting them one by one."""
    tally = Tally()
    for blocks in asked:
        tally.add(sum(1 << block for block in blocks))
    times = Counter(block for blocks in asked for block in blocks)
    assert tally.most == max(times.values(), default=0)
    assert tally.least == min(times.values(), default=0)
    assert tally.seen == sum(1 << block for block in times)


# Dataframes


def test_partitions_that_are_read_again(build: ArrayTraceBuilder) -> None:
    """Forces that read any, and those that read what had been read."""
    site = build.at("program.py", "x.sum().compute()")
    build.asking(site, "a-0", seconds=1.0, partition_reads=4)
    build.asking(site, "b-0", seconds=2.0, partition_reads=6, partition_reads_repeated=4)
    build.asking(site, "c-0", seconds=4.0)
    found = partition_rereading(build.end().trace())
    assert found is not None
    assert (found.forces, found.again, found.reads, found.reads_repeated) == ((1, 2), (2,), 10, 4)
    assert found.seconds == pytest.approx(2.0)


def test_partitions_that_are_read_once(build: ArrayTraceBuilder) -> None:
    """Nothing to tell."""
    build.asking(build.at("program.py", "x.sum().compute()"), "a-0", partition_reads=4)
    assert partition_rereading(build.end().trace()) is None
