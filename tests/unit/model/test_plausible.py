"""What no program can have done is refused or made unknown when a trace is read."""

from __future__ import annotations

import math

import pytest

from lazyscope.errors import TraceFileError
from lazyscope.model import events
from lazyscope.model.plausible import LONGEST_TEXT
from trace_builder import TraceBuilder


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", "y = bool(x)")
    return build


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0, 1e10])
def test_a_duration_that_no_clock_shows_is_refused(build: TraceBuilder, seconds: float) -> None:
    build.finish(build.begin(None, "__bool__"), seconds)
    with pytest.raises(TraceFileError, match="a duration that no clock shows: it is damaged"):
        build.trace()


@pytest.mark.parametrize("at", [math.nan, -math.inf])
def test_a_time_that_no_clock_shows_is_refused(build: TraceBuilder, at: float) -> None:
    build.force(None, "__bool__", seconds=1.0, at=at)
    with pytest.raises(TraceFileError, match="a time that no clock shows"):
        build.trace()


def test_a_force_has_no_parent_that_began_later(build: TraceBuilder) -> None:
    """Nor itself; that something is wrong is said."""
    for parent in (1, 3, 1):
        build.force(None, "__bool__", seconds=1.0, parent=parent)
    trace = build.end().trace()
    assert [force.begin.parent for force in trace.forces] == [None, None, 1]
    assert trace.blind_spots == {"the force that a force ran in: what the trace says of it cannot be true": 2}


def test_bytes_that_no_machine_has_are_unknown(build: TraceBuilder) -> None:
    build.force(None, "__bool__", seconds=1.0, size=2**63, expected_bytes=-1, free_bytes=8)
    (force,) = build.end().trace().forces
    assert force.end is not None
    assert (force.end.bytes, force.begin.expected_bytes, force.begin.free_bytes) == (None, None, 8)


def test_layers_read_only_what_was_recorded_before(build: TraceBuilder) -> None:
    """A circle of layers would never be walked to its end."""
    build.layer("a", "a", 1, [1])
    build.layer("b", "b", 1, [0, 1])
    assert [layer.reads for layer in build.end().trace().layers] == [[], [0]]


@pytest.mark.parametrize("tasks", [-1, 2**62])
def test_tasks_that_no_graph_has_are_refused(build: TraceBuilder, tasks: int) -> None:
    layer = build.layer("a", "a", 3)
    build.force(None, "__bool__", seconds=1.0, wanted=[events.Wanted(layer, tasks, 0)])
    with pytest.raises(TraceFileError, match="a number of tasks that no graph has"):
        build.trace()


def test_endless_names_are_cut(build: TraceBuilder) -> None:
    """Each event may show them."""
    build.failure("ValueError", "a" * 100_000, None)
    assert build.end().trace().failures[0].message == "a" * LONGEST_TEXT + "…"


def test_a_trace_without_faults_is_left_as_it_is(build: TraceBuilder) -> None:
    build.force(build.at("program.py", "bool(x)"), "__bool__", seconds=1.0, expected_bytes=2**40)
    build.force(None, "compute", seconds=0.0, parent=1)
    trace = build.end().trace()
    assert trace.blind_spots == {}
    assert [force.begin.parent for force in trace.forces] == [None, 1]


def test_what_no_variable_can_be_bound_to_is_unknown(build: TraceBuilder) -> None:
    """Nor is there a variable whose name is no name."""
    position = build.at("program.py", "bool(x)")
    build.binding(position, "x", "numpy array", shape=[2, -3])
    build.binding(position, "[/b]x", "number")
    build.binding(position, "y", "list", count=-1)
    trace = build.end().trace()
    found = trace.bindings[position]
    known = [(trace.texts[one.name], one.shape, one.count) for one in found]
    assert known == [("x", None, None), ("y", None, None)]
    assert trace.blind_spots == {"what a name is bound to: what the trace says of it cannot be true": 3}


def test_a_name_of_what_is_not_there_is_damage(build: TraceBuilder) -> None:
    build.binding(7, "x", "number")
    with pytest.raises(TraceFileError, match="refers to what it does not hold"):
        build.trace()


def test_a_declaration_that_no_library_makes_is_unknown(build: TraceBuilder) -> None:
    build.declared("library.f", "unsupported", None, "np_only")
    build.declared("library.g", "[/b]", True, "")
    trace = build.end().trace()
    assert list(trace.capabilities) == ["library.f"]
    assert trace.blind_spots == {"what a library declares: what the trace says of it cannot be true": 1}
