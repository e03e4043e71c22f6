"""Unknown shapes from where they began to where they hurt; on traces made by hand."""

from __future__ import annotations

import pytest

from array_traces import ArrayTraceBuilder
from lazyscope.analysis.unknown_shapes import (
    UnknownPath,
    origins_of_failure,
    origins_of_force,
    path_of_unknown,
)
from lazyscope.model.trace import TraceData

SOURCE = """
y = x[x > 2]
z = y + 1
z.compute_chunk_sizes()
z.reshape(2, 2)
"""
UNKNOWN = (None,)


@pytest.fixture
def build() -> ArrayTraceBuilder:
    build = ArrayTraceBuilder("program.py")
    build.source("program.py", SOURCE)
    return build


def select(build: ArrayTraceBuilder, name: str = "y-0") -> None:
    """``y = x[x > 2]``, with its origin."""
    site = build.at("program.py", "x[x > 2]", opcode="BINARY_SUBSCR")
    build.shape_became_unknown(name, site, after=0.0005)
    build.made("Array.__getitem__", site, name, takes=["x-0"], shape=UNKNOWN, seconds=0.0008)


def add(
    build: ArrayTraceBuilder, *takes: str, name: str = "z-0", shape: tuple[int | None, ...] = UNKNOWN
) -> None:
    site = build.at("program.py", "y + 1", opcode="BINARY_OP")
    build.made("Array.__add__", site, name, takes=takes, shape=shape, numblocks=(4,) * len(shape))


def compute_sizes(build: ArrayTraceBuilder, name: str) -> int:
    site = build.at("program.py", "z.compute_chunk_sizes()")
    build.made("Array.compute_chunk_sizes", site, name, takes=[name], shape=(7,), seconds=2.0)
    return build.asking(site, "getitem-0", trigger="compute_chunk_sizes", seconds=1.0)


def reshape(build: ArrayTraceBuilder, name: str, message: str) -> int:
    site = build.at("program.py", "z.reshape(2, 2)")
    build.made("Array.reshape", site, takes=[name])
    return build.failed(message, site, "Array.reshape")


def only_path(trace: TraceData) -> UnknownPath:
    (shape,) = trace.unknown_shapes
    return path_of_unknown(trace, shape)


def test_from_the_origin_to_computed_lengths(build: ArrayTraceBuilder) -> None:
    """The selection, the addition that carried it, the force that computed lengths."""
    select(build)
    add(build, "y-0")
    force = compute_sizes(build, "z-0")
    trace = build.end().trace()
    found = only_path(trace)
    (harm,) = found.harms
    assert found.made_by is not None
    assert harm.call is not None
    assert trace.texts[found.made_by.operation] == "Array.__getitem__"
    assert (harm.force, harm.failure, harm.says_so) == (force, None, True)
    assert trace.texts[harm.call.operation] == "Array.compute_chunk_sizes"
    assert [trace.texts[step.call.operation] for step in harm.through.shown] == ["Array.__add__"]
    assert found.uses == 2
    assert origins_of_force(trace, force) == tuple(trace.unknown_shapes)


def test_what_was_computed_is_known(build: ArrayTraceBuilder) -> None:
    """Later calls on the array are no uses of an unknown shape."""
    select(build)
    compute_sizes(build, "y-0")
    add(build, "y-0", shape=(7,))
    trace = build.end().trace()
    found = only_path(trace)
    assert found.uses == 1
    assert found.settled_by is not None
    assert trace.texts[found.settled_by.operation] == "Array.compute_chunk_sizes"


def test_a_known_result_ends_the_way(build: ArrayTraceBuilder) -> None:
    """A sum over an unknown length has no length."""
    select(build)
    add(build, "y-0", name="sum-0", shape=())
    reshape(build, "sum-0", "cannot reshape array")
    found = only_path(build.end().trace())
    assert (found.uses, found.harms, found.settled_by) == (1, (), None)


MESSAGES = [
    ("Array chunk size or shape is unknown. shape: (nan,)", True),
    ("Cannot call len() on object with unknown chunk size.", True),
    ("operands could not be broadcast together with shapes (nan,) (20,)", True),
    ("cannot convert float NaN to integer", True),
    ("Arrays chunk sizes are unknown: (nan,)", True),
    ("Chunks do not add up to shape. Got chunks=((nan, nan),), shape=(20,)", True),
    ("index 5 is out of bounds", False),
    ("array must not contain infs or NaNs", False),
]


@pytest.mark.parametrize(("message", "says_so"), MESSAGES)
def test_an_exception_of_a_call_that_took_it(build: ArrayTraceBuilder, message: str, says_so: bool) -> None:
    """Whatever it says, it is told; and whether it speaks of the shape."""
    select(build)
    reshape(build, "y-0", message)
    trace = build.end().trace()
    (harm,) = only_path(trace).harms
    assert harm.failure is not None
    assert (harm.force, harm.failure.message, harm.says_so) == (None, message, says_so)
    assert origins_of_failure(trace, trace.failures[0]) == tuple(trace.unknown_shapes)


def test_an_exception_of_the_librarys_own(build: ArrayTraceBuilder) -> None:
    """It passed through no call, but speaks of it: it comes from what the thread last worked on."""
    select(build, "y-0")
    select(build, "y-1")
    add(build, "y-0")
    build.failed("cannot convert float NaN to integer", build.at("program.py", "z.reshape(2, 2)"))
    build.failed("index 5 is out of bounds", build.at("program.py", "z.reshape(2, 2)"))
    trace = build.end().trace()
    assert origins_of_failure(trace, trace.failures[0]) == (trace.unknown_shapes[0],)
    assert origins_of_failure(trace, trace.failures[1]) == ()


def test_an_exception_of_known_arrays(build: ArrayTraceBuilder) -> None:
    """A call that took nothing unknown has other reasons."""
    select(build)
    reshape(build, "x-0", "Array chunk size or shape is unknown.")
    trace = build.end().trace()
    assert only_path(trace).harms == ()
    assert origins_of_failure(trace, trace.failures[0]) == ()


def test_two_origins_of_one_array(build: ArrayTraceBuilder) -> None:
    """An array of two selections comes from both."""
    select(build, "y-0")
    select(build, "y-1")
    add(build, "y-0", "y-1")
    reshape(build, "z-0", "Array chunk size or shape is unknown.")
    trace = build.end().trace()
    assert origins_of_failure(trace, trace.failures[0]) == tuple(trace.unknown_shapes)
    assert all(len(path_of_unknown(trace, shape).harms) == 1 for shape in trace.unknown_shapes)


def test_the_same_selection_again(build: ArrayTraceBuilder) -> None:
    """The array that is made a second time has the origin it had."""
    select(build)
    site = build.at("program.py", "x[x > 2]", opcode="BINARY_SUBSCR")
    build.made("Array.__getitem__", site, "y-0", takes=["x-0"], shape=UNKNOWN)
    reshape(build, "y-0", "Array chunk size or shape is unknown.")
    assert len(only_path(build.end().trace()).harms) == 1


def test_an_inner_array_was_the_first_unknown_one(build: ArrayTraceBuilder) -> None:
    """The origin names an array of dask's own, made inside the call: what came out has it too."""
    site = build.at("program.py", "x[x > 2]")
    build.shape_became_unknown("inner-0", site, after=0.0002)
    build.made("dask.array.unique", site, "unique-0", takes=["x-0"], shape=UNKNOWN, seconds=0.0005)
    reshape(build, "unique-0", "Array chunk size or shape is unknown.")
    assert len(only_path(build.end().trace()).harms) == 1


def test_a_trace_without_unknown_shapes(build: ArrayTraceBuilder) -> None:
    """Nothing to look for."""
    force = compute_sizes(build, "y-0")
    reshape(build, "y-0", "Array chunk size or shape is unknown.")
    trace = build.end().trace()
    assert origins_of_force(trace, force) == ()
    assert origins_of_failure(trace, trace.failures[0]) == ()
