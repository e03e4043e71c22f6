"""Where forced values come from: calls, the user's arrays, data; on traces made by hand."""

from __future__ import annotations

import time

import pytest

from array_traces import ArrayTraceBuilder
from lazyscope.analysis.arrays import variable_at
from lazyscope.analysis.provenance import FARTHEST, SHOWN, Chain, Dependencies, dependencies
from lazyscope.model.trace import TraceData

SOURCE = """
x = read()
y = x + 1
z: Array = y * 2
y += 3
y[y > 2] = 0
a = b = f(x)
p, q = both(x)
w = (x - 1).sum()
result = library.center(y)
if check(z): pass
table.x = f(x)
for row in rows: g(row)
"""


@pytest.fixture
def build() -> ArrayTraceBuilder:
    build = ArrayTraceBuilder("program.py")
    build.source("program.py", SOURCE)
    build.missing("library.py", distribution="library 1.0")
    return build


def steps(trace: TraceData, chain: Chain) -> list[tuple[str, int]]:
    """Operation and distance of the calls that are shown."""
    return [(trace.texts[step.call.operation], step.distance) for step in chain.shown]


def names(found: Dependencies) -> tuple[list[str], list[str]]:
    """The user's arrays and those at the far end."""
    return [array.name for array in found.arrays], [array.name for array in found.beginnings]


# Variables

VARIABLES = [
    ("x + 1", "BINARY_OP", "y"),
    ("y * 2", "BINARY_OP", "z"),
    ("y += 3", "BINARY_OP", "y"),
    ("y[y > 2]", "STORE_SUBSCR", "y"),
    ("y > 2", "COMPARE_OP", None),
    ("f(x)", "CALL", "a"),
    ("both(x)", "CALL", None),
    ("x - 1", "BINARY_OP", None),
    ("(x - 1).sum()", "CALL", "w"),
    ("check(z)", "CALL", None),
    ("g(row)", "CALL", None),
]


@pytest.mark.parametrize(("fragment", "opcode", "variable"), VARIABLES)
def test_the_variable_of_an_assignment(
    build: ArrayTraceBuilder, fragment: str, opcode: str, variable: str | None
) -> None:
    """Only where the whole value is the array has it that name."""
    position = build.at("program.py", fragment, opcode=opcode)
    assert variable_at(build.end().trace(), position) == variable


def test_an_attribute_is_no_variable(build: ArrayTraceBuilder) -> None:
    """``table.x = f(x)`` names nothing that a line could persist by name alone."""
    build.source("other.py", "table.x = f(x)")
    position = build.at("other.py", "f(x)")
    assert variable_at(build.end().trace(), position) is None


def test_without_source_there_are_no_variables(build: ArrayTraceBuilder) -> None:
    """A position whose text is not in the trace."""
    position = build.at("library.py", 7)
    assert variable_at(build.end().trace(), position) is None


# Calls


def test_the_nearest_call_comes_first(build: ArrayTraceBuilder) -> None:
    """From the forced array back to the one that was read."""
    build.made("read", build.at("program.py", "read()"), "x-0")
    build.made("Array.__add__", build.at("program.py", "x + 1", opcode="BINARY_OP"), "add-0", takes=["x-0"])
    build.made("Array.__mul__", build.at("program.py", "y * 2", opcode="BINARY_OP"), "mul-0", takes=["add-0"])
    force = build.asking(build.at("program.py", "check(z)"), "mul-0")
    trace = build.end().trace()
    found = dependencies(trace, force)
    assert steps(trace, found.calls) == [("Array.__mul__", 1), ("Array.__add__", 2), ("read", 3)]
    assert found.names == ("mul-0",)
    assert [(array.name, array.variable) for array in found.arrays] == [("mul-0", "z")]
    assert [(array.name, array.variable) for array in found.beginnings] == [("x-0", "x")]


def test_a_call_that_hands_back_its_input_made_nothing(build: ArrayTraceBuilder) -> None:
    """`asarray` of a dask array is that array."""
    library = build.at("library.py", 5)
    user = build.at("program.py", "library.center(y)")
    build.made("read", build.at("program.py", "read()"), "x-0")
    build.made("xp.asarray", library, "x-0", takes=["x-0"], user_site=user)
    build.made("xp.isfinite", library, "isfinite-0", takes=["x-0"], user_site=user)
    force = build.asking(library, "isfinite-0", user_site=user)
    trace = build.end().trace()
    found = dependencies(trace, force)
    assert steps(trace, found.calls) == [("xp.isfinite", 1), ("read", 2)]
    assert names(found) == (["x-0"], ["x-0"])


def test_assigned_elements_make_a_new_array(build: ArrayTraceBuilder) -> None:
    """The output of `__setitem__` is the array with a new name."""
    site = build.at("program.py", "y[y > 2]", opcode="STORE_SUBSCR")
    build.made("read", build.at("program.py", "read()"), "x-0")
    build.made("Array.__gt__", site, "gt-0", takes=["x-0"])
    build.made("Array.__setitem__", site, "where-0", takes=["x-0", "gt-0"])
    force = build.asking(build.at("program.py", "check(z)"), "where-0")
    trace = build.end().trace()
    found = dependencies(trace, force)
    assert steps(trace, found.calls) == [("Array.__setitem__", 1), ("read", 2), ("Array.__gt__", 2)]
    assert found.arrays[0].variable == "y"


def test_the_latest_call_before_the_force(build: ArrayTraceBuilder) -> None:
    """A name that comes again in a loop belongs to the call that made it last."""
    first, second = build.at("program.py", "f(x)"), build.at("program.py", "g(row)")
    build.made("f", first, "same-0")
    early = build.asking(first, "same-0")
    build.made("g", second, "same-0")
    late = build.asking(first, "same-0")
    trace = build.end().trace()
    assert steps(trace, dependencies(trace, early).calls) == [("f", 1)]
    assert steps(trace, dependencies(trace, late).calls) == [("g", 1)]


def test_calls_of_a_loop_are_one_step(build: ArrayTraceBuilder) -> None:
    """Thirty additions at one place are shown once."""
    build.made("read", build.at("program.py", "read()"), "x-0")
    site = build.at("program.py", "y += 3", opcode="BINARY_OP")
    for n in range(30):
        build.made("Array.__add__", site, f"x-{n + 1}", takes=[f"x-{n}"])
    force = build.asking(site, "x-30")
    trace = build.end().trace()
    (step, read) = dependencies(trace, force).calls.shown
    assert (step.times, step.distance, read.times, read.distance) == (30, 1, 1, 31)


def test_at_most_five_the_users_own_lines_first(build: ArrayTraceBuilder) -> None:
    """Of the library's calls the nearest fill up what the user's leave."""
    user = build.at("program.py", "library.center(y)")
    build.made("read", build.at("program.py", "read()"), "x-0")
    build.made("Array.__add__", build.at("program.py", "x + 1", opcode="BINARY_OP"), "x-1", takes=["x-0"])
    for n in range(1, 9):
        build.made(f"xp.step{n}", build.at("library.py", n), f"x-{n + 1}", takes=[f"x-{n}"], user_site=user)
    force = build.asking(build.at("library.py", 20), "x-9", user_site=user)
    trace = build.end().trace()
    found = dependencies(trace, force)
    assert steps(trace, found.calls) == [
        ("xp.step8", 1), ("xp.step7", 2), ("xp.step6", 3), ("Array.__add__", 9), ("read", 10),
    ]  # fmt: skip
    assert (len(found.calls.shown), found.calls.left_out, found.calls.complete) == (SHOWN, 5, True)
    assert names(found) == (["x-1"], ["x-0"])


def test_a_long_way_is_followed_for_a_while(build: ArrayTraceBuilder) -> None:
    """What was not looked at is said; the data at the far end is known all the same."""
    build.made("read", build.at("program.py", "read()"), "x-0")
    for n in range(200):
        build.made(f"xp.step{n}", build.at("library.py", 5), f"x-{n + 1}", takes=[f"x-{n}"], user_site=None)
    force = build.asking(build.at("library.py", 20), "x-200", user_site=None)
    found = dependencies(build.end().trace(), force)
    assert not found.calls.complete
    assert found.calls.left_out == FARTHEST - SHOWN
    assert names(found) == (["x-0"], ["x-0"])


def test_an_array_from_before_the_trace(build: ArrayTraceBuilder) -> None:
    """Nothing is known of its making, but that it is an argument."""
    library, user = build.at("library.py", 5), build.at("program.py", "library.center(y)")
    build.made("xp.mean", library, "mean-0", takes=["old-0", "other-0"], user_site=user)
    force = build.asking(library, "mean-0", user_site=user)
    found = dependencies(build.end().trace(), force)
    assert names(found) == (["old-0", "other-0"], ["old-0", "other-0"])
    assert [(array.made_by, array.position, array.variable) for array in found.arrays] == [(None,) * 3] * 2


def test_a_force_inside_a_call(build: ArrayTraceBuilder) -> None:
    """`compute_chunk_sizes` asks for arrays of its own: what it was called with is what matters."""
    site = build.at("program.py", "f(x)")
    build.made("read", build.at("program.py", "read()"), "x-0")
    build.made("Array.compute_chunk_sizes", site, "x-0", takes=["x-0"], seconds=3.0)
    force = build.asking(site, "getitem-of-dask", trigger="compute_chunk_sizes", seconds=2.0)
    trace = build.end().trace()
    found = dependencies(trace, force)
    assert steps(trace, found.calls) == [("read", 1)]
    assert names(found) == (["x-0"], ["x-0"])
    assert found.names == ("getitem-of-dask",)


def test_calls_of_other_threads_are_not_around(build: ArrayTraceBuilder) -> None:
    """A force lies in a call of its own thread only."""
    site = build.at("program.py", "f(x)")
    build.made("Array.compute_chunk_sizes", site, "x-0", takes=["x-0"], seconds=3.0, thread="Thread-1")
    force = build.asking(site, "unknown-0", seconds=2.0)
    assert names(dependencies(build.end().trace(), force))[0] == ["unknown-0"]


# Sources


def test_sources_are_layers_that_read_nothing(build: ArrayTraceBuilder) -> None:
    """What is read, how much of it by this force; not what depends on it, and no array without tasks."""
    site = build.at("program.py", "f(x)")
    source, joined = build.tasks("array-0"), build.tasks("concatenate-0", tasks=0)
    total = build.tasks("sum-0", source)
    force = build.asking(site, "sum-0", (source, 2, 0, 0b11), (joined, 0, 0), (total, 1, 0))
    (found,) = dependencies(build.end().trace(), force).sources
    assert (found.name, found.operation, found.tasks, found.chunk_bytes) == ("array-0", "array", 2, 40)


def test_bytes_of_an_array(build: ArrayTraceBuilder) -> None:
    """From shape and dtype; from blocks and the largest chunk where the making was not seen; else unknown."""
    site = build.at("program.py", "f(x)")
    build.tasks("old-0", tasks=4, chunk_bytes=40)
    build.made("f", site, "known-0", takes=["old-0", "older-0"], shape=(19,))
    build.made("f", site, "selected-0", shape=(None,))
    forces = [build.asking(site, name) for name in ("known-0", "old-0", "selected-0", "older-0")]
    trace = build.end().trace()
    sizes = [dependencies(trace, force).arrays[0].bytes for force in forces]
    assert sizes == [19 * 8, 4 * 40, None, None]


# Large traces


def test_a_large_trace_is_indexed_once(build: ArrayTraceBuilder) -> None:
    """100,000 calls and 10,000 forces: seconds would mean that something is gone through again each time."""
    user, library = build.at("program.py", "f(x)"), build.at("library.py", 5)
    build.made("read", user, "x-0")
    for n in range(100_000):
        takes = ["x-0"] if n % 10 == 0 else [f"y-{n - 1}", "x-0"]
        build.made("xp.step", library, f"y-{n}", takes=takes, user_site=user)
        if n % 10 == 9:
            build.asking(library, f"y-{n}", user_site=user, seconds=0.001)
    trace = build.end().trace()
    began = time.process_time()
    found = [dependencies(trace, force.id) for force in trace.forces]
    assert time.process_time() - began < 3
    assert {names(one)[0][0] for one in found} == {"x-0"}
    assert len(found) == 10_000
