"""What some of the forces cost together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazyscope.analysis.cost import breakdown, group_cost, totals
from trace_builder import TraceBuilder


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", "f(x)")
    return build


def test_a_force_with_one_inside_it(build: TraceBuilder) -> None:
    """Inclusive seconds have the nested force in them, self seconds have not; its tasks are its own."""
    site = build.at("program.py", "f(x)")
    outer = build.begin(site, "compute", tasks=10, repeated=2)
    inner = build.begin(site, "compute", tasks=4, repeated=4, parent=outer, at=1.0)
    build.finish(inner, 2.0, size=8)
    build.finish(outer, 5.0, size=100)
    build.wait(10.0)
    trace = build.end().trace()
    alone, both = group_cost(trace, [outer]), group_cost(trace, [outer, inner])
    assert (alone.seconds, alone.self_seconds, alone.share) == (5.0, 3.0, 0.3)
    assert (alone.tasks, alone.tasks_repeated, alone.bytes) == (10, 2, 100)
    assert (both.seconds, both.self_seconds, both.share) == (5.0, 5.0, 0.5)
    assert (both.tasks, both.tasks_repeated, both.bytes) == (14, 6, 108)


def test_no_force_at_all(build: TraceBuilder) -> None:
    """Nothing, and that is known; a share of nothing is not."""
    found = group_cost(build.end().trace(), [])
    assert (found.seconds, found.tasks, found.bytes, found.share) == (0.0, 0, 0, None)


def test_bytes_that_are_not_known(build: TraceBuilder) -> None:
    """Unknown is None, never 0."""
    force = build.force(build.at("program.py", "f(x)"), "compute", seconds=1.0, size=None)
    assert group_cost(build.end().trace(), [force]).bytes is None


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10), st.integers(0, 2)), min_size=1, max_size=20))
def test_groups_and_the_unforced_rest_make_the_whole(forces: list[tuple[float, float, int]]) -> None:
    """Whatever way the forces of a thread are divided up."""
    build = TraceBuilder("program.py")
    build.source("program.py", "f(x)")
    groups: dict[int, list[int]] = {}
    for pause, seconds, group in forces:
        build.wait(pause)
        force = build.force(build.at("program.py", "f(x)"), "compute", seconds=seconds, tasks=3)
        groups.setdefault(group, []).append(force)
    trace = build.wait(1.0).end().trace()
    found = [group_cost(trace, group) for group in groups.values()]
    whole = breakdown(trace)
    rest = whole.share(whole.unforced_seconds) or 0.0
    assert sum(one.share or 0.0 for one in found) + rest == pytest.approx(1.0)
    assert sum(one.tasks for one in found) == totals(trace).tasks
