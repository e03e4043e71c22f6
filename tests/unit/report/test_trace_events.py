"""The timeline: what Perfetto and speedscope take."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest

import sample_traces
from golden_files import assert_golden
from lazyscope.catalogue.diagnose import diagnose
from lazyscope.model import events
from lazyscope.report import trace_events
from trace_builder import TraceBuilder

SAMPLES = ["clean", "kmeans", "killed", "hostile", "crowded"]

Event = dict[str, Any]


def timeline(build: TraceBuilder, *, source: bool = True) -> list[Event]:
    """The events that a viewer gets."""
    text = trace_events.render(build.trace(), source=source)
    assert text.isascii()
    found: list[Event] = json.loads(text)["traceEvents"]
    return found


def complete(found: list[Event], category: str) -> list[Event]:
    return [event for event in found if event["ph"] == "X" and event["cat"] == category]


def call(at: float, seconds: float, thread: int, operation: int, site: int) -> events.Call:
    return events.Call(at, operation, site, site, [], [], thread, seconds=seconds)


def assert_nests(found: list[Event]) -> None:
    """On each row every event lies within the one around it, and comes after it in the file."""
    ends: dict[int, list[int]] = defaultdict(list)
    for event in found:
        if event["ph"] == "X":
            open_ends = ends[event["tid"]]
            while open_ends and open_ends[-1] <= event["ts"]:
                open_ends.pop()
            end = event["ts"] + event["dur"]
            assert not open_ends or end <= open_ends[-1], event
            open_ends.append(end)


@pytest.fixture
def build() -> TraceBuilder:
    build = TraceBuilder("program.py")
    build.source("program.py", "def main():\n    y = f(x)\n    z = float(y)\n")
    return build


@pytest.mark.parametrize("name", ["clean", "killed"])
def test_timelines_are_those_reviewed(name: str) -> None:
    """To the byte, but for line breaks between events."""
    text = trace_events.render(getattr(sample_traces, name)().trace())
    assert_golden(f"{name}.trace.json", text.replace("},{", "},\n{"))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("source", [True, False])
def test_every_event_is_well_formed_and_nests(name: str, source: bool) -> None:
    """Whole microseconds, a named row, in the order of time."""
    build = getattr(sample_traces, name)()
    found = timeline(build, source=source)
    named = {event["tid"] for event in found if event["name"] == "thread_name"}
    assert [event["name"] for event in found].count("process_name") == 1
    times = [event["ts"] for event in found if event["ph"] != "M"]
    assert times == sorted(times)
    for event in found:
        assert event["ph"] in "XiM"
        assert event["name"].isprintable()
        assert event["pid"] == 1
        if event["ph"] != "M":
            assert isinstance(event["ts"], int)
            assert event["tid"] in named
        if event["ph"] == "X":
            assert isinstance(event["dur"], int)
            assert event["dur"] >= 0
    assert_nests(found)
    trace = build.trace()
    assert len(complete(found, "force")) == len(trace.forces)
    assert len(complete(found, "call")) == len(trace.calls)
    assert sum(event["ph"] == "i" for event in found) == len(trace.failures) + len(trace.unknown_shapes)


def test_a_force_says_what_it_cost_and_why(build: TraceBuilder) -> None:
    """Named by trigger and line."""
    build.wait(0.25)
    line = build.at("program.py", "float(y)")
    build.force(line, "__float__", seconds=1.5, tasks=9, repeated=4, size=16)
    (force,) = complete(timeline(build.end()), "force")
    assert (force["name"], force["ts"], force["dur"]) == ("force: __float__ program.py:3", 250_000, 1_500_000)
    (finding,) = diagnose(build.trace()).findings
    args = force["args"]
    assert (args["tasks"], args["repeated"], args["bytes"]) == (9, 4, 16)
    assert (args["expression"], args["finding"]) == ("float(y)", f"F1 {finding.code}")
    (quiet,) = complete(timeline(build, source=False), "force")
    assert "expression" not in quiet["args"]
    assert "float(" not in json.dumps(quiet)


def test_an_unfinished_force_lasts_until_the_trace_ends() -> None:
    """The killed program's, and it says so."""
    build = sample_traces.killed()
    running = complete(timeline(build), "force")[-1]
    assert running["ts"] + running["dur"] == round(1e6 * build.trace().seconds)
    assert running["args"]["ended"] == "not back when the trace ended"


def test_a_force_that_raised_says_so(build: TraceBuilder) -> None:
    """With the type of its exception."""
    build.force(build.at("program.py", "float(y)"), "__float__", seconds=1, error="ValueError")
    (force,) = complete(timeline(build.end()), "force")
    assert force["args"]["ended"] == "raised ValueError"


def test_calls_nest_forces_and_forces_nest_calls(build: TraceBuilder) -> None:
    """On one row; what is around others comes first, also of what begins at the same time."""
    line = build.at("program.py", "f(x)")
    build.force(line, "compute", seconds=1.0)
    build.call("outer", line)
    trace = build.end().trace()
    thread, operation = trace.calls[0].thread, trace.calls[0].operation
    spans = [(0.0, 1.2), (0.2, 0.3), (0.2, 0.1), (0.6, 0.4)]
    trace.calls[:] = [call(at, seconds, thread, operation, line) for at, seconds in spans]
    found = trace_events.to_document(trace)["traceEvents"]
    assert_nests(found)
    assert {event["tid"] for event in found if event["ph"] == "X"} == {1}
    assert [event["dur"] for event in found if event["ph"] == "X"] == [
        1_200_000, 1_000_000, 300_000, 100_000, 400_000,
    ]  # fmt: skip


def test_threads_of_one_name_that_overlap_get_rows_of_their_own(build: TraceBuilder) -> None:
    """As worker threads may; nothing is cut short."""
    line = build.at("program.py", "f(x)")
    build.call("one", line)
    trace = build.wait(3).end().trace()
    thread, operation = trace.calls[0].thread, trace.calls[0].operation
    trace.calls[:] = [call(at, 1.0, thread, operation, line) for at in (0.0, 0.5, 1.2, 1.6)]
    found = trace_events.to_document(trace)["traceEvents"]
    assert_nests(found)
    names = [event["args"]["name"] for event in found if event["name"] == "thread_name"]
    assert names == ["MainThread", "MainThread (2)"]
    placed = [(event["ts"], event["dur"], event["tid"]) for event in found if event["ph"] == "X"]
    assert placed == [
        (0, 1_000_000, 1), (500_000, 1_000_000, 2), (1_200_000, 1_000_000, 1), (1_600_000, 1_000_000, 2),
    ]  # fmt: skip


def test_a_clock_read_twice_makes_no_new_row(build: TraceBuilder) -> None:
    """Some microseconds past the end of what is around are cut off."""
    line = build.at("program.py", "f(x)")
    build.call("one", line)
    trace = build.wait(3).end().trace()
    thread, operation = trace.calls[0].thread, trace.calls[0].operation
    trace.calls[:] = [call(at, s, thread, operation, line) for at, s in ((0.0, 1.0), (0.5, 0.50004))]
    found = trace_events.to_document(trace)["traceEvents"]
    assert_nests(found)
    assert [(event["tid"], event["dur"]) for event in found if event["ph"] == "X"] == [
        (1, 1_000_000), (1, 500_000),
    ]  # fmt: skip


def test_exceptions_and_unknown_shapes_are_instants(build: TraceBuilder) -> None:
    """On the row of their thread, with their lines."""
    line = build.at("program.py", "f(x)")
    build.wait(0.5)
    build.unknown_shape("Array.__getitem__", line)
    build.failure("ValueError", "no\nroom", line)
    found = [event for event in timeline(build.end("exception", "ValueError")) if event["ph"] == "i"]
    assert [(event["name"], event["ts"], event["s"]) for event in found] == [
        ("exception: ValueError", 500_000, "t"),
        ("unknown shape: Array.__getitem__", 500_000, "t"),
    ]
    assert found[0]["args"] == {
        "message": "no\\nroom", "expression": "f(x)", "line": "program.py:2", "user_line": "program.py:2",
        "escaped": True,
    }  # fmt: skip


def test_a_hundred_thousand_calls_take_some_bytes_each(build: TraceBuilder) -> None:
    """Perfetto opens it."""
    line = build.at("program.py", "f(x)")
    for _ in range(100_000):
        build.call("dask.array.add", line)
    assert len(trace_events.render(build.end().trace())) < 15_000_000


def test_long_names_are_cut() -> None:
    """A line of a megabyte is not in the timeline."""
    assert len(trace_events.render(sample_traces.hostile().trace())) < 5_000
