"""Lines that force again and again; on traces made by hand."""

from __future__ import annotations

import pytest

from array_traces import ArrayTraceBuilder
from lazyscope.analysis.loops import ForcedLoop, loops

SOURCE = """
while change > limit:
    step()
for row in rows:
    row.max().compute()
x.sum().compute()
totals = [float(c) for c in columns]
"""
LIBRARY = """
def solve(x):
    while bool(x):
        x = x + 1

def check(x):
    bool(x.any())
"""


@pytest.fixture
def build() -> ArrayTraceBuilder:
    build = ArrayTraceBuilder("program.py")
    build.source("program.py", SOURCE)
    build.source("library.py", LIBRARY, role="library", distribution="library 1.0")
    return build


def only_loop(build: ArrayTraceBuilder) -> ForcedLoop:
    (found,) = loops(build.end().trace())
    return found


def forced(
    build: ArrayTraceBuilder, site: int, *tasks: tuple[int, int], user_site: int | None = None
) -> None:
    """Forces of one line, each with its tasks and how many of them are repeated."""
    for asked, repeated in tasks:
        build.force(site, "compute", seconds=1.0, tasks=asked, repeated=repeated, user_site=user_site or site)


def test_a_loop_over_rows(build: ArrayTraceBuilder) -> None:
    """Each row has tasks of its own; the loop is the user's."""
    forced(build, build.at("program.py", "row.max().compute()"), (5, 0), (5, 0), (5, 0))
    found = only_loop(build)
    assert found.loop is not None
    assert (found.loop.header, found.at_user, found.repeats) == ("for row in rows", True, "none")
    assert (found.forces, found.tasks, found.tasks_repeated, found.self_seconds) == ((1, 2, 3), 15, 0, 3.0)
    assert (found.tasks_first, found.grows) == (5, False)


def test_a_comprehension(build: ArrayTraceBuilder) -> None:
    """A loop as well."""
    forced(build, build.at("program.py", "float(c)"), (5, 1), (5, 2), (5, 3))
    found = only_loop(build)
    assert found.loop is not None
    assert (found.loop.kind, found.loop.iterated, found.repeats) == ("comprehension", "columns", "some")


def test_a_loop_that_asks_for_the_same(build: ArrayTraceBuilder) -> None:
    """After the first force nothing is new."""
    forced(build, build.at("program.py", "step()"), (5, 0), (5, 5), (5, 5))
    found = only_loop(build)
    assert found.loop is not None
    assert (found.loop.header, found.repeats) == ("while change > limit", "all")


def test_a_loop_that_builds_on_itself(build: ArrayTraceBuilder) -> None:
    """Every step asks for all earlier ones."""
    forced(build, build.at("program.py", "step()"), (5, 0), (10, 5), (15, 10))
    found = only_loop(build)
    assert (found.grows, found.repeats) == (True, "some")


def test_a_loop_of_the_library(build: ArrayTraceBuilder) -> None:
    """The innermost loop on the way from the user's line to the site."""
    user, site = build.at("program.py", "step()"), build.at("library.py", "bool(x)")
    for _ in range(4):
        build.force(site, "__bool__", seconds=1.0, user_site=user, way=(user, site), entry="library.solve")
    found = only_loop(build)
    assert found.loop is not None
    assert (found.loop.header, found.position, found.at_user) == ("while bool(x)", site, False)
    assert found.entry == "library.solve"


def test_a_library_function_in_a_loop_of_the_user(build: ArrayTraceBuilder) -> None:
    """The function itself has none: the user's is found further out."""
    user, site = build.at("program.py", "step()"), build.at("library.py", "bool(x.any())")
    for _ in range(3):
        build.force(site, "__bool__", seconds=1.0, user_site=user, way=(user, site))
    found = only_loop(build)
    assert found.loop is not None
    assert (found.loop.header, found.position, found.at_user) == ("while change > limit", user, True)


def test_a_test_that_was_compiled_twice(build: ArrayTraceBuilder) -> None:
    """Before the loop and at its end: two instructions, one place in the source."""
    user = build.at("program.py", "step()")
    entering, turning = (build.at("library.py", "bool(x)", opcode=opcode) for opcode in ("CALL", "PRECALL"))
    assert entering != turning
    for site in (entering, turning, turning):
        build.force(site, "__bool__", seconds=1.0, user_site=user, way=(user, site))
    assert only_loop(build).forces == (1, 2, 3)


def test_without_a_loop_in_the_source(build: ArrayTraceBuilder) -> None:
    """It came again all the same."""
    forced(build, build.at("program.py", "x.sum().compute()"), (5, 0), (5, 5), (5, 5))
    found = only_loop(build)
    assert (found.loop, found.position, found.at_user) == (None, None, False)


def test_twice_is_no_loop(build: ArrayTraceBuilder) -> None:
    """Nor are different lines."""
    forced(build, build.at("program.py", "step()"), (5, 0), (5, 5))
    forced(build, build.at("program.py", "x.sum().compute()"), (5, 0))
    assert loops(build.end().trace()) == []


def test_the_dearest_loop_comes_first(build: ArrayTraceBuilder) -> None:
    """By the time of its own forces."""
    forced(build, build.at("program.py", "step()"), *[(1, 0)] * 3)
    forced(build, build.at("program.py", "float(c)"), *[(1, 0)] * 4)
    assert [len(loop.forces) for loop in loops(build.end().trace())] == [4, 3]
