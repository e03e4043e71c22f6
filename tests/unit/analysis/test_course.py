"""The course of a program has every call and every event just once, in its place."""

from __future__ import annotations

import pytest

from array_traces import ArrayTraceBuilder
from lazyscope.analysis.course import Moment, courses
from lazyscope.analysis.folding import Folded, Turns
from lazyscope.analysis.lineage import lineage
from lazyscope.model.trace import TraceData, load
from recorded_samples import RECORDED, path_of


def leaves(items: tuple[Folded[Moment], ...]) -> list[Moment]:
    found: list[Moment] = []
    for item in items:
        found += leaves(item.body) if isinstance(item, Turns) else [item]
    return found


def moments(trace: TraceData) -> list[Moment]:
    return [moment for course in courses(trace) for moment in leaves(course.moments)]


@pytest.fixture
def build() -> ArrayTraceBuilder:
    build = ArrayTraceBuilder("loop.py")
    build.source(
        "loop.py", "x = da.ones(9)\nfor i in range(3):\n    y = x + i\n    print(float(y.sum()))\nz = x * 2\n"
    )
    return build


def test_turns_of_a_loop_are_one_stretch_and_one_force(build: ArrayTraceBuilder) -> None:
    """Four calls and a force in each of three turns; the call before the loop is in none."""
    build.made("dask.array.ones", build.at("loop.py", "da.ones(9)"), "ones-1")
    for turn in range(3):
        build.made("Array.__add__", build.at("loop.py", "x + i"), f"add-{turn}", takes=["ones-1"])
        build.made("Array.sum", build.at("loop.py", "y.sum()"), f"sum-{turn}", takes=[f"add-{turn}"])
        build.force(build.at("loop.py", "float(y.sum())"), "__float__", seconds=0.5, tasks=3)
    build.made("Array.__mul__", build.at("loop.py", "x * 2"), "mul-1", takes=["ones-1"])
    (course,) = courses(build.end().trace())
    force, end = course.moments
    assert isinstance(force, Moment)
    assert isinstance(end, Moment)
    assert (force.kind, len(force.forces), force.before.calls, force.self_seconds) == ("force", 3, 7, 1.5)
    assert (end.kind, end.before.calls) == ("end", 1)


def test_the_call_that_forced_is_the_force(build: ArrayTraceBuilder) -> None:
    """``float(y)`` is a call and a force; a lazy stretch that named it would not be lazy."""
    build.made("Array.sum", build.at("loop.py", "y.sum()"), "sum-0")
    build.made("Array.__float__", build.at("loop.py", "float(y.sum())"), takes=["sum-0"], seconds=0.6)
    build.force(build.at("loop.py", "float(y.sum())"), "__float__", seconds=0.5)
    (force,) = moments(build.end().trace())
    assert force.before.calls == 1


def test_threads_have_courses_of_their_own(build: ArrayTraceBuilder) -> None:
    site = build.at("loop.py", "x + i")
    build.made("Array.__add__", site, "add-0")
    build.made("Array.__add__", site, "add-1", thread="worker")
    found = courses(build.end().trace())
    assert [(course.thread, leaves(course.moments)[0].before.calls) for course in found] == [
        ("MainThread", 1),
        ("worker", 1),
    ]


@pytest.mark.parametrize("name", RECORDED)
def test_every_event_of_a_recorded_program_is_there_once(name: str) -> None:
    trace = load(path_of(name))
    found = moments(trace)
    forces = [force.id for moment in found for force in moment.forces]
    assert sorted(forces) == [force.id for force in trace.forces if force.begin.parent is None]
    shapes = [shape for moment in found for shape in moment.shapes]
    assert sorted(shapes) == list(range(len(trace.unknown_shapes)))
    telling = set(lineage(trace).around.values())
    telling |= {lineage(trace).makers[shape.array] for shape in trace.unknown_shapes}
    lazy = [n for n, call in enumerate(trace.calls) if n not in telling and call.force is None]
    assert sum(moment.before.calls for moment in found) == len(lazy)
